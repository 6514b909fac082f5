"""The statements of a ledger, run so that they are known, and undone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Self, TypeVar

from sqlalchemy import Connection

from runo_spiders.store.database import Database
from runo_spiders.store.faults import translated

Result = TypeVar("Result")


class Rehearsal(Database):
    """A database all of whose transactions are parts of one that is rolled back: nobody ever sees them."""

    def __init__(self, database: Database, link: Connection) -> None:
        self.engine = database.engine
        self.sqlite = database.sqlite
        self.patience = database.patience
        self._clock = database._clock
        self._link = link

    @classmethod
    @contextmanager
    def of(cls, database: Database) -> Iterator[Self]:
        """A rehearsal on the same engine, which keeps what it has made of each statement."""
        with translated(), database.engine.connect() as link:
            link = link.execution_options(runo_wait_ms=1000)
            with link.begin() as transaction:
                yield cls(database, link)
                transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        yield self._link

    def write(
        self, work: Callable[[Connection], Result], *, durable: bool = False, patience: float | None = None
    ) -> Result:
        return work(self._link)
