"""A crawl in a child process, so that whatever kills the crawl leaves somebody to tell of it."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress

_PR_SET_PDEATHSIG = 1


class Child:
    """A forked process that runs `work` and exits with what it returns; it ends when its parent does.

    It has a process group of its own, so that Ctrl-C reaches it only when the parent passes it on.
    Fork before a reactor is installed and while there is one thread. The child has everything imported that
    the parent had: that is what makes a fork cheaper than a start.
    """

    def __init__(self, work: Callable[[], int]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        self.status: int | None = None
        if self.pid == 0:
            os.setpgrp()
            end_with(parent)
            # No exception may leave the child: its frames are the parent's.
            os._exit(_run(work))

    def poll(self) -> int | None:
        """The exit status, negative for the signal that killed it; None while it runs."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status

    def interrupt(self) -> None:
        """Ask it to stop; asked again, Scrapy stops without waiting for what is in flight."""
        if self.status is None:
            os.kill(self.pid, signal.SIGINT)


def end_with(parent: int) -> None:
    """From now on this process is asked to end (SIGTERM) when its parent does."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def _run(work: Callable[[], int]) -> int:
    try:
        return work()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    finally:
        # A disk that is full, or a reader that is gone, is no reason to fail.
        with suppress(OSError):
            sys.stdout.flush()
            sys.stderr.flush()
