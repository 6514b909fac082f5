"""What is read and written stays cheap however large the ledger is: by the plans of the databases."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, event

from runo_spiders.store.ledger import Ledger
from tests.crawling import ROOT
from tests.ledgers import claimed, new_job, opened, success, worked_off, write

JOBS, URLS = 300, 20_000


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    """A ledger with enough in it that reading all of it is what no planner would choose."""
    with opened(database_url) as ledger:
        for number in range(JOBS):
            ledger.jobs.accept(new_job(1, owner=f"owner-{number % 30}"))
        yield ledger


def plans(ledger: Ledger, use: Callable[[], Any]) -> list[str]:
    """The plans of all that is read and changed while something is done."""
    found: list[str] = []
    sqlite = ledger.database.sqlite
    how = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "

    def explain(
        link: Connection, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool
    ) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and not many:
            cursor = link.connection.cursor()
            if not sqlite:
                # What is still read as a whole has no index that fits, however small the table is here.
                cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(how + statement, parameters)
            found.extend(f"{line[-1]}" for line in cursor.fetchall())
            cursor.close()

    event.listen(ledger.database.engine, "before_cursor_execute", explain)
    try:
        use()
    finally:
        event.remove(ledger.database.engine, "before_cursor_execute", explain)
    assert found
    return found


def reads_a_whole_table(plan: list[str]) -> list[str]:
    return [
        line for line in plan if re.match(r"SCAN (jobs|urls|rows)\b", line.strip()) or "Seq Scan on" in line
    ]


def test_looking_up_listing_and_reading_go_by_an_index(ledger: Ledger) -> None:
    job = worked_off(ledger, new_job(URLS), [success(index) for index in range(50)])
    running = ledger.jobs.accept(new_job(URLS)).id
    claim = claimed(ledger, running)
    write(ledger, claim, [success(index) for index in range(0, 5_000, 100)])
    with ledger.database.engine.begin() as link:
        link.exec_driver_sql("ANALYZE")
    uses: dict[str, Callable[[], Any]] = {
        "status": lambda: ledger.jobs.get(job, "ann"),
        "rows of an ended job": lambda: ledger.jobs.rows(job, after=10_000, limit=100),
        "rows of a running job": lambda: ledger.jobs.rows(running, after=1_000, limit=100),
        "an owner's jobs": lambda: ledger.jobs.page("owner-3", before=running, limit=5),
        "an owner's jobs at work": lambda: ledger.jobs.page("owner-3", states=("running",), limit=5),
        "renewing": lambda: ledger.leases.renew(claim),
        "taking over": lambda: ledger.leases.claim(running, "w1"),
    }
    assert {name: reads_a_whole_table(plans(ledger, use)) for name, use in uses.items()} == {
        name: [] for name in uses
    }


def test_a_long_list_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """Counted in a process of its own: how far the largest size goes beyond that of a shorter list."""
    step = (
        "import resource, sys\n"
        "from tests.ledgers import new_job, opened, target\n"
        "def size(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024\n"
        "def listed(count): return (target(index) for index in range(count))\n"
        "with opened(f'sqlite:///{sys.argv[1]}') as ledger:\n"
        "    ledger.jobs.accept(new_job(0, targets=listed(30_000)))\n"
        "    before = size()\n"
        "    ledger.jobs.accept(new_job(0, targets=listed(120_000)))\n"
        "    print(size() - before)\n"
    )
    command = [sys.executable, "-c", step, str(tmp_path / "ledger.db")]
    grown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    # 90,000 more targets in memory would be more than 40 MB.
    assert int(grown.stdout) < 20
