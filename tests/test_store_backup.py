"""Backups of a ledger at work, as docs/operations.md has them, can be gone on with."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from runo_spiders.store.ledger import Ledger
from tests.ledgers import claimed, new_job, opened, success, worked_off, write
from tests.postgres import PostgresServer


def at_work(ledger: Ledger) -> tuple[str, str]:
    """A job that has ended, and one in the middle of its work."""
    ended = worked_off(ledger, new_job(2), [success(0), success(1)])
    running = ledger.jobs.accept(new_job(2)).id
    write(ledger, claimed(ledger, running), [success(0)], starts=[0])
    return ended, running


def check(url: str, ended: str, running: str) -> None:
    with opened(url, lease_s=0.1) as ledger:
        assert [row.outcome for row in ledger.jobs.complete_rows(ended)] == ["success"] * 2
        # To a copy on the same host the worker of before is alive, and may claim its job anew.
        claim = claimed(ledger, running)
        write(ledger, claim, [success(1)])
        ledger.leases.finish(claim, "finished")
        assert [row.outcome for row in ledger.jobs.complete_rows(running)] == ["success"] * 2


@pytest.mark.parametrize("command", [".backup '{copy}'", "VACUUM INTO '{copy}'"])
def test_a_backup_of_sqlite_can_be_gone_on_with(tmp_path: Path, command: str) -> None:
    path, copy = tmp_path / "ledger.db", tmp_path / "copy.db"
    with opened(f"sqlite:///{path}") as ledger:
        jobs = at_work(ledger)
        assert shutil.which("sqlite3"), "apt install sqlite3"
        subprocess.run(["sqlite3", str(path), command.format(copy=copy)], check=True)
    check(f"sqlite:///{copy}", *jobs)


def test_a_dump_of_postgresql_can_be_gone_on_with(postgres: PostgresServer) -> None:
    url, restored = postgres.database(), postgres.database()
    with opened(url) as ledger:
        jobs = at_work(ledger)
        dump = subprocess.run(["pg_dump", url], capture_output=True, check=True).stdout
    subprocess.run(
        ["psql", "--quiet", "--set=ON_ERROR_STOP=1", restored],
        input=dump,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    check(restored, *jobs)
