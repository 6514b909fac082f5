"""How a ledger's tables are made and brought up to date."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa
from alembic import op
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect

from runo_spiders.errors import UsageMistake
from runo_spiders.store.database import Database
from runo_spiders.store.migrations import NEWEST, VERSION_TABLE
from runo_spiders.store.tables import metadata
from runo_spiders.store.upgrade import revisions, upgrade
from tests.crawling import ROOT
from tests.ledgers import new_job, opened, success, worked_off


class NextStep(ModuleType):
    """A step that a later version might bring: one table before a moment's pause, one after it."""

    __file__ = __file__
    revision = "next"
    down_revision = NEWEST

    @staticmethod
    def upgrade() -> None:
        op.create_table("first_half", sa.Column("id", sa.Integer, primary_key=True))
        print("in the middle", flush=True)
        time.sleep(float(os.environ.get("PAUSE_S", "0")))
        op.create_table("second_half", sa.Column("id", sa.Integer, primary_key=True))


def take_the_next_step(url: str) -> None:
    database = Database(url)
    steps = [*revisions(), NextStep("next")]
    database.write(lambda link: upgrade(link, steps))
    database.close()


def tables(url: str) -> set[str]:
    database = Database(url)
    with database.read() as link:
        names = set(inspect(link).get_table_names())
    database.close()
    return names


def test_the_migrations_make_the_tables_that_the_code_has(database_url: str) -> None:
    with opened(database_url) as ledger, ledger.database.read() as link:
        context = MigrationContext.configure(link, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == NEWEST == revisions()[-1].revision


def test_a_ledger_of_the_first_version_is_brought_up_to_date_with_its_jobs(database_url: str) -> None:
    first = Database(database_url)
    first.write(lambda link: upgrade(link, revisions()[:1]))
    first.close()
    with opened(database_url) as ledger:
        job = worked_off(ledger, new_job(2), [success(0)])
    take_the_next_step(database_url)
    assert {"first_half", "second_half"} <= tables(database_url)
    database = Database(database_url)
    with database.read() as link:
        assert link.exec_driver_sql("SELECT id FROM jobs").scalar() == job
    database.close()


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(database_url: str) -> None:
    with opened(database_url):
        pass
    take_the_next_step(database_url)
    with pytest.raises(UsageMistake, match=rf"newer version \(next\) than this code \({NEWEST}\)"):
        opened(database_url).__enter__()
    assert "second_half" in tables(database_url)


def test_a_database_with_other_tables_is_refused_and_left_alone(database_url: str) -> None:
    other = Database(database_url)
    other.write(lambda link: link.exec_driver_sql("CREATE TABLE jobs (theirs integer)"))
    other.close()
    with pytest.raises(UsageMistake, match=r"other tables \(jobs\)"):
        opened(database_url).__enter__()
    assert tables(database_url) == {"jobs"}


def test_an_upgrade_that_is_killed_in_the_middle_has_not_happened_and_can_be_run_again(
    database_url: str,
) -> None:
    with opened(database_url):
        pass
    step = f"from tests.test_store_upgrade import take_the_next_step; take_the_next_step({database_url!r})"
    upgrading = subprocess.Popen(
        [sys.executable, "-c", step], cwd=ROOT, stdout=subprocess.PIPE, env={**os.environ, "PAUSE_S": "60"}
    )
    assert upgrading.stdout is not None
    with upgrading, upgrading.stdout:
        assert upgrading.stdout.readline() == b"in the middle\n"
        upgrading.send_signal(signal.SIGKILL)
    with opened(database_url):  # the version before still works
        assert not {"first_half", "second_half"} & tables(database_url)
    take_the_next_step(database_url)
    assert {"first_half", "second_half"} <= tables(database_url)


def test_processes_that_open_a_new_ledger_at_once_all_get_it(database_url: str) -> None:
    step = (
        "from tests.ledgers import new_job, opened\n"
        f"with opened({database_url!r}) as ledger: print(ledger.jobs.accept(new_job()).state)"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", step], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    assert [process.communicate()[0] for process in started] == ["queued\n"] * 3


def test_the_migrations_work_from_a_zipped_egg(tmp_path: Path) -> None:
    archive = tmp_path / "runo_spiders.egg"
    subprocess.run(
        [sys.executable, "-m", "zipfile", "-c", str(archive), "runo_spiders"], cwd=ROOT, check=True
    )
    step = (
        "import sys; sys.path.insert(0, sys.argv[1])\n"
        "from runo_spiders.store import ledger; assert '.egg' in ledger.__file__\n"
        "ledger.Ledger.open('sqlite:///ledger.db').close()"
    )
    subprocess.run([sys.executable, "-c", step, str(archive)], cwd=tmp_path, check=True)
    assert "jobs" in tables(f"sqlite:///{tmp_path / 'ledger.db'}")
