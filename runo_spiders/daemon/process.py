"""A process that works on a job: what Scrapyd keeps of it in a slot, and the order that it gets by a pipe."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Self

from twisted.internet.defer import Deferred

GRACE_S = 12.0
"""How long a process that is told to stop may take, until it is killed."""

TRY_LATER = 78
"""Exit status beside those of `worker`: the ledger could not be reached, the job is none the worse for it."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a process is told: its job, where that is, and the target site's secrets. Never in argv.

    `settings` are Scrapy's, for a project that is not ours.
    """

    job: str
    database: str
    log: str
    secrets: Mapping[str, str] | None = field(default=None, repr=False)
    settings: Mapping[str, str] = field(default_factory=dict)

    def line(self) -> bytes:
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def of(cls, line: bytes | str) -> Self:
        return cls(**json.loads(line))


@dataclass(eq=False)
class JobProcess:
    """A slot's occupant, with the attributes that Scrapyd's pages read. `ended` fires with the exit status.

    The status is negative for the signal that killed it, None where nobody saw it.
    """

    project: str
    spider: str
    job: str
    pid: int | None = None
    worker: str = ""
    start_time: datetime = field(default_factory=datetime.now)
    end_time: datetime | None = None
    ended: Deferred[int | None] = field(default_factory=Deferred)
    asked_to_end: Callable[[], None] | None = None

    def end(self, status: int | None) -> None:
        if self.end_time is None:
            self.end_time = datetime.now()
            self.ended.callback(status)

    def ask_to_end(self) -> None:
        """Ask it to release its job, where nobody else does."""
        if self.asked_to_end is not None and self.end_time is None:
            self.asked_to_end()

    def kill(self) -> None:
        """Kill it with all the processes that it started."""
        if self.pid is not None and self.end_time is None:
            kill_group(self.pid)


def kill_group(pid: int) -> None:
    """Kill a process and the group that it leads; it may be gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        # It has not come so far as to lead a group.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def open_log(log: str) -> int:
    """A file to append to, for its owner only.

    Where it cannot be opened what is written goes nowhere: a full disk must not keep a job from running.
    """
    try:
        Path(log).parent.mkdir(parents=True, exist_ok=True)
        return os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)


def be_killed_after(lifeline: int) -> None:
    """When the other end of a pipe is closed, this process and those it started have `GRACE_S` left.

    Signals to stop wait until `run_job` hears them: the thread that is started here must never be given one.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTERM, signal.SIGINT))
    threading.Thread(target=_kill_after, args=(lifeline,), name="lifeline", daemon=True).start()


def _kill_after(lifeline: int) -> None:
    while os.read(lifeline, 4096):
        pass
    time.sleep(GRACE_S)
    kill_group(os.getpgrp())
