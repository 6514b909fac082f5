"""Transactions on one database, SQLite or PostgreSQL, tried again while it is busy; the clock of leases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from runo_spiders.store.engines import engine_of
from runo_spiders.store.faults import StoreUnavailable, ours, translated

_BUSY_MS = 8
"""How long SQLite itself waits for its turn to write: it looks ever more rarely, up to each 100 ms."""

Result = TypeVar("Result")
Clock = Callable[[], tuple[float, str]]
"""Seconds that no one sets, and the boot in which they run."""


def host_clock() -> tuple[float, str]:
    """The time since this host was booted, and which boot that was."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return time.clock_gettime(time.CLOCK_BOOTTIME), boot


class Database:
    """Transactions on one database.

    `patience` is how many seconds a transaction is tried again while the database is locked, restarts, or
    sees a conflict. `clock` is what leases on SQLite run by; those on PostgreSQL run by the server's.
    """

    def __init__(self, url: str, patience: float = 5.0, clock: Clock = host_clock) -> None:
        self.engine = engine_of(url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self.patience = patience
        # Another writer of SQLite is done within milliseconds; a server that is away comes back in seconds.
        self._longest_pause = 0.02 if self.sqlite else 0.5
        self._clock = clock

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, on SQLite as of one moment."""
        with translated(), self.engine.connect() as connection:
            yield connection

    def write(
        self, work: Callable[[Connection], Result], *, durable: bool = False, patience: float | None = None
    ) -> Result:
        """What `work` returns, when its transaction is committed.

        `durable` makes it survive a loss of power too (SQLite: a sync of the disk); without, it survives the
        death of any process. `work` may run more than once, and once more after a commit that we did not hear
        of: it has to come to the same end. Raises `StoreUnavailable`, `StoreFull`, `StoreDamaged`.
        """
        until = time.monotonic() + (self.patience if patience is None else patience)
        pause = 0.005
        while True:
            try:
                return self._transaction(work, durable, until)
            except (DBAPIError, NoConnectionLeft) as fault:
                meant = ours(fault)
                if not isinstance(meant, StoreUnavailable) or time.monotonic() + pause >= until:
                    raise meant from fault
            # By chance, so that two who were in each other's way do not meet again.
            time.sleep(random.uniform(0, pause))  # noqa: S311
            pause = min(pause * 2, self._longest_pause)

    def _transaction(self, work: Callable[[Connection], Result], durable: bool, until: float) -> Result:
        wait_ms = max(0, min(_BUSY_MS, round((until - time.monotonic()) * 1000)))
        with self.engine.connect() as link:
            link = link.execution_options(runo_wait_ms=wait_ms, runo_durable=durable)
            with link.begin():
                return work(link)

    def lease_now(self, connection: Connection) -> tuple[float, str]:
        """Now by the clock of leases, and the boot it belongs to (empty: the server's own clock)."""
        if self.sqlite:
            return self._clock()
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0), ""

    def close(self) -> None:
        self.engine.dispose()
