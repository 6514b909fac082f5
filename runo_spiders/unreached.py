"""Rows for the URLs that a crawl could not come to, because it could not begin or broke off."""

from __future__ import annotations

import asyncio

from runo_spiders.book import Book
from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.store.leases import StaleClaim
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job

_AT_ONCE = 1000


def fail_the_rest(ledger: Ledger, job: Job, worker: str, failure: PageFailure) -> None:
    """End a job of this worker: each URL without a row gets that failure.

    A job without any URL is lost. Raises `StaleClaim` if the job is no longer this worker's.
    """
    # Claimed anew: the book of the crawl may have ended with a fault.
    claim = ledger.leases.claim(job.id, worker)
    if claim is None:
        raise StaleClaim(f"{job.id}: another worker has it")
    book = ledger.book(claim)
    try:
        told = asyncio.run(_fail_the_rest(book, job, failure))
    finally:
        book.close()
    ledger.leases.finish(claim, "finished" if told else "lost")


async def _fail_the_rest(book: Book, job: Job, failure: PageFailure) -> bool:
    """Whether there is any row that tells of it."""
    if seed := job.spec.get("seed_url"):
        await _add_seed(book, str(seed))
    after = -1
    while entries := await book.pending(after, _AT_ONCE):
        for target in (entry.target for entry in entries):
            book.put(describe(failure, target.url, target.index, target.extra))
            after = after if target.index is None else target.index
        await book.flush()
    return bool(book.outcomes())


async def _add_seed(book: Book, seed: str) -> None:
    """A crawl that did not begin has no URL yet."""
    if not await book.known():
        await book.add([Target(seed, 0)])
