"""What may happen to a SQLite file: locked, full, failing, gone, replaced, damaged, copied at any moment."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.store.faults import StoreDamaged, StoreFull, StoreUnavailable
from runo_spiders.store.ledger import Ledger
from tests.crawling import ROOT
from tests.ledgers import claimed, new_job, opened, success, target, worked_off, write

PATIENCE_S = 0.4


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    with opened(f"sqlite:///{path}", patience=PATIENCE_S) as ledger:
        yield ledger


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process keeps the write lock."""
    lock = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
        "db.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", lock, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        holder.stdout.readline()
        try:
            yield
        finally:
            holder.stdin.close()
            holder.wait()


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(path)) as db:
        return str(db.execute("PRAGMA integrity_check").fetchone()[0])


def test_a_lock_is_waited_for_a_while_and_then_told_and_reading_goes_on(ledger: Ledger, path: Path) -> None:
    job = ledger.jobs.accept(new_job()).id
    _, key = ledger.keys.create("ann", "n")
    with locked(path):
        with pytest.raises(StoreUnavailable, match="locked"):
            ledger.jobs.accept(new_job())
        assert ledger.jobs.get(job) is not None
        assert ledger.keys.authenticate(key).last_used_at is None
    assert ledger.jobs.accept(new_job()).state == "queued"


def test_a_running_job_waits_for_a_lock_and_goes_on(ledger: Ledger, path: Path) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    book = ledger.book(claim)

    async def work() -> None:
        with locked(path):
            started = asyncio.create_task(book.start(target(0)))
            await asyncio.sleep(3 * PATIENCE_S)
            assert not started.done()
        await started
        book.put(success(0))
        await book.flush()

    asyncio.run(work())
    book.close()
    assert [row.index for row in ledger.jobs.rows(job)] == [0]


def limit_pages(ledger: Ledger, more: int) -> None:
    """Let the database grow by so many pages; the limit is that of the one connection."""
    with ledger.database.engine.connect() as link:
        count = link.exec_driver_sql("PRAGMA page_count").scalar()
        link.exec_driver_sql(f"PRAGMA max_page_count = {int(count or 0) + more}")


def test_on_a_full_disk_nothing_is_half_written_and_all_goes_on_when_there_is_space(
    ledger: Ledger, path: Path
) -> None:
    before = ledger.jobs.accept(new_job()).id
    limit_pages(ledger, 2)
    for length in (5_000, 20_001):
        with pytest.raises(StoreFull, match="full"):
            ledger.jobs.accept(new_job(length))
    assert [job.id for job in ledger.jobs.page(None)] == [before]
    assert integrity(path) == "ok"
    limit_pages(ledger, 100_000)
    assert ledger.jobs.accept(new_job(5_000)).state == "queued"


def test_a_running_job_waits_for_space_and_goes_on(ledger: Ledger, path: Path) -> None:
    job = ledger.jobs.accept(new_job(0)).id
    book = ledger.book(claimed(ledger, job))
    limit_pages(ledger, 2)

    async def work() -> None:
        added = asyncio.create_task(book.add(target(index) for index in range(5_000)))
        await asyncio.sleep(0.5)
        assert not added.done()
        assert book.fault is None
        limit_pages(ledger, 100_000)
        await added
        book.put(success(4_999))
        await book.flush()

    asyncio.run(work())
    book.close()
    assert [row.index for row in ledger.jobs.rows(job)] == [4_999]
    assert integrity(path) == "ok"


def test_a_book_that_is_closed_while_the_disk_is_full_says_what_is_wrong(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(1)).id
    claim = claimed(ledger, job)
    book = ledger.book(claim)
    limit_pages(ledger, 0)
    book.note("long", "x" * 100_000)
    book.close()
    assert isinstance(book.fault, StoreFull)


def test_an_error_of_the_disk_is_told_and_leaves_the_ledger_whole(path: Path) -> None:
    """RLIMIT_FSIZE makes writes fail as a broken disk does; it is a process's own."""
    with opened(f"sqlite:///{path}") as ledger:
        ledger.jobs.accept(new_job())
    step = (
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from tests.ledgers import new_job, opened\n"
        "from runo_spiders.store.faults import StoreFull\n"
        f"with opened('sqlite:///{path}') as ledger:\n"
        "    for length in (5_000, 2):\n"
        "        try: print(ledger.jobs.accept(new_job(length)).state)\n"
        "        except StoreFull as fault: print('full')\n"
    )

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    command = [sys.executable, "-c", step]
    done = subprocess.run(command, cwd=ROOT, preexec_fn=limit, capture_output=True, text=True)
    assert done.stdout.split() == ["full", "queued"], done.stderr
    assert integrity(path) == "ok"
    with opened(f"sqlite:///{path}") as ledger:
        assert len(ledger.jobs.page(None)) == 2


