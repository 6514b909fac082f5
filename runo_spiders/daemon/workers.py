"""The names of worker processes, by which it can be told later whether one is still there."""

from __future__ import annotations

import socket
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def worker_name(pid: int) -> str:
    """A process of this host, named so that no other one ever has its name.

    Raises `ProcessLookupError` where there is none.
    """
    return f"{socket.gethostname()}/{_BOOT}/{pid}/{_state_and_start(pid)[1]}"


def is_dead(worker: str) -> bool:
    """Whether a worker was a process of this host and is not there any more; False where nobody can tell."""
    host, _, rest = worker.partition("/")
    boot, _, process = rest.partition("/")
    pid, _, started = process.partition("/")
    if host != socket.gethostname() or not (pid.isdigit() and started):
        return False
    try:
        state, start = _state_and_start(int(pid))
    except ProcessLookupError:
        return True
    return boot != _BOOT or start != started or state in "ZX"


def _state_and_start(pid: int) -> tuple[str, str]:
    """The state of a process, and when it was started, in ticks since the boot."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError) as fault:
        raise ProcessLookupError(f"there is no process {pid}") from fault
    # The name in brackets may hold spaces and brackets of its own.
    fields = stat.rpartition(")")[2].split()
    return fields[0], fields[19]
