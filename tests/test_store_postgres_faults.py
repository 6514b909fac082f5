"""What may happen to PostgreSQL: restarted, frozen, its backends killed, crowded, deadlocked, cut off."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Connection, func, select, update

from runo_spiders.errors import UsageMistake
from runo_spiders.store.charges import Allowance
from runo_spiders.store.faults import StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.tables import jobs, rows, urls
from tests.cutting_proxy import CuttingProxy
from tests.ledgers import claimed, failure, new_job, opened, success, target, write
from tests.postgres import PostgresServer

CROWD = 12


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server that tests may maltreat."""
    with PostgresServer(
        f"-c max_connections={CROWD}", "-c superuser_reserved_connections=0", "-c deadlock_timeout=100ms"
    ) as server:
        yield server


@pytest.fixture
def url(server: PostgresServer) -> str:
    return server.database()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with opened(url) as ledger:
        yield ledger


def add_an_item(link: Connection, job: str) -> None:
    link.execute(update(jobs).where(jobs.c.id == job).values(item_count=jobs.c.item_count + 1))


def test_a_server_that_is_not_there_is_told(server: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable):
        Ledger.open(server.url("nothing", port=1), patience=0.1)
    with pytest.raises(UsageMistake, match="mysql is not supported"):
        Ledger.open("mysql://db/ledger")


def test_a_running_job_outlives_a_restart_of_the_server(server: PostgresServer, ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(40)).id
    claim = claimed(ledger, job)
    book = ledger.book(claim)

    async def work() -> None:
        for index in range(40):
            if index == 20:
                await asyncio.to_thread(server.stop, "immediate")
                restart = asyncio.create_task(asyncio.to_thread(server.start))
            await book.start(target(index))
            book.put(success(index))
        await restart
        await book.flush()

    asyncio.run(work())
    book.close()
    assert book.fault is None
    ledger.leases.finish(claim, "finished")
    assert [row.outcome for row in ledger.jobs.complete_rows(job)] == ["success"] * 40
    with ledger.database.read() as link:
        assert link.scalar(select(func.max(urls.c.attempt)).where(urls.c.job == job)) == 1


def test_the_first_reading_after_a_restart_finds_a_new_connection(
    server: PostgresServer, ledger: Ledger
) -> None:
    job = ledger.jobs.accept(new_job()).id
    server.stop("immediate")
    with pytest.raises(StoreUnavailable):
        ledger.jobs.get(job)
    server.start()
    assert ledger.jobs.get(job) is not None


def test_a_frozen_server_is_told_and_piles_up_no_threads(server: PostgresServer, url: str) -> None:
    """All of those calls end while the server is still frozen."""
    with opened(url, patience=1) as ledger:
        job = ledger.jobs.accept(new_job()).id

        def ask(number: int) -> str:
            try:
                if number % 2:
                    ledger.jobs.get(job)
                else:
                    ledger.jobs.cancel(job)
            except StoreUnavailable:
                return "unavailable"
            return "answered"

        server.freeze()
        try:
            with ThreadPoolExecutor(8) as pool:
                assert list(pool.map(ask, range(8))) == ["unavailable"] * 8
        finally:
            server.thaw()
        found = ledger.jobs.get(job)
        assert found is not None


def test_a_transaction_whose_backend_is_killed_is_run_again(server: PostgresServer, ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    runs: list[int] = []

    def work(link: Connection) -> None:
        add_an_item(link, job)
        runs.append(int(link.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()))
        if len(runs) < 3:
            with server.connection("postgres") as other:
                other.execute("SELECT pg_terminate_backend(%s)", [runs[-1]])

    ledger.database.write(work)
    found = ledger.jobs.get(job)
    assert found is not None
    assert (len(runs), found.progress.items) == (3, 1)


def test_a_server_without_a_free_connection_is_told_and_nothing_breaks(
    server: PostgresServer, url: str
) -> None:
    with opened(url, patience=0.5) as ledger:
        ledger.database.close()
        with ExitStack() as crowd:
            for _ in range(CROWD):
                crowd.enter_context(server.connection("postgres"))
            with pytest.raises(StoreUnavailable, match="clients"):
                ledger.jobs.accept(new_job())
            with pytest.raises(StoreUnavailable, match="clients"):
                ledger.jobs.page(None)
        assert ledger.jobs.accept(new_job()).state == "queued"


def test_more_threads_than_connections_take_turns(ledger: Ledger) -> None:
    with ThreadPoolExecutor(40) as pool:
        made = list(pool.map(lambda _: ledger.jobs.accept(new_job()).state, range(80)))
    assert made == ["queued"] * 80


def test_of_two_transactions_that_block_each_other_both_succeed(ledger: Ledger) -> None:
    made = [ledger.jobs.accept(new_job()).id for _ in range(2)]
    both_have_one = threading.Barrier(2)
    runs: list[str] = []

    def touch_both(first: str, second: str) -> None:
        def work(link: Connection) -> None:
            runs.append(first)
            add_an_item(link, first)
            if runs.count(first) == 1:
                both_have_one.wait()
            add_an_item(link, second)

        ledger.database.write(work)

    threads = [threading.Thread(target=touch_both, args=order) for order in (made, made[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(runs) > 2
    assert [job.progress.items for job in ledger.jobs.page(None)] == [2, 2]


def test_a_commit_that_succeeded_unheard_is_not_done_twice(server: PostgresServer, url: str) -> None:
    """Each step is cut off after its COMMIT was sent, and comes to the same end when it runs again."""
    name = url.rpartition("/")[2]
    with CuttingProxy(server.port) as proxy, opened(server.url(name, proxy.port)) as ledger:
        proxy.cut_next(1)
        key, text = ledger.keys.create("ann", "n", per_month=10, balance=1)
        assert ledger.keys.authenticate(text).id == key.id
        proxy.cut_next(1)
        assert ledger.keys.top_up(key.id, 5) == 6
        proxy.cut_next(1)
        job = ledger.jobs.accept(new_job(3, key=key.id, units=3)).id
        proxy.cut_next(1)
        claim = claimed(ledger, job)
        proxy.cut_next(2)
        write(ledger, claim, [success(0), failure(1)], starts=[0, 1])
        proxy.cut_next(1)
        ledger.leases.finish(claim, "finished")
        first_round = ledger.allowance(key.id)
        proxy.cut_next(1)
        assert ledger.jobs.retry(job, units=True) == 2
        proxy.cut_next(1)
        ledger.jobs.cancel(job)
        proxy.cut_next(3)
        long = ledger.jobs.accept(new_job(20_001, idempotency_key="k"))
        assert proxy.cuts == 1 + 1 + 1 + 1 + 2 + 1 + 1 + 1 + 3
    with opened(url) as ledger:
        assert (first_round, ledger.allowance(key.id)) == (Allowance(8, 6), Allowance(8, 6))
        assert len(ledger.keys.list()) == 1
        assert {found.id for found in ledger.jobs.page(None)} == {job, long.id}
        with ledger.database.read() as link:
            attempts = link.execute(select(urls.c.attempt).where(urls.c.job == job).order_by(urls.c.idx))
            assert [attempt for (attempt,) in attempts] == [1, 0, 0]
            assert link.scalar(select(func.count()).select_from(rows)) == 1
            assert link.scalar(select(func.count()).select_from(urls)) == 3 + 20_001
