"""Kills, and what a job was at when they came."""

from __future__ import annotations

import os
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Literal, get_args

import psycopg
from sqlalchemy import select

from runo_spiders.store.endings import has_worker
from runo_spiders.store.faults import StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.tables import jobs, urls

State = Literal["accept", "queued", "starting", "fetching", "committing", "finishing", "cancelling"]
Victim = Literal["submitter", "daemon", "job process", "postgresql"]
STATES: tuple[State, ...] = get_args(State)
_MOST_STARTS = 2
"""A job that has lost as many processes without getting anywhere is left in peace: the third would end it."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A job at one moment."""

    job: str
    state: State
    worker: str
    token: int
    starts: int
    lease_until: float
    held: bool


@dataclass(slots=True)
class Tally:
    """How many kills there were, by state and by victim, and how long jobs took to be taken up again."""

    states: Counter[State] = field(default_factory=Counter)
    victims: Counter[Victim] = field(default_factory=Counter)
    recoveries: list[tuple[float, Victim, State]] = field(default_factory=list)

    def count(self, state: State, victim: Victim) -> None:
        self.states[state] += 1
        self.victims[victim] += 1

    def rare_states(self, least: int) -> list[State]:
        return [state for state in STATES if self.states[state] < least]

    def rarest(self, chance: Random) -> State:
        """The state that was hit the least."""
        least = min(self.states[state] for state in STATES)
        return chance.choice([state for state in STATES if self.states[state] == least])


def look(ledger: Ledger, writes: Callable[[], bool]) -> list[Seen]:
    """The jobs that have not ended; `writes` says whether somebody is in a transaction that writes."""
    with ledger.database.read() as link:
        now, boot = ledger.database.lease_now(link)
        heads = link.execute(select(jobs).where(jobs.c.state.in_(("queued", "running")))).all()
        started = set(link.scalars(select(urls.c.job).where(urls.c.attempt > 0).distinct()))
    committing = bool(heads) and writes()
    return [
        Seen(
            head.id,
            _state(head, head.id in started, committing),
            head.worker or "",
            head.token,
            head.starts,
            head.lease_until or 0,
            has_worker(head, now, boot),
        )
        for head in heads
    ]


def in_state(seen: Iterable[Seen], state: State) -> Seen | None:
    return next((job for job in seen if job.state == state and job.starts <= _MOST_STARTS - 1), None)


def kill_worker(seen: Seen) -> bool:
    """Kill the process of a job; whether there was one."""
    pid = seen.worker.split("/")[-2] if seen.worker.count("/") == 3 else ""
    with suppress(ProcessLookupError):
        os.kill(int(pid or 0), signal.SIGKILL) if pid else None
        return bool(pid)
    return False


def sqlite_writes(path: str) -> Callable[[], bool]:
    """Whether another connection holds the right to write."""

    def writes() -> bool:
        link = sqlite3.connect(path, timeout=0, isolation_level=None)
        try:
            link.execute("BEGIN IMMEDIATE")
            link.execute("ROLLBACK")
        except sqlite3.OperationalError:
            return True
        finally:
            link.close()
        return False

    return writes


def postgresql_writes(url: str) -> Callable[[], bool]:
    """Whether a backend is in a transaction with an id, which only those have that write."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"

    def writes() -> bool:
        try:
            with psycopg.connect(url, connect_timeout=3) as link:
                found = link.execute(query).fetchone()
        except psycopg.OperationalError as fault:
            raise StoreUnavailable(str(fault)) from fault
        return bool(found and found[0])

    return writes


def wait_for(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with suppress(StoreUnavailable):
            if true():
                return True
        time.sleep(0.05)
    return False


def _state(head: object, started: bool, committing: bool) -> State:
    done = head.succeeded + head.failed  # type: ignore[attr-defined]
    if head.state == "queued":  # type: ignore[attr-defined]
        return "queued"
    if head.cancel_asked:  # type: ignore[attr-defined]
        return "cancelling"
    if done == head.total:  # type: ignore[attr-defined]
        return "finishing"
    if not started:
        return "starting"
    return "committing" if committing else "fetching"
