"""Jobs that lose nothing: batches run over a real daemon while its processes are killed at random moments.

    python -m benchmarks.chaos [--seconds 240] [--seed 1] [--database sqlite|postgresql|both] [--json FILE]

SIGKILL hits whoever submits a job, the daemon, the process of a job and the database server. Kills are
steered, so that each state of a job is hit often. Then everything is left in peace until all jobs have ended,
and is added up again: from the rows, from the charges, and from what the site counted. The last line is the
verdict. Ends within the seconds given and two minutes; where a state was not hit often enough by then it goes
on for as long again.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.chaos_jobs import Sums, add_up, job_for
from benchmarks.chaos_kills import (
    STATES,
    Seen,
    State,
    Tally,
    Victim,
    in_state,
    kill_worker,
    look,
    postgresql_writes,
    sqlite_writes,
    wait_for,
)
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import NewJob
from runo_spiders.supervisor import Child
from tests.daemon import Daemon
from tests.mockserver import MockServer
from tests.postgres import PostgresServer

LEASE_S = 4.0
"""The lease of the daemon's project (`tests.daemon`), shorter than the default: the limit below is too."""
ALLOWED_S = LEASE_S + 5
"""In which a job whose process was killed has to be taken up again."""
_AT_WORK = 4
"""How many jobs there are at a time: the daemon has a free place for each of them."""
_PATIENCE_S = 5.0


@dataclass(frozen=True, slots=True)
class Hurt:
    """A job whose process, daemon or database was killed, and since when nothing hinders it any more."""

    since: float
    victim: Victim
    seen: Seen

    def has_recovered(self, now: Seen) -> bool:
        if self.victim == "postgresql":
            return now.held and now.lease_until > self.seen.lease_until
        return now.held and now.token > self.seen.token


@dataclass
class Round:
    """One run of chaos over one database."""

    daemon: Daemon
    site: MockServer
    ledger: Ledger
    postgres: PostgresServer | None
    chance: Random

    def __post_init__(self) -> None:
        self.key = self.ledger.keys.create("chaos", "chaos", per_month=1_000_000)[0].id
        self.asked: dict[str, NewJob] = {}
        self.cancelled: set[str] = set()
        self.tally = Tally()
        self.hurt: dict[str, Hurt] = {}
        path, url = self.ledger.database.engine.url.database, self.daemon.database
        self._writes = postgresql_writes(url) if self.postgres else sqlite_writes(str(path))

    def run(self, seconds: float, least: int) -> Sums:
        started = time.monotonic()
        while (passed := time.monotonic() - started) < seconds or (
            passed < 2 * seconds and self.tally.rare_states(least)
        ):
            self._keep_busy()
            self._hit(self.tally.rarest(self.chance))
        wait_for(lambda: not self._look(), 90)
        return add_up(self.ledger, self.site, self.key, self.asked, self.cancelled)

    def _keep_busy(self) -> None:
        for _ in range(_AT_WORK - len(self._look())):
            self._submit(killed_after=None)

    def _hit(self, state: State) -> None:
        """Wait until a job is in a state, and kill something that has to do with it."""
        if state == "accept":
            self._submit(killed_after=self.chance.uniform(0, 0.03))
            return
        if state == "queued":
            self._submit(killed_after=None)
        if state == "cancelling":
            self._cancel()
        seen = self._wait_for(state)
        if seen is not None:
            self._kill(seen)

    def _wait_for(self, state: State) -> Seen | None:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            found = self._look()
            seen = in_state(found, state)
            if seen is not None:
                return seen
            if len(found) < _AT_WORK:
                self._submit(killed_after=None)
        return None

    def _kill(self, seen: Seen) -> None:
        victims = ["daemon"] if seen.state == "queued" else ["job process"] * 4 + ["daemon"]
        victim = self.chance.choice(victims + (["postgresql"] if self.postgres else []))
        if victim == "job process" and not kill_worker(seen):
            return
        if victim == "daemon":
            self.daemon.kill()
        if victim == "postgresql" and self.postgres is not None:
            self.postgres.kill()
        self.tally.count(seen.state, victim)  # type: ignore[arg-type]
        if victim == "postgresql" and self.postgres is not None:
            time.sleep(self.chance.uniform(0, 1))
            self.postgres.start()
        if victim == "daemon":
            self.daemon.start()
        self._watch_recovery(seen, victim)  # type: ignore[arg-type]

    def _watch_recovery(self, seen: Seen, victim: Victim) -> None:
        """Measure from now on until another process has the job, or the same if only the database went."""
        now = time.monotonic()
        if victim != "job process":
            # All have to be taken up again, and those that were waited for begin to wait anew.
            self.hurt = {job: replace(hurt, since=now) for job, hurt in self.hurt.items()}
        self.hurt[seen.job] = Hurt(now, victim, seen)

    def _note_recoveries(self, found: list[Seen]) -> None:
        at_work = {job.job: job for job in found}
        for job, hurt in list(self.hurt.items()):
            if job not in at_work or hurt.has_recovered(at_work[job]):
                del self.hurt[job]
                took = time.monotonic() - hurt.since
                self.tally.recoveries.append((took, hurt.victim, hurt.seen.state))

    def _submit(self, killed_after: float | None) -> None:
        """Accept a job in a process; one that is killed is asked for again, as a client does."""
        new = job_for(self.site, self.key, self.chance)
        child = Child(lambda: _accept(self.daemon.database, new))
        if killed_after is not None:
            time.sleep(killed_after)
            if child.poll() is None:
                os.kill(child.pid, 9)
                self.tally.count("accept", "submitter")
        wait_for(lambda: child.poll() is not None, 30)
        if child.status != 0:
            wait_for(lambda: self._accepted(new), 30)
        self.asked[new.id] = new

    def _accepted(self, new: NewJob) -> bool:
        return self.ledger.jobs.accept(new) is not None

    def _cancel(self) -> None:
        at_work = [job for job in self._look() if job.state in ("fetching", "committing")]
        if at_work:
            job = self.chance.choice(at_work).job
            self.cancelled.add(job)
            with suppress(StoreUnavailable):
                self.ledger.jobs.cancel(job)

    def _look(self) -> list[Seen]:
        """The jobs that have not ended; waits for a database that is away."""
        while True:
            with suppress(StoreUnavailable, StoreFull):
                found = look(self.ledger, self._writes)
                self._note_recoveries(found)
                return found


