"""The first shape of a job: a list of URLs, through the windowed feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sized
from typing import TYPE_CHECKING

from scrapy import Request

from runo_spiders.book import Entry
from runo_spiders.errors import PageFailure, describe
from runo_spiders.feed import Feed
from runo_spiders.inputs import Target, saved_pages, targets
from runo_spiders.items import Page, Row
from runo_spiders.job import JobSpec
from runo_spiders.twins import Twins
from runo_spiders.urls import fault_of

if TYPE_CHECKING:
    from runo_spiders.spiders.schema import SchemaSpider

_PAUSE = 0.05


class UrlList:
    """Asks for each URL of the list once, in order, a window ahead of the downloads."""

    def __init__(self, spider: SchemaSpider) -> None:
        self._spider = spider
        self._feed = Feed(spider.book, _source(spider.job))
        self._twins = Twins(spider.book)

    async def start(self) -> AsyncIterator[Request | Row]:
        async for entry in self._entries():
            if self._drops_the_rest:
                return
            step = await self._step(entry)
            if step is not None:
                yield step

    async def follow(self, page: Page, target: Target) -> list[Request]:
        """A list follows no links."""
        return []

    async def keep(self, row: Row) -> list[Row]:
        """Put a row into the book; the rows that come with it."""
        self._spider.book.put(row)
        return self._twins.release(row)

    def target_of_failure(self, target: Target) -> Target | None:
        """Each URL of a list has its row."""
        return target

    async def close(self) -> None:
        """Write down the URLs that were not read yet, so that each gets its row."""
        await self._feed.drain()

    async def _entries(self) -> AsyncIterator[Entry]:
        suspects = await self._spider.book.suspects()
        async for entry in self._spider.alone(suspects):
            yield entry
        async for entry in self._feed.entries():
            while self._ahead() > self._spider.config.window:
                await asyncio.sleep(_PAUSE)
            yield entry

    @property
    def _drops_the_rest(self) -> bool:
        return self._spider.ending is not None and not self._spider.ending.told

    def _ahead(self) -> int:
        scheduler = self._spider.crawler.engine.scheduler
        queued = len(scheduler) if isinstance(scheduler, Sized) else 0
        return queued + self._twins.waiting + self._spider.held_back

    async def _step(self, entry: Entry) -> Request | Row | None:
        """A request; the row where none is needed; None if the request for a twin will bring it."""
        spider, target = self._spider, entry.target
        if spider.ending is not None:
            return spider.ending.row(target)
        fault = None if spider.job.html_dir else fault_of(target.url)
        if fault is not None:
            return describe(PageFailure("URL_INVALID", fault), target.url, target.index, target.extra)
        if entry.first != target.index:
            return await self._twins.join(target, entry.first)
        return spider.typed_request(target)


def _source(job: JobSpec) -> Iterator[Target] | None:
    """Where the targets of a list come from; None if its book has them already."""
    if job.html_dir:
        return saved_pages(job.html_dir, job.limit)
    return targets(job.urls, job.limit) if job.urls else None
