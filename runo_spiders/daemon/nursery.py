"""The nursery: a process that has imported everything and forks a child for each job.

It reads orders from standard input and tells on standard output what became of them, a line of JSON each. A
fork takes milliseconds where a start of Python takes more than a second. It installs no reactor and has one
thread, so that a child begins with a clean slate. When its input ends it stops its children and ends.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scrapy.utils.project import get_project_settings

from runo_spiders.addon import switch_on
from runo_spiders.daemon.process import (
    GRACE_S,
    Order,
    be_killed_after,
    kill_group,
    open_log,
)
from runo_spiders.daemon.work import work_on
from runo_spiders.daemon.workers import worker_name
from runo_spiders.preloading import preload
from runo_spiders.supervisor import Child
from runo_spiders.worker_status import ENDED
from runo_spiders.workshop import Workshop


class Nursery:
    """Children by their jobs. `orders` and `reports` are file descriptors."""

    def __init__(self, orders: int, reports: int, workshop: Workshop) -> None:
        self._orders = orders
        self._reports = reports
        self._workshop = workshop
        self._children: dict[str, Child] = {}
        self._unread = b""
        self._kill_at: float | None = None
        # Children hold the one end, only the nursery the other: theirs ends when it does.
        self._lifeline, self._life = os.pipe()
        # Children say here that their jobs have ended, before the system takes their memory apart.
        self._overs, self._over = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._selector.register(orders, selectors.EVENT_READ, self._read)
        self._selector.register(self._overs, selectors.EVENT_READ, self._relay)

    def serve(self) -> None:
        """Until the orders end, and the last child has."""
        while self._children or self._kill_at is None:
            for key, _ in self._selector.select(self._patience()):
                key.data()
            if self._kill_at is not None and time.monotonic() >= self._kill_at:
                for child in self._children.values():
                    kill_group(child.pid)

    def _patience(self) -> float | None:
        return None if self._kill_at is None else max(0.1, self._kill_at - time.monotonic())

    def _read(self) -> None:
        chunk = os.read(self._orders, 65536)
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            self._start(Order.of(line))
        if not chunk:
            self._stop()

    def _stop(self) -> None:
        self._selector.unregister(self._orders)
        self._kill_at = time.monotonic() + GRACE_S
        for child in self._children.values():
            os.kill(child.pid, signal.SIGTERM)

    def _start(self, order: Order) -> None:
        try:
            child = Child(lambda: self._be_child(order))
        except OSError as fault:
            self._report({"job": order.job, "failed": str(fault)})
            return
        self._children[order.job] = child
        watched = os.pidfd_open(child.pid)
        self._selector.register(watched, selectors.EVENT_READ, lambda: self._reap(order.job, watched))
        self._report({"job": order.job, "pid": child.pid, "worker": worker_name(child.pid)})

    def _relay(self) -> None:
        for job in os.read(self._overs, 65536).decode().split():
            self._report({"job": job, "over": True})

    def _reap(self, job: str, watched: int) -> None:
        status = self._children[job].poll()
        if status is None:
            return
        self._selector.unregister(watched)
        os.close(watched)
        del self._children[job]
        self._report({"job": job, "status": status})

    def _report(self, report: Mapping[str, Any]) -> None:
        try:
            os.write(self._reports, json.dumps(report).encode() + b"\n")
        except BrokenPipeError:
            return  # the daemon is gone, and the orders end as well

    def _be_child(self, order: Order) -> int:
        self._selector.close()
        for inherited in (self._orders, self._reports, self._life, self._overs):
            os.close(inherited)
        out = open_log(order.log)
        for standard in (1, 2):
            os.dup2(out, standard)
        be_killed_after(self._lifeline)
        status = work_on(order, self._workshop)
        if status == ENDED:
            with suppress(BrokenPipeError):
                os.write(self._over, f"{order.job}\n".encode())
        return status


def main() -> None:
    """Serve until the daemon is gone. Ctrl-C in its terminal is the daemon's business alone."""
    os.setsid()
    os.umask(0o077)
    orders, reports = os.dup(0), os.dup(1)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    # What a library prints must not get among the reports.
    os.dup2(2, 1)
    settings = get_project_settings()
    switch_on(settings)
    Nursery(orders, reports, preload(settings)).serve()


if __name__ == "__main__":
    main()
