from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runo_spiders.errors import PageFailure, UsageMistake, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.spool import Spool, remove
from tests.crawling import ROOT


def success(index: int) -> Row:
    return Row(f"https://a.example/{index}", "success", index, data={"name": f"n{index}"})


def failure(index: int) -> Row:
    return describe(PageFailure("TIMEOUT"), f"https://a.example/{index}", index)


@pytest.fixture
def spool() -> Iterator[Spool]:
    with Spool.temporary() as spool:
        yield spool


def fill(spool: Spool, count: int) -> None:
    asyncio.run(spool.add(Target(f"https://a.example/{n}", n, {"id": str(n)}) for n in range(count)))


def test_each_url_gets_a_row_in_order_and_a_cancelled_one_where_there_is_none(spool: Spool) -> None:
    fill(spool, 4)
    spool.put(success(2))
    spool.put(failure(0))
    rows = list(spool.complete_rows())
    assert [row.index for row in rows] == [0, 1, 2, 3]
    assert [row.outcome for row in rows] == ["TIMEOUT", "JOB_CANCELLED", "success", "JOB_CANCELLED"]
    assert rows[3].extra == {"id": "3"}


def test_a_success_stays_a_success_and_a_failure_may_become_one(spool: Spool) -> None:
    fill(spool, 2)
    for row in (success(0), failure(0), failure(1), success(1)):
        spool.put(row)
    assert [row.outcome for row in spool.complete_rows()] == ["success", "success"]


def test_pending_leaves_out_what_has_a_row(spool: Spool) -> None:
    fill(spool, 5)
    spool.put(success(1))
    assert [entry.target.index for entry in asyncio.run(spool.pending(-1, 3))] == [0, 2, 3]
    assert [entry.target.index for entry in asyncio.run(spool.pending(3, 3))] == [4]


def test_the_first_of_twins_is_found_whatever_the_fragment(spool: Spool) -> None:
    twins = ("https://a.example/x#1", "https://a.example/y", "https://a.example/x")
    asyncio.run(spool.add(Target(url, index) for index, url in enumerate(twins)))
    assert [entry.first for entry in asyncio.run(spool.pending(-1, 3))] == [0, 1, 0]


def test_a_page_that_is_only_walked_through_is_no_row(spool: Spool) -> None:
    walked = Target("https://a.example/list", -1, hops=1)
    asyncio.run(spool.add([walked, Target("https://a.example/0", 0, hops=2)]))
    assert [entry.target.index for entry in asyncio.run(spool.pending(-10, 5))] == [-1, 0]
    spool.put(Row(walked.url, "success", walked.index))
    assert [entry.target.index for entry in asyncio.run(spool.pending(-10, 5))] == [0]
    assert [row.index for row in spool.complete_rows()] == [0]
    assert spool.rows_and_items() == (frozenset(), 0)
    assert dict(spool.outcomes()) == {}
    assert {target.hops for target in asyncio.run(spool.known())} == {1, 2}


def test_a_file_that_is_no_spool_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "out.spool"
    path.write_text("something of the user's, long enough to be no empty database" * 20)
    with pytest.raises(UsageMistake, match=r"out\.spool"):
        Spool.open(str(path))
    assert path.read_text().startswith("something")


def test_what_was_committed_survives_a_kill_of_the_writer(tmp_path: Path) -> None:
    path = tmp_path / "out.spool"
    writer = (
        "import os, sys; from runo_spiders.spool import Spool; from tests.test_spool import success, fill;"
        f"s = Spool.open({str(path)!r}); fill(s, 50);"
        "[s.put(success(n)) for n in range(20)]; s.commit(); s.put(success(30)); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", writer], cwd=ROOT).returncode == -9
    spool = Spool.open(str(path))
    assert [row.outcome for row in spool.complete_rows()].count("success") == 20
    assert len(list(spool.complete_rows())) == 50
    assert spool.cancelled
    spool.close()
    remove(str(path))
    assert list(tmp_path.iterdir()) == []


def test_another_url_in_the_place_of_one_that_is_there_is_refused(spool: Spool) -> None:
    fill(spool, 3)
    fill(spool, 4)
    with pytest.raises(UsageMistake, match="not those of the run"):
        asyncio.run(spool.add([Target("https://a.example/other", 1)]))
    assert [row.url for row in spool.complete_rows()] == [f"https://a.example/{n}" for n in range(4)]


def test_another_process_reads_while_one_writes(tmp_path: Path) -> None:
    path = str(tmp_path / "out.spool")
    writer, reader = Spool.open(path), Spool.open(path)
    fill(writer, 1)
    writer.note("counts", {"success": 1})
    writer.commit()
    assert reader.fact("counts") == {"success": 1}
    writer.close()
    reader.close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
