"""Engines for SQLite and PostgreSQL, set up so that nothing waits for ever and nothing is made by mistake."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from runo_spiders.errors import UsageMistake
from runo_spiders.store.faults import StoreDamaged

if TYPE_CHECKING:
    from runo_spiders.store.patient_connection import PatientConnection

_STATEMENT_S = 4
_CONNECT_S = 2
_PING_S = 1.0
_WITHIN_SERVER = (
    f"-c statement_timeout={_STATEMENT_S}s -c lock_timeout=3s -c idle_in_transaction_session_timeout=20s"
)


def engine_of(url: str) -> Engine:
    """Raises `UsageMistake` for what is no URL of a database, and for a file that cannot be a ledger."""
    try:
        parsed = make_url(url)
    except ArgumentError as fault:
        raise UsageMistake(f"RUNO_DATABASE: {url!r} is no database URL") from fault
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(parsed)
    if backend == "postgresql":
        return _postgresql(parsed)
    raise UsageMistake(f"RUNO_DATABASE: {backend} is not supported, give sqlite or postgresql")


def _sqlite(url: URL) -> Engine:
    if not url.database:
        raise UsageMistake("RUNO_DATABASE: sqlite needs a file, as sqlite:///ledger.db")
    path = Path(url.database).absolute()
    _provide(path)
    # Never made by opening it: a ledger that is gone must not come back empty.
    opened = url.set(database=f"file:{quote(str(path))}", query={"mode": "rw", "uri": "true"})
    engine = create_engine(opened, connect_args={"check_same_thread": False})
    event.listen(engine, "connect", _set_up_sqlite)
    file = _file_at(path)

    def begin(connection: Connection) -> None:
        # What is written to a file that has lost its name is gone with the process.
        if _file_at(path) != file:
            raise StoreDamaged(f"{path} was removed or replaced while it was in use")
        _begin_sqlite(connection)

    event.listen(engine, "begin", begin)
    return engine


def _file_at(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino


def _provide(path: Path) -> None:
    """Make an empty file, for its owner only, where there has never been one."""
    if path.exists():
        if not all(os.access(needed, os.W_OK, effective_ids=True) for needed in (path, path.parent)):
            raise UsageMistake(f"RUNO_DATABASE: {path} or its folder cannot be written")
        return
    if path.parent.parent.name == ".scrapy":
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not path.parent.is_dir():
        raise UsageMistake(f"RUNO_DATABASE: the folder {path.parent} is not there")
    left = [name for name in (f"{path.name}-wal", f"{path.name}.key") if path.with_name(name).exists()]
    if left:
        raise UsageMistake(
            f"RUNO_DATABASE: {path} is gone, but {left[0]} is there: put a backup in its place, "
            f"or remove {left[0]} to begin anew"
        )
    path.touch(mode=0o600)


def _set_up_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by `_begin_sqlite`
    for pragma in ("busy_timeout = 2000", "journal_mode = WAL", "foreign_keys = OFF"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    wait_ms = options.get("runo_wait_ms")
    if wait_ms is None:
        connection.exec_driver_sql("BEGIN DEFERRED")
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {wait_ms:d}")
    connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if options.get('runo_durable') else 'NORMAL'}")
    # A reader that turns writer cannot wait for its turn in SQLite: take it at once.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _postgresql(url: URL) -> Engine:
    from runo_spiders.store.patient_connection import PatientConnection

    engine = create_engine(url.set(drivername="postgresql+psycopg"), pool_timeout=2)

    @event.listens_for(engine, "do_connect")
    def connect(
        _dialect: Any, _record: Any, arguments: list[Any], named: dict[str, Any]
    ) -> PatientConnection:
        limits: dict[str, Any] = {"connect_timeout": _CONNECT_S, "options": _WITHIN_SERVER}
        connection = PatientConnection.connect(*arguments, **{**limits, **named})
        connection.answer_s = _STATEMENT_S + 1
        return connection

    @event.listens_for(engine, "checkout")
    def ping(connection: PatientConnection, _record: object, _proxy: object) -> None:
        connection.ping(_PING_S)

    return engine
