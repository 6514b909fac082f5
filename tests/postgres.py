"""A PostgreSQL server of the tests' own: unprivileged, on a free port, in a folder that goes with it."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Self

import psycopg

_names = itertools.count(1)


class PostgresServer:
    """`with PostgresServer() as server: server.database()`. It can be stopped, frozen and started again."""

    def __init__(self, *options: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="runo-postgres-"))
        self._data = self._folder / "data"
        self._options = options
        self.port = _free_port()

    def __enter__(self) -> Self:
        if os.getuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
        self._run("initdb", "-D", str(self._data), "-U", "runo", "-A", "trust", "-N", "--no-instructions")
        self.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        with suppress(ProcessLookupError, FileNotFoundError):
            self.thaw()
        self.stop()
        shutil.rmtree(self._folder)

    def database(self) -> str:
        """The URL of a new, empty database."""
        name = f"test_{next(_names)}"
        with self.connection("postgres") as link:
            link.execute(f"CREATE DATABASE {name}".encode())
        return self.url(name)

    def url(self, name: str, port: int | None = None) -> str:
        return f"postgresql://runo@127.0.0.1:{port or self.port}/{name}"

    @contextmanager
    def connection(self, name: str) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.url(name), autocommit=True, connect_timeout=10) as link:
            yield link

    def start(self) -> None:
        settings = {
            "port": self.port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": self._folder,
            # The machine is not going to lose its power during a test.
            "fsync": "off",
        }
        given = [f"-c {name}={value}" for name, value in settings.items()] + list(self._options)
        log = str(self._folder / "log")
        self._run("pg_ctl", "-D", str(self._data), "-w", "-l", log, "-o", " ".join(given), "start")

    def stop(self, mode: str = "immediate") -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", "-m", mode, "stop")

    def kill(self) -> None:
        """Kill the server and all of its backends (SIGKILL); it can be started again."""
        lock = self._data / "postmaster.pid"
        postmaster = int(lock.read_text().split()[0])
        processes = [postmaster, *_children(postmaster)]
        self._signal(signal.SIGKILL)
        while any(map(_is_alive, processes)):
            time.sleep(0.01)
        # A dead process that nobody has waited for yet would be taken for the server.
        for left in (lock, *self._folder.glob(".s.PGSQL.*.lock")):
            left.unlink()

    def freeze(self) -> None:
        """Stop the server and all of its backends in the middle of whatever they do."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        for process in (postmaster, *_children(postmaster)):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(_programs() / program), *arguments]
        user = "nobody" if os.getuid() == 0 else None
        done = subprocess.run(
            command, user=user, cwd=self._folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert done.returncode == 0, f"{program}: {done.stderr}"


def _children(parent: int) -> Iterator[int]:
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(FileNotFoundError, ProcessLookupError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                yield int(folder.name)


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def _programs() -> Path:
    """The folder of the newest server that is installed."""
    found = shutil.which("initdb")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    assert installed, "the tests need PostgreSQL's server: apt install postgresql"
    return installed[-1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
