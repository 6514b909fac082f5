"""A connection to PostgreSQL that does not wait for ever for a server that has stopped."""

from __future__ import annotations

from typing import Any, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from sqlalchemy.exc import DisconnectionError

Answer = TypeVar("Answer")


class PatientConnection(Connection[Any]):
    """Closes itself when the server has not answered for `answer_s` seconds (None: waits for ever).

    The server's own limits do not help when the server is frozen, or the network drops what it says.
    """

    answer_s: float | None = None

    def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:
        if timeout is not None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, self.answer_s)
        except _WaitTimeout as fault:
            self.pgconn.finish()
            raise OperationalError(f"the database has not answered for {self.answer_s:g} seconds") from fault

    def ping(self, within_s: float) -> None:
        """Raises SQLAlchemy's `DisconnectionError`, on which the pool makes a new connection."""
        patience, self.answer_s = self.answer_s, within_s
        try:
            self.execute("SELECT 1")
            self.rollback()
        except OperationalError as fault:
            raise DisconnectionError(str(fault)) from fault
        finally:
            self.answer_s = patience
