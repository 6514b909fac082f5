"""The daemon's end of a runner: a fresh Python for a custom spider or a deployed project."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.python.failure import Failure

from runo_spiders.daemon.process import JobProcess, Order, open_log
from runo_spiders.daemon.workers import worker_name

reactor: Any = _reactor


def run_in_a_process_of_its_own(
    process: JobProcess, order: Order, runner: str, environment: Mapping[str, str], lock: int
) -> None:
    """Start a Python that works on a job. Its command line shows the job's id and nothing else of it.

    It inherits `lock`, a file descriptor.
    """
    out = open_log(order.log)
    try:
        reactor.spawnProcess(
            _Runner(process, order),
            sys.executable,
            [sys.executable, "-m", runner, "job", order.job],
            env=environment,
            childFDs={0: "w", 1: out, 2: out, 3: lock},
        )
    finally:
        os.close(out)


class _Runner(ProcessProtocol):
    """Its input is kept open as long as the daemon lives."""

    transport: Any  # Twisted's interfaces are no types

    def __init__(self, process: JobProcess, order: Order) -> None:
        self._process = process
        self._order = order

    def connectionMade(self) -> None:  # noqa: N802 (Twisted's name)
        pid: int = self.transport.pid
        self._process.pid, self._process.worker = pid, worker_name(pid)
        self._process.asked_to_end = self._ask_to_end
        self.transport.writeToChild(0, self._order.line())

    def _ask_to_end(self) -> None:
        with suppress(ProcessExitedAlready):
            self.transport.signalProcess(signal.SIGTERM)

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 (Twisted's name)
        ended: Any = reason.value
        self._process.end(-ended.signal if ended.signal else ended.exitCode)
