"""A process that works on a job: what Scrapyd keeps of it in a slot, and the order that it gets by a pipe."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Mapping
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
    """What a process is told: its job, where that is, and the target site's secrets. Never in argv."""

    job: str
    database: str
    log: str
    secrets: Mapping[str, str] | None = field(default=None, repr=False)

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

    def end(self, status: int | None) -> None:
        if self.end_time is None:
            self.end_time = datetime.now()
            self.ended.callback(status)

    def kill(self) -> None:
        """Kill it with all the processes that it started."""
        if self.pid is not None and self.end_time is None:
            kill_group(self.pid)


def kill_group(pid: int) -> None:
    """Kill a process that leads a group, and its group; it may be gone already."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def write_to(log: str) -> None:
    """From now on everything that this process prints goes to a file; nothing is read from a terminal.

    Where the file cannot be opened it goes nowhere: a full disk must not keep a job from running.
    """
    path = Path(log)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        out = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    except OSError:
        out = os.open(os.devnull, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(out, standard)
    os.close(out)


def be_killed_after(lifeline: int) -> None:
    """When the other end of a pipe is closed, this process and those it started have `GRACE_S` left."""
    threading.Thread(target=_kill_after, args=(lifeline,), name="lifeline", daemon=True).start()


def _kill_after(lifeline: int) -> None:
    while os.read(lifeline, 4096):
        pass
    time.sleep(GRACE_S)
    kill_group(os.getpgrp())
