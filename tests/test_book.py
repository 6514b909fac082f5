"""The contract of `Book`: what a crawl may rely on, wherever its URLs and rows are kept."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runo_spiders.book import Book
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.spool import Spool
from tests.ledgers import claimed, failure, new_job, opened, success, target
from tests.postgres import PostgresServer

Use = Callable[[Book], Awaitable[None]]


class Books:
    """One run's book in a ledger, as often as it is opened: each time is another process after a kill."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._job = ""
        self._times = 0

    @contextmanager
    def open(self) -> Iterator[Book]:
        self._times += 1
        with opened(self._url) as ledger:
            self._job = self._job or ledger.jobs.accept(new_job(0)).id
            book = ledger.book(claimed(ledger, self._job, "worker"))
            try:
                yield book
            finally:
                book.close()

    def use(self, work: Use) -> None:
        with self.open() as book:
            asyncio.run(_run(work, book))


class Spools(Books):
    """The same of a run that no ledger knows."""

    @contextmanager
    def open(self) -> Iterator[Book]:
        with Spool.open(self._url) as spool:
            yield spool


async def _run(work: Use, book: Book) -> None:
    await work(book)


def books_in(kind: str, request: pytest.FixtureRequest, folder: Path) -> Books:
    if kind == "spool":
        return Spools(str(folder / "out.spool"))
    if kind == "sqlite":
        return Books(f"sqlite:///{folder / 'ledger.db'}")
    server: PostgresServer = request.getfixturevalue("postgres")
    return Books(server.database())


@pytest.fixture(params=["sqlite", "postgresql", "spool"])
def books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    return books_in(request.param, request, tmp_path)


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger_books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    return books_in(request.param, request, tmp_path)


def indexes(entries: object) -> list[int | None]:
    return [entry.target.index for entry in entries]  # type: ignore[attr-defined]


def test_what_was_added_is_pending_in_order_until_it_has_a_row(books: Books) -> None:
    async def first(book: Book) -> None:
        await book.add(target(index) for index in (3, 0, 1))
        await book.add([target(2)])
        book.put(success(1))
        await book.flush()
        assert indexes(await book.pending(-1, 9)) == [0, 2, 3]
        assert indexes(await book.pending(-1, 2)) == [0, 2]
        assert indexes(await book.pending(2, 9)) == [3]
        assert (await book.pending(-1, 1))[0].target == target(0)

    async def second(book: Book) -> None:
        assert indexes(await book.pending(-1, 9)) == [0, 2, 3]

    books.use(first)
    books.use(second)


def test_adding_again_changes_nothing_and_another_url_in_its_place_is_refused(books: Books) -> None:
    async def use(book: Book) -> None:
        await book.add([target(0), target(1)])
        await book.add([target(1), target(2)])
        with pytest.raises(UsageMistake, match="not those of the run"):
            await book.add([Target("https://a.example/other", 1)])

    async def after(book: Book) -> None:
        assert [entry.target.url for entry in await book.pending(-1, 9)] == [target(n).url for n in range(3)]

    books.use(use)
    books.use(after)


def test_the_first_of_twins_is_known_whatever_the_fragment(books: Books) -> None:
    async def use(book: Book) -> None:
        await book.add(
            Target(f"https://a.example/{path}", index)
            for index, path in enumerate(["x#1", "y", "x", "x#2", "y"])
        )
        assert [entry.first for entry in await book.pending(-1, 9)] == [0, 1, 0, 0, 1]
        book.put(success(0))
        await book.flush()
        assert [entry.first for entry in await book.pending(-1, 9)] == [1, 0, 0, 1]

    books.use(use)


def test_starts_are_counted_over_lost_processes(ledger_books: Books) -> None:
    async def use(book: Book) -> None:
        assert await book.suspects() == []
        await book.add(target(index) for index in range(4))
        await asyncio.gather(book.start(target(1)), book.start(Target("https://a.example/unknown", None)))

    async def again(book: Book) -> None:
        suspects = await book.suspects()
        seen.append([(entry.target.index, entry.attempt) for entry in suspects])
        await asyncio.gather(book.start(target(1)), book.start(target(2)))

    async def with_rows(book: Book) -> None:
        given_up = await book.row(1)
        assert given_up is not None
        assert given_up.outcome == "WORKER_LOST"
        assert indexes(await book.suspects()) == [2]
        book.put(failure(2))
        await book.flush()
        assert await book.suspects() == []

    seen: list[list[tuple[int | None, int]]] = []
    ledger_books.use(use)
    ledger_books.use(again)
    ledger_books.use(again)
    assert seen == [[(1, 1)], [(2, 1), (1, 2)]]
    ledger_books.use(with_rows)


def test_a_page_that_is_walked_through_is_marked_and_no_row(books: Books) -> None:
    walked = Target("https://a.example/list", -1, hops=1)

    async def use(book: Book) -> None:
        await book.add([walked, target(0)])
        await book.start(walked)
        assert [entry.target for entry in await book.pending(-9, 9)] == [walked, target(0)]
        book.put(Row(walked.url, "success", walked.index))
        await book.flush()

    async def after(book: Book) -> None:
        assert indexes(await book.pending(-9, 9)) == [0]
        assert sorted(found.hops for found in await book.known()) == [0, 1]
        assert dict(book.outcomes()) == {}
        assert book.rows_and_items() == (frozenset(), 0)

    books.use(use)
    books.use(after)


def test_a_success_stays_a_success_and_a_failure_may_become_one(books: Books) -> None:
    async def use(book: Book) -> None:
        await book.add([target(0), target(1)])
        for row in (success(0), failure(0), failure(1), success(1)):
            book.put(row)
            await book.flush()
        assert await book.row(0) == success(0)
        assert await book.row(1) == success(1)
        assert await book.row(2) is None

    books.use(use)


def test_several_rows_of_one_url_in_one_moment_are_one(books: Books) -> None:
    async def use(book: Book) -> None:
        await book.add([target(0)])
        for row in (failure(0), success(0), failure(0)):
            book.put(row)
        assert await book.row(0) == success(0)

    books.use(use)


def test_facts_are_kept_and_the_newest_counts(books: Books) -> None:
    async def use(book: Book) -> None:
        assert book.fact("seen") is None
        book.note("seen", {"pages": 1})
        book.note("seen", {"pages": 2})
        assert book.fact("seen") == {"pages": 2}

    async def after(book: Book) -> None:
        assert book.fact("seen") == {"pages": 2}
        book.note("seen", None)
        await book.flush()

    books.use(use)
    books.use(after)


def test_outcomes_go_on_from_the_run_before(books: Books) -> None:
    async def use(book: Book) -> None:
        await book.add(target(index) for index in range(3))
        book.put(success(0))
        book.put(failure(1))
        assert dict(book.outcomes()) == {"success": 1, "TIMEOUT": 1}

    async def after(book: Book) -> None:
        assert dict(book.outcomes()) == {"success": 1, "TIMEOUT": 1}
        assert book.rows_and_items() == (frozenset({0, 1}), 1)
        book.put(success(2))
        assert book.outcomes()["success"] == 2

    books.use(use)
    books.use(after)


def test_a_waiter_that_is_cancelled_takes_no_other_with_it(books: Books) -> None:
    async def use(book: Book) -> None:
        impatient = asyncio.create_task(book.add([target(0)]))
        patient = asyncio.create_task(book.add([target(1)]))
        await asyncio.sleep(0)
        impatient.cancel()
        await patient
        await book.flush()
        assert indexes(await book.pending(-1, 9)) == [0, 1]

    books.use(use)
