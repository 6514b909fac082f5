"""The daemon's end of the nursery: orders go out, reports come in, and a nursery that died is replaced."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from twisted.internet import reactor as _reactor
from twisted.internet.abstract import FileDescriptor
from twisted.internet.defer import Deferred
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from runo_spiders.daemon.process import GRACE_S, TRY_LATER, JobProcess, Order

reactor: Any = _reactor
log = Logger()

_PAUSE_S = 1.0
"""Before a nursery that died is replaced: it may die at once again."""


class NurseryLink:
    """Starts jobs in the nursery. There is one nursery at a time; its children may outlive it for a while.

    All of them inherit `lock`, a file descriptor. `over` is told a job that has ended, while its process is
    still going.
    """

    def __init__(self, lock: int, over: Callable[[str], object]) -> None:
        self._lock = lock
        self._over = over
        self._processes: dict[str, JobProcess] = {}
        self._protocol: _Reports | None = None
        self._unsent: list[Order] = []
        self.closed: Deferred[None] | None = None

    def open(self) -> None:
        """Start a nursery, and hand it the orders that came while there was none."""
        if self.closed is not None:
            return
        self._protocol = _Reports(self)
        arguments = [sys.executable, "-m", "runo_spiders.daemon.nursery"]
        descriptors = {0: "w", 1: "r", 2: 2, 3: self._lock}
        reactor.spawnProcess(self._protocol, sys.executable, arguments, env=os.environ, childFDs=descriptors)
        for order in self._unsent:
            self._protocol.send(order)
        self._unsent.clear()

    def start(self, process: JobProcess, order: Order) -> None:
        """Have a job worked on; `process.ended` tells of its end."""
        self._processes[order.job] = process
        if self._protocol is None:
            self._unsent.append(order)
        else:
            self._protocol.send(order)

    def close(self) -> Deferred[None]:
        """Stop all children and the nursery, in order; fires when that is done."""
        self.closed = Deferred()
        if self._protocol is None:
            self.closed.callback(None)
        else:
            self._protocol.close()
        return self.closed

    def reported(self, report: Mapping[str, Any]) -> None:
        process = self._processes.get(report["job"])
        if process is None:
            return
        if "pid" in report:
            process.pid, process.worker = report["pid"], report["worker"]
            return
        if "over" in report:
            self._over(report["job"])
            return
        del self._processes[report["job"]]
        if "failed" in report:
            log.error("{job} was not started: {failed}", **report)
        process.end(report.get("status", TRY_LATER))

    def died(self, reason: Failure) -> None:
        """Its children were told to end as well; a job counts as ended when its process has."""
        self._protocol = None
        orphans, self._processes = self._processes, {}
        for process in orphans.values():
            Orphan.watch(process)
        if self.closed is not None:
            self.closed.callback(None)
            return
        log.error("The nursery died ({reason}); a new one is started", reason=reason.getErrorMessage())
        reactor.callLater(_PAUSE_S, self.open)


class _Reports(ProcessProtocol):
    """One nursery's pipes."""

    def __init__(self, link: NurseryLink) -> None:
        self._link = link
        self._unread = b""

    transport: Any  # Twisted's interfaces are no types

    def send(self, order: Order) -> None:
        self.transport.writeToChild(0, order.line())

    def close(self) -> None:
        self.transport.closeChildFD(0)

    def childDataReceived(self, childFD: int, data: bytes) -> None:  # noqa: N802, N803 (Twisted's names)
        *lines, self._unread = (self._unread + data).split(b"\n")
        for line in lines:
            self._link.reported(json.loads(line))

    def processEnded(self, reason: Failure) -> None:  # noqa: N802 (Twisted's name)
        self._link.died(reason)


class Orphan(FileDescriptor):
    """A job's process whose parent has died: who is not its parent sees its end by a descriptor only."""

    def __init__(self, process: JobProcess, descriptor: int) -> None:
        super().__init__(reactor)
        self._process = process
        self._descriptor = descriptor
        self._killing = reactor.callLater(GRACE_S, signal.pidfd_send_signal, descriptor, signal.SIGKILL)

    @classmethod
    def watch(cls, process: JobProcess) -> None:
        """Wait for the end of a process, and kill it where it takes longer than `GRACE_S`."""
        if process.pid is None:
            process.end(None)
            return
        try:
            cls(process, os.pidfd_open(process.pid)).startReading()
        except ProcessLookupError:
            process.end(None)

    def fileno(self) -> int:
        return self._descriptor

    def doRead(self) -> None:  # noqa: N802 (Twisted's name)
        self.stopReading()
        os.close(self._descriptor)
        with suppress(Exception):
            self._killing.cancel()
        self._process.end(None)
