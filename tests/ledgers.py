"""What tests of the ledger share: a ledger that is closed, jobs to put in, rows, and a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import update

from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.ledger_book import LedgerBook
from runo_spiders.store.records import Claim, NewJob
from runo_spiders.store.tables import jobs


@contextmanager
def opened(url: str, **options: Any) -> Iterator[Ledger]:
    ledger = Ledger.open(url, **options)
    try:
        yield ledger
    finally:
        ledger.close()


def let_pass(ledger: Ledger, seconds: float, worker: str | None = None) -> None:
    """Age the leases of all workers, or of one, as if that time had gone by."""
    aged = update(jobs).values(lease_until=jobs.c.lease_until - seconds)
    with ledger.database.engine.begin() as link:
        link.execute(aged if worker is None else aged.where(jobs.c.worker == worker))


def target(index: int) -> Target:
    return Target(f"https://a.example/{index}", index, {"id": str(index)})


def new_job(urls: int = 3, **changes: Any) -> NewJob:
    asked: dict[str, Any] = {"owner": "ann", "dialect": "runo", "endpoint": "batch", "spec": {"schema": "x"}}
    return NewJob(**{**asked, "targets": [target(index) for index in range(urls)], **changes})


def success(index: int) -> Row:
    return Row(f"https://a.example/{index}", "success", index, data={"name": f"n{index}"})


def failure(index: int, code: str = "TIMEOUT") -> Row:
    return describe(PageFailure(code), f"https://a.example/{index}", index)


def claimed(ledger: Ledger, job: str, worker: str = "w1") -> Claim:
    claim = ledger.leases.claim(job, worker)
    assert claim is not None
    return claim


def write(ledger: Ledger, claim: Claim, rows: Iterable[Row] = (), starts: Iterable[int] = ()) -> None:
    """Start and put through a book, as a worker does. Raises what the book raises."""
    book = ledger.book(claim)
    try:
        asyncio.run(_write(book, rows, starts))
    finally:
        book.close()


def worked_off(ledger: Ledger, new: NewJob, rows: Iterable[Row]) -> str:
    """A job whose rows are put, each after its start, and which is finished."""
    job = ledger.jobs.accept(new).id
    claim, put = claimed(ledger, job), list(rows)
    write(ledger, claim, put, [row.index for row in put if row.index is not None])
    ledger.leases.finish(claim, "finished")
    return job


async def _write(book: LedgerBook, rows: Iterable[Row], starts: Iterable[int]) -> None:
    for index in starts:
        await book.start(target(index))
    for row in rows:
        book.put(row)
    await book.flush()
