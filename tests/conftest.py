"""Fixtures that several test files share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.mockserver import MockServer
from tests.postgres import PostgresServer

# How long an example takes is the machine's to say.
settings.register_profile("runo", deadline=None)
settings.load_profile("runo")

# A developer's own model and key are not what a test may spend.
for name in ("RUNO_MODEL", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
    os.environ.pop(name, None)


@pytest.fixture(scope="session", autouse=True)
def ledger_of_no_project(tmp_path_factory: pytest.TempPathFactory) -> None:
    """No test writes into the ledger of this project."""
    os.environ["RUNO_DATABASE"] = f"sqlite:///{tmp_path_factory.mktemp('ledger') / 'ledger.db'}"


@pytest.fixture(scope="session")
def mockserver() -> Iterator[MockServer]:
    """A server of misbehaviours only (see `tests.hostile`); all tests of the session share its counters."""
    with MockServer() as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL server that nobody stops; each test makes a database of its own in it."""
    with PostgresServer() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A new, empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'ledger.db'}"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.database()
