"""A process that forks workers, for tests that kill them: `python -m tests.workers SETTINGS-AS-JSON`.

Reads an order a line, `{"job": …, "worker": …, "secrets": …}`, and answers with the worker's pid; then, when
that has ended, with its exit status.
"""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from scrapy.utils.project import get_project_settings

from runo_spiders.preloading import preload
from runo_spiders.supervisor import Child
from runo_spiders.worker import run_job
from runo_spiders.workshop import Workshop
from tests.crawling import ROOT


class Worker:
    """One forked worker, seen from the test."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self._ended = threading.Event()
        self._status: int | None = None

    def send(self, number: int) -> None:
        os.kill(self.pid, number)

    def end(self, status: int) -> None:
        self._status = status
        self._ended.set()

    @property
    def running(self) -> bool:
        return not self._ended.is_set()

    def wait(self, seconds: float = 240) -> int:
        """The exit status, negative for a signal."""
        assert self._ended.wait(seconds), f"worker {self.pid} does not end"
        assert self._status is not None
        return self._status


class Workers:
    """Forks workers over one ledger, from `with` to its end. `log` is where they write theirs."""

    def __init__(self, database: str, log: Path, **settings: Any) -> None:
        self._settings = {"RUNO_DATABASE": database, "LOG_LEVEL": "INFO", **settings}
        self._log = log
        self._started: dict[int, Worker] = {}
        self._pids: list[int] = []
        self._told = threading.Condition()

    def __enter__(self) -> Self:
        self._file = self._log.open("ab")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.workers", json.dumps(self._settings)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._file,
            cwd=ROOT,
            text=True,
        )
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self._started.values():
            if worker.running:
                worker.send(9)
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(240)
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._file.close()

    def start(self, job: str, worker: str, secrets: Mapping[str, str] | None = None) -> Worker:
        assert self._process.stdin is not None
        with self._told:
            count = len(self._pids)
            order = {"job": job, "worker": worker, "secrets": secrets}
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            assert self._told.wait_for(lambda: len(self._pids) > count, 240), self._log.read_text()
            return self._started[self._pids[count]]

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            report = json.loads(line)
            with self._told:
                if "status" in report:
                    self._started[report["pid"]].end(report["status"])
                else:
                    self._started[report["pid"]] = Worker(report["pid"])
                    self._pids.append(report["pid"])
                self._told.notify_all()


class Forker:
    """The forking process: one thread, no reactor."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ, None)
        self._unread = b""

    def serve(self) -> None:
        """Until the orders end."""
        while True:
            for key, _ in self._selector.select():
                if key.data is not None:
                    self._reap(key.fd, key.data)
                elif not self._read():
                    return

    def _read(self) -> bool:
        chunk = os.read(0, 65536)
        *lines, self._unread = (self._unread + chunk).split(b"\n")
        for line in lines:
            self._fork(json.loads(line))
        return bool(chunk)

    def _fork(self, order: dict[str, Any]) -> None:
        child = Child(lambda: self._work(order))
        _report({"pid": child.pid})
        self._selector.register(os.pidfd_open(child.pid), selectors.EVENT_READ, child)

    def _work(self, order: dict[str, Any]) -> int:
        return run_job(self._workshop, order["job"], order["worker"], order["secrets"])

    def _reap(self, watched: int, child: Child) -> None:
        status = child.poll()
        if status is not None:
            self._selector.unregister(watched)
            os.close(watched)
            _report({"pid": child.pid, "status": status})


def _report(report: dict[str, int]) -> None:
    print(json.dumps(report), flush=True)


def main() -> None:
    settings = get_project_settings()
    for name, value in json.loads(sys.argv[1]).items():
        settings.set(name, value, priority="cmdline")
    Forker(preload(settings)).serve()


if __name__ == "__main__":
    main()