def _accept(database: str, new: NewJob) -> int:
    Ledger.open(database).jobs.accept(new)
    return 0


@contextmanager
def a_round(database: str, seed: int) -> Iterator[Round]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="runo-chaos-")))
        postgres = stack.enter_context(PostgresServer()) if database == "postgresql" else None
        environment = {"RUNO_DATABASE": postgres.database()} if postgres else {}
        site = stack.enter_context(MockServer())
        daemon = stack.enter_context(Daemon(folder, environment=environment))
        ledger = daemon.ledger
        stack.callback(ledger.close)
        yield Round(daemon, site, ledger, postgres, Random(seed))


def report(database: str, tally: Tally, sums: Sums, allowed: float) -> None:
    print(f"\n{database}: {sum(tally.victims.values())} kills: {_counted(dict(tally.victims))}")
    for state in STATES:
        print(f"  {state:11} {tally.states[state]:4}  {'#' * tally.states[state]}")
    print(f"  {sums.jobs} jobs, {sums.urls} URLs, rows: {_counted(sums.rows)}")
    print(
        f"  fetched at the site: {sums.fetched} URLs, {sums.fetched_again} of the fetches were another time"
    )
    print(f"  charged: {sums.charged} units, the same added up from the rows and from the charges")
    print(f"  taken up again ({allowed:.0f} s are allowed; load {os.getloadavg()[0]:.1f}):")
    for victim in sorted({victim for _, victim, _ in tally.recoveries}):
        took = sorted(seconds for seconds, whose, _ in tally.recoveries if whose == victim)
        print(f"    {victim} killed: after {statistics.median(took):.1f} s, at the latest {took[-1]:.1f} s")
    for fault in sums.faults:
        print(f"  FAULT {fault}")


def failures(database: str, tally: Tally, sums: Sums, least: int, allowed: float) -> list[str]:
    found = [f"{database}: {len(sums.faults)} faults"] if sums.faults else []
    if any(took > allowed for took, *_ in tally.recoveries):
        found.append(f"{database}: a job was taken up again too late")
    rare = tally.rare_states(least)
    return found + ([f"{database}: {', '.join(rare)} hit less than {least} times"] if rare else [])


def _counted(numbers: dict[Any, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in sorted(numbers.items())) or "none"


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--least", type=int, default=5, help="how often each state has to be hit")
    parser.add_argument(
        "--allowed", type=float, default=ALLOWED_S, help="seconds in which a job has to be taken up again"
    )
    parser.add_argument("--json", metavar="FILE")
    options = parser.parse_args()
    databases = ["sqlite", "postgresql"] if options.database == "both" else [options.database]
    print(f"load {os.getloadavg()[0]:.1f}, seed {options.seed}")
    found: list[str] = []
    results: dict[str, Any] = {}
    for database in databases:
        with a_round(database, options.seed) as round_:
            sums = round_.run(options.seconds / len(databases), options.least)
            report(database, round_.tally, sums, options.allowed)
            found += failures(database, round_.tally, sums, options.least, options.allowed)
            results[database] = {"states": dict(round_.tally.states), **asdict(sums)}
    if options.json:
        Path(options.json).write_text(json.dumps(results, indent=2))
    print(
        f"FAILED: {'; '.join(found)}"
        if found
        else "PASSED: nothing was lost, doubled, stuck or charged wrongly"
    )
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
