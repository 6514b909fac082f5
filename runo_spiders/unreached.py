"""Rows for the URLs that a crawl could not come to, because it could not begin or broke off."""

from __future__ import annotations

import asyncio

from runo_spiders.book import Book
from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.store.records import Job

_AT_ONCE = 1000


def fail_the_rest(book: Book, job: Job, failure: PageFailure) -> bool:
    """Give each URL without a row that failure; whether there is any row that tells of it."""
    told = asyncio.run(_fail_the_rest(book, job, failure))
    book.close()
    return told


async def _fail_the_rest(book: Book, job: Job, failure: PageFailure) -> bool:
    if seed := job.spec.get("seed_url"):
        await _add_seed(book, str(seed))
    after, told = -1, False
    while entries := await book.pending(after, _AT_ONCE):
        for target in (entry.target for entry in entries):
            book.put(describe(failure, target.url, target.index, target.extra))
            after = target.index if target.index is not None else after
        await book.flush()
        told = True
    return told or bool(book.outcomes())


async def _add_seed(book: Book, seed: str) -> None:
    """A crawl that did not begin has no URL yet."""
    if not await book.known():
        await book.add([Target(seed, 0)])
