"""A real daemon in a process of its own, with a project, a ledger and logs in a temporary folder.

with Daemon(tmp_path) as daemon:
    job = daemon.schedule("schema", urls=server.url("/a"), schema="product")
    assert daemon.ended(job).end == "finished"
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from configparser import ConfigParser
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job
from tests.crawling import ROOT

PATIENCE_S = 240.0
_DIRECT = build_opener(ProxyHandler({}))
_SETTINGS = """
from runo_spiders.settings import *
SPIDER_MODULES = ["runo_spiders.spiders", "own_spiders"]
RUNO_EGRESS_ALLOW = ["127.0.0.0/8"]
RUNO_LEASE_S = 4
LOG_LEVEL = "INFO"
"""


class Daemon:
    """Listens from `with` to its end. `options` go into scrapy.cfg, by section and name.

    The project has the spiders of `tests.daemon_spiders` beside ours. A second daemon in the folder shares
    the ledger of the first.
    """

    def __init__(
        self,
        folder: Path,
        options: Mapping[str, Mapping[str, str]] | None = None,
        environment: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        command: Sequence[str] = (sys.executable, "-m", "scrapyd", "--pidfile="),
    ) -> None:
        self.folder = folder
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = (environment or {}).get("RUNO_DATABASE", f"sqlite:///{folder / 'ledger.db'}")
        self.output = folder / f"daemon-{self.port}.log"
        self._command = [*command, *arguments]
        self._environment = {
            **os.environ,
            "RUNO_DATABASE": self.database,
            "SCRAPYD_HTTP_PORT": str(self.port),
            **(environment or {}),
        }
        _make_project(folder, options or {})
        self.key = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def set(self, **settings: object) -> Self:
        """Settings of the project beside those that it has; for a daemon that is not started yet."""
        with (self.folder / "own_settings.py").open("a") as file:
            file.writelines(f"{name} = {value!r}\n" for name, value in settings.items())
        return self

    def start(self) -> None:
        """Start it and wait until it answers."""
        with self.output.open("ab") as out:
            self._run(out.fileno())
        wait_until(self._answers, f"the daemon answers: {self.log()}")
        told = [line for line in self.log().splitlines() if "sk_local_" in line]
        self.key = told[-1].rpartition(" ")[2] if told else self.key

    def start_fails_with(self) -> str:
        """The last thing that it says where it does not start."""
        with self.output.open("ab") as out:
            self._run(out.fileno())
        assert self.process.wait(timeout=PATIENCE_S) == 1
        return self.log().strip().splitlines()[-1]

    @contextmanager
    def writing_to(self, descriptor: int) -> Iterator[None]:
        """The daemon, with this for its output and errors."""
        self._run(descriptor)
        os.close(descriptor)
        try:
            wait_until(self._answers, "the daemon answers")
            yield
        finally:
            self.stop()

    def stop(self) -> int:
        """Tell it to end, as an operator does; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_S)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def log(self) -> str:
        return self.output.read_text() if self.output.exists() else ""

    def schedule(self, spider: str, project: str = "default", **arguments: str) -> str:
        """The id of a job of plain arguments."""
        job: str = self.post("schedule.json", project=project, spider=spider, **arguments)["jobid"]
        return job

    def get(self, path: str, **query: str) -> Any:
        return self.ask(f"{path}?{urlencode(query)}")[1]

    def post(self, path: str, **form: str) -> Any:
        return self.ask(path, data=urlencode(form).encode())[1]

    def ask(self, path: str, *, key: str | None = None, data: bytes | None = None, **headers: str) -> Any:
        """The status of a request and its body, read as JSON."""
        sent = {"X-API-Key": self.key if key is None else key, **headers}
        request = Request(f"{self.url}/{path}", data=data, headers={n: v for n, v in sent.items() if v})
        try:
            with _DIRECT.open(request, timeout=PATIENCE_S) as response:
                return response.status, json.load(response)
        except HTTPError as refusal:
            return refusal.code, json.load(refusal)

    def job(self, job: str) -> Job:
        found = self.ledger.jobs.get(job)
        assert found is not None
        return found

    @cached_property
    def ledger(self) -> Ledger:
        return Ledger.open(self.database)

    def ended(self, job: str) -> Job:
        """The job when it has ended."""
        wait_until(lambda: self.job(job).state == "ended", f"{job} has ended: {self.log()[-2000:]}")
        return self.job(job)

    def log_of(self, job: str) -> str:
        """The log of a job."""
        found = list((self.folder / ".scrapy/runo/logs").glob(f"*/*/{job}.log"))
        return found[0].read_text() if found else ""

    def nursery(self) -> int:
        """The process that forks the jobs of our own spider."""
        found = [
            pid
            for pid in children(self.process.pid)
            if b"runo_spiders.daemon.nursery" in Path(f"/proc/{pid}/cmdline").read_bytes()
        ]
        return found[0] if found else 0

    def _run(self, out: int) -> None:
        self.process = subprocess.Popen(
            self._command,
            cwd=self.folder,
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
        )

    def _answers(self) -> bool:
        assert self.process.poll() is None, f"it ended with {self.process.returncode}: {self.log()[-2000:]}"
        try:
            return bool(self.ask("healthz", key="")[0] == 200)
        except OSError:
            return False


def wait_until(true: Callable[[], bool], what: str) -> None:
    """Fail when something does not come true within four minutes."""
    until = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < until, f"in vain: {what}"
        time.sleep(0.05)


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def children(pid: int) -> list[int]:
    """The processes that a process started and that are still there."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _make_project(folder: Path, options: Mapping[str, Mapping[str, str]]) -> None:
    config = ConfigParser()
    config.read(ROOT / "scrapy.cfg")
    config.set("settings", "default", "own_settings")
    for section, entries in options.items():
        for name, value in entries.items():
            config.set(section, name, value)
    with (folder / "scrapy.cfg").open("w") as file:
        config.write(file)
    (folder / "own_settings.py").write_text(_SETTINGS)
    (folder / "own_spiders.py").write_text((ROOT / "tests" / "daemon_spiders.py").read_text())
