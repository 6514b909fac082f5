"""A server of the tests in a process of its own: told by a pickled script, asked over a second port."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.request import ProxyHandler, build_opener

_ROOT = Path(__file__).parent.parent
_DIRECT = build_opener(ProxyHandler({}))


class ServerProcess:
    """Runs `module` from `with` to its end; `base` is its URL.

    The module reads its script from standard input, and prints its URL and that of its control on a line
    each (`tests.serving`). What the server counts is asked of the control, so that asking is never counted.
    """

    module: str
    base: str

    def __init__(self, script: object) -> None:
        self._script = script

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=_ROOT,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(pickle.dumps(self._script))
        self._process.stdin.close()
        self.base = self._process.stdout.readline().decode().strip()
        self._control = self._process.stdout.readline().decode().strip()
        if not self._control:
            self.stop()
            raise RuntimeError(f"{self.module} did not start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()

    def ask(self, path: str) -> Any:
        """What the control tells on a path, from JSON."""
        with _DIRECT.open(self._control + path, timeout=60) as response:
            return json.load(response)
