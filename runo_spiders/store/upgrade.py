"""Brings the tables of a database to what this code needs, by Alembic's migrations, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType
from typing import Any

from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.runtime.migration import MigrationStep, RevisionStep
from alembic.script.base import Script
from alembic.script.revision import RevisionMap
from sqlalchemy import Connection, inspect, text

from runo_spiders.errors import UsageMistake
from runo_spiders.store import migrations
from runo_spiders.store.migrations import VERSION_TABLE
from runo_spiders.store.tables import metadata

# Any number will do, as long as it stays the same: who upgrades a database waits for whoever does already.
_UPGRADING = 0x52554E4F


def revisions() -> list[ModuleType]:
    """The migrations of this version, the oldest first."""
    return [import_module(f"{migrations.__name__}.{name}") for name in migrations.REVISIONS]


def upgrade(link: Connection, steps: Sequence[ModuleType]) -> None:
    """Run the steps that the database has not seen, all or none of them: to be called in a transaction.

    Raises `UsageMistake` for a database of a newer version, and for one that is no ledger.
    """
    _wait_for_others(link)
    scripts = [Script(step, step.revision, str(step.__file__)) for step in steps]
    known = [script.revision for script in scripts]
    tree = RevisionMap(lambda: scripts)

    def to_be_run(heads: tuple[str, ...], _context: MigrationContext) -> list[RevisionStep]:
        _check(link, heads, known)
        seen = known.index(heads[0]) + 1 if heads else 0
        # Reading the newest one makes the tree link them all.
        tree.get_revision(known[-1])
        return [MigrationStep.upgrade_from_script(tree, script) for script in scripts[seen:]]

    context = MigrationContext.configure(
        link, opts={"version_table": VERSION_TABLE, "transactional_ddl": True, "fn": to_be_run}
    )
    with Operations.context(context):
        context.run_migrations()


def _wait_for_others(link: Connection) -> None:
    if link.dialect.name != "postgresql":
        return  # SQLite has one writer at a time
    link.execute(text("SELECT pg_advisory_xact_lock(:who)"), {"who": _UPGRADING})
    # A step may rewrite a large table, and is not to be stopped in the middle of it.
    link.execute(text("SET LOCAL statement_timeout = 0"))
    connection: Any = link.connection.dbapi_connection
    connection.answer_s = None


def _check(link: Connection, heads: tuple[str, ...], known: Sequence[str]) -> None:
    if any(head not in known for head in heads):
        raise UsageMistake(
            f"RUNO_DATABASE: the ledger is of a newer version ({heads[0]}) than this code ({known[-1]}): "
            "upgrade the code, or put the backup from before the ledger's upgrade in its place"
        )
    there = set(inspect(link).get_table_names()) - {VERSION_TABLE}
    if not heads and (metadata.tables.keys() & there or (there and link.dialect.name == "sqlite")):
        raise UsageMistake(
            f"RUNO_DATABASE: the database holds other tables ({', '.join(sorted(there))[:80]})"
        )