@pytest.mark.parametrize(
    ("name", "told"),
    [("missing/ledger.db", "folder .*missing is not there"), ("", "needs a file")],
)
def test_a_place_where_no_ledger_can_be_is_refused(tmp_path: Path, name: str, told: str) -> None:
    with pytest.raises(UsageMistake, match=told):
        Ledger.open(f"sqlite:///{tmp_path / name if name else ''}")
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_a_projects_data_is_made(tmp_path: Path) -> None:
    path = tmp_path / ".scrapy" / "runo" / "ledger.db"
    with opened(f"sqlite:///{path}") as ledger:
        ledger.jobs.accept(new_job())
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("content", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_no_database_is_refused_and_kept(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(UsageMistake, match=r"ledger\.db"):
        Ledger.open(f"sqlite:///{path}")
    assert path.read_bytes() == content


def test_a_header_that_is_damaged_is_told(path: Path) -> None:
    with opened(f"sqlite:///{path}") as ledger:
        ledger.jobs.accept(new_job())
    content = path.read_bytes()
    path.write_bytes(os.urandom(16) + content[16:])
    with pytest.raises(UsageMistake, match=r"ledger\.db.*not a database"):
        Ledger.open(f"sqlite:///{path}")
    path.write_bytes(content)
    with opened(f"sqlite:///{path}") as ledger:
        assert len(ledger.jobs.page(None)) == 1


def test_a_ledger_that_is_gone_does_not_come_back_empty(path: Path) -> None:
    with opened(f"sqlite:///{path}") as ledger:
        ledger.jobs.accept(new_job())
        path.rename(path.with_name("moved"))
        with pytest.raises(StoreDamaged, match="removed or replaced"):
            ledger.jobs.accept(new_job())
        with pytest.raises(StoreDamaged, match="removed or replaced"):
            ledger.jobs.page(None)
        with pytest.raises(UsageMistake, match=r"ledger\.db is gone, but ledger\.db-wal is there"):
            Ledger.open(f"sqlite:///{path}")
    assert not path.exists()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write whatever it likes: be nobody for a while."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_file_that_may_not_be_written_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with opened(f"sqlite:///{path}"):
            pass
        path.chmod(0o444)
        Path(folder).chmod(0o555)
        with unprivileged(), pytest.raises(UsageMistake, match=r"ledger\.db or its folder cannot be written"):
            Ledger.open(f"sqlite:///{path}")
        Path(folder).chmod(0o755)


def test_a_copy_at_any_moment_opens_and_holds_what_was_accepted(ledger: Ledger, path: Path) -> None:
    """What a loss of power leaves is like a copy of the file, then of its log, at some moment."""
    accepted: list[str] = []
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            accepted.append(worked_off(ledger, new_job(20), [success(index) for index in range(20)]))

    worker = threading.Thread(target=work)
    worker.start()
    try:
        for number in range(6):
            time.sleep(0.15)
            known = list(accepted)
            copy = path.with_name(f"copy-{number}.db")
            shutil.copy(path, copy)
            shutil.copy(f"{path}-wal", f"{copy}-wal")
            assert integrity(copy) == "ok"
            with opened(f"sqlite:///{copy}") as copied:
                for job in known:
                    assert [row.index for row in copied.jobs.complete_rows(job)] == list(range(20))
    finally:
        stop.set()
        worker.join()
    assert accepted


def test_a_stopped_writer_is_waited_for(ledger: Ledger, path: Path) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    released = threading.Event()

    def hold() -> None:
        with locked(path):
            released.wait(PATIENCE_S / 2)

    holder = threading.Thread(target=hold)
    holder.start()
    write(ledger, claim, [success(0)], starts=[0])
    released.set()
    holder.join()
    assert [row.outcome for row in ledger.jobs.rows(job)] == ["success"]
