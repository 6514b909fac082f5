"""The ledger: the truth about jobs, rows, keys and charges, in one database."""

from __future__ import annotations

from typing import Self

from sqlalchemy import column, inspect, select, table

from runo_spiders.config import LEASE_S
from runo_spiders.errors import UsageMistake
from runo_spiders.store import charges
from runo_spiders.store.charges import Allowance
from runo_spiders.store.database import Clock, Database, host_clock
from runo_spiders.store.deaths import Deaths
from runo_spiders.store.faults import StoreDamaged
from runo_spiders.store.jobs import Jobs
from runo_spiders.store.keys import Keys
from runo_spiders.store.leases import Leases
from runo_spiders.store.ledger_book import LedgerBook
from runo_spiders.store.migrations import NEWEST, VERSION_TABLE
from runo_spiders.store.records import Claim


class Ledger:
    """Everything that is kept of jobs. All methods block: a reactor calls them in a thread."""

    def __init__(self, database: Database, lease_s: float = LEASE_S) -> None:
        self.database = database
        self.jobs = Jobs(database)
        self.leases = Leases(database, lease_s)
        self.keys = Keys(database)
        self.deaths = Deaths(database)

    @classmethod
    def open(
        cls, url: str, *, lease_s: float = LEASE_S, patience: float = 5.0, clock: Clock = host_clock
    ) -> Self:
        """The ledger at a database URL; its tables are made or brought up to date. See `Database`.

        Raises `UsageMistake` for what is no ledger, or one of a newer version; nothing is changed then.
        """
        database = Database(url, patience, clock)
        try:
            _bring_up_to_date(database)
        except BaseException:
            database.close()
            raise
        return cls(database, lease_s)

    def book(self, claim: Claim) -> LedgerBook:
        """The URLs and rows of a job, for the holder of its claim."""
        return LedgerBook(self.database, claim)

    def allowance(self, key: str) -> Allowance:
        """What a key may still spend this month, of its quota and its balance."""
        with self.database.read() as link:
            return charges.allowance(link, key)

    def close(self) -> None:
        self.database.close()


def _bring_up_to_date(database: Database) -> None:
    try:
        if _version(database) == NEWEST:
            return
        # Alembic takes 0.16 s to import, and is needed once a version.
        from runo_spiders.store.upgrade import revisions, upgrade

        steps = revisions()
        database.write(lambda link: upgrade(link, steps), durable=True)
    except StoreDamaged as fault:
        raise UsageMistake(f"RUNO_DATABASE: {database.engine.url.database}: {fault}") from fault


def _version(database: Database) -> str | None:
    with database.read() as link:
        if not inspect(link).has_table(VERSION_TABLE):
            return None
        found = link.scalar(select(column("version_num")).select_from(table(VERSION_TABLE)))
        return None if found is None else str(found)
