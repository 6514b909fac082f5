"""Which daemons were here before: what they started may still be on its way to its end.

Each daemon has a file, on which it and every process that it starts hold a lock. The lock of a daemon that
was killed is free when the last of its processes is gone; until then its successor starts no jobs, so that
there are never more of them than slots.
"""

from __future__ import annotations

import os
from contextlib import suppress
from fcntl import LOCK_EX, LOCK_NB, LOCK_SH, flock
from pathlib import Path

from runo_spiders.daemon.workers import is_dead, worker_name


class Lineage:
    """The daemons that share a folder; `lock` is a file descriptor for processes to inherit."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._own = folder / worker_name(os.getpid()).replace("/", ",")
        self.lock = os.open(self._own, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        flock(self.lock, LOCK_SH)

    def has_survivors(self) -> bool:
        """Whether a process is there whose daemon is not."""
        dead = [path for path in self._folder.iterdir() if is_dead(path.name.replace(",", "/"))]
        return any(_is_held(path) for path in dead)

    def end(self) -> None:
        """The daemon has ended in order, with all its processes."""
        self._own.unlink(missing_ok=True)


def _is_held(path: Path) -> bool:
    """Whether a lock is held; one that is free goes."""
    with suppress(FileNotFoundError), path.open("rb") as file:
        try:
            flock(file, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            return True
        path.unlink(missing_ok=True)
    return False
