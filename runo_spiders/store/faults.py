"""What a database refuses, in words of our own, whichever database it is."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft

from runo_spiders.errors import RunoError


class StoreUnavailable(RunoError):
    """The database cannot be reached or stays locked; nothing was written. Try again later."""


class StoreFull(RunoError):
    """The disk of the database is full, or it cannot be written; nothing was written."""


class StoreDamaged(RunoError):
    """The database is not what was written. Nothing heals it but a backup."""


_OF_SQLITE = {
    "SQLITE_BUSY": StoreUnavailable,
    "SQLITE_LOCKED": StoreUnavailable,
    "SQLITE_PROTOCOL": StoreUnavailable,
    "SQLITE_CANTOPEN": StoreUnavailable,
    "SQLITE_FULL": StoreFull,
    "SQLITE_IOERR": StoreFull,
    "SQLITE_READONLY": StoreFull,
    "SQLITE_CORRUPT": StoreDamaged,
    "SQLITE_NOTADB": StoreDamaged,
}

# Classes of SQLSTATE, and where one of a class differs, the state itself.
_OF_POSTGRESQL = {
    "08": StoreUnavailable,  # the connection failed
    "25": StoreFull,  # it is read only
    "25P03": StoreUnavailable,  # the transaction was idle too long
    "40": StoreUnavailable,  # deadlock, serialization
    "53": StoreUnavailable,  # too many connections, out of memory
    "53100": StoreFull,
    "55P03": StoreUnavailable,  # a lock was waited for too long
    "57": StoreUnavailable,  # shut down, cancelled, starting
    "58": StoreFull,  # the system's input or output failed
    "XX001": StoreDamaged,
    "XX002": StoreDamaged,
}


def ours(fault: DBAPIError | NoConnectionLeft) -> Exception:
    """What a database's exception means; itself where it is a mistake of ours."""
    meaning = _meaning(fault)
    if meaning is None:
        return fault
    said = str(getattr(fault, "orig", None) or fault) or type(fault).__name__
    return meaning(said.splitlines()[0])


@contextmanager
def translated() -> Iterator[None]:
    try:
        yield
    except (DBAPIError, NoConnectionLeft) as fault:
        raise ours(fault) from fault


def _meaning(fault: DBAPIError | NoConnectionLeft) -> type[RunoError] | None:
    if not isinstance(fault, DBAPIError):
        return StoreUnavailable
    name = str(getattr(fault.orig, "sqlite_errorname", ""))
    if name:
        return _OF_SQLITE.get("_".join(name.split("_")[:2]))
    state = getattr(fault.orig, "sqlstate", None)
    if state is None:
        # psycopg has no state for a server that does not answer.
        lost = fault.connection_invalidated or type(fault.orig).__name__ in (
            "OperationalError",
            "ConnectionTimeout",
        )
        return StoreUnavailable if lost else None
    return _OF_POSTGRESQL.get(state) or _OF_POSTGRESQL.get(state[:2])
