"""One database, SQLite or PostgreSQL: connections, transactions that are tried again, the clock of leases."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from runo_spiders.errors import RunoError, UsageMistake

Result = TypeVar("Result")

_BUSY_MS = 2_000
_SQLSTATES_TO_RETRY = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03"}


class StoreUnavailable(RunoError):
    """The database cannot be reached or stays locked; nothing was written. Try again later."""


class StoreFull(RunoError):
    """The disk of the database is full, or it cannot be written; nothing was written."""


class Database:
    """Transactions on one database.

    `patience` is how many seconds a transaction is tried again while the database is locked, restarts, or
    sees a conflict. Work that is given to `write` may run more than once, and once after it was committed
    without our hearing of it: it has to come to the same end.
    """

    def __init__(self, url: str, patience: float = 5.0) -> None:
        self.engine = _engine(url)
        self.sqlite = self.engine.dialect.name == "sqlite"
        self._patience = patience

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that only reads, as of one moment."""
        with _translated(), self.engine.connect() as connection:
            yield connection

    def write(
        self, work: Callable[[Connection], Result], *, durable: bool = False, patience: float | None = None
    ) -> Result:
        """What `work` returns, when its transaction is committed.

        `durable` makes it survive a loss of power too (SQLite: a sync of the disk); without it survives the
        death of any process. Raises `StoreUnavailable` or `StoreFull`.
        """
        until = time.monotonic() + (self._patience if patience is None else patience)
        pause = 0.01
        while True:
            try:
                return self._transaction(work, durable)
            except DBAPIError as fault:
                if not _passing(fault) or time.monotonic() > until:
                    raise _ours(fault) from fault
            time.sleep(random.uniform(0, pause))  # noqa: S311 (no secret: so that two do not meet again)
            pause = min(pause * 2, 0.5)

    def _transaction(self, work: Callable[[Connection], Result], durable: bool) -> Result:
        with self.engine.connect() as link:
            link = link.execution_options(runo_write=True, runo_durable=durable)
            with link.begin():
                return work(link)

    def lease_now(self, connection: Connection) -> tuple[float, str]:
        """Seconds of a clock that no one sets, and the boot it belongs to (empty: the server's own clock).

        On one host it is the time since the boot; with PostgreSQL it is the server's.
        """
        if self.sqlite:
            return time.clock_gettime(time.CLOCK_BOOTTIME), _boot_id()
        return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")) or 0), ""

    def close(self) -> None:
        self.engine.dispose()


def _engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise UsageMistake(f"RUNO_DATABASE: {url!r} is no database URL") from fault
    if parsed.get_backend_name() == "sqlite":
        Path(parsed.database or "").absolute().parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": _BUSY_MS / 1000, "check_same_thread": False})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if parsed.get_backend_name() == "postgresql":
        options = (
            "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=20000"
        )
        return create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            connect_args={"connect_timeout": 3, "options": options},
            pool_pre_ping=True,
            pool_timeout=2,
        )
    raise UsageMistake(
        f"RUNO_DATABASE: {parsed.get_backend_name()} is not supported, give sqlite or postgresql"
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`
    for pragma in ("journal_mode = WAL", "foreign_keys = OFF", f"busy_timeout = {_BUSY_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if not options.get("runo_write"):
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('runo_durable') else 'NORMAL'}")
    # A reader that turns writer cannot wait for its turn in SQLite: take it at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _passing(fault: DBAPIError) -> bool:
    """Whether the same transaction may well succeed in a moment."""
    if fault.connection_invalidated:
        return True
    said = str(fault.orig).lower()
    state = getattr(fault.orig, "sqlstate", None)
    return state in _SQLSTATES_TO_RETRY or "database is locked" in said or "connection" in said


def _ours(fault: DBAPIError) -> Exception:
    said = str(fault.orig).splitlines()[0] if str(fault.orig) else type(fault.orig).__name__
    if any(
        word in said.lower()
        for word in ("disk is full", "disk i/o", "readonly", "no space", "could not extend")
    ):
        return StoreFull(said)
    return StoreUnavailable(said) if _passing(fault) else fault


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except DBAPIError as fault:
        raise _ours(fault) from fault


def _boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
