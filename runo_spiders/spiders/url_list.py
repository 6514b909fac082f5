"""The first shape of a job: a list of URLs, through the windowed feed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sized
from typing import TYPE_CHECKING

from scrapy import Request

from runo_spiders.errors import PageFailure, describe
from runo_spiders.feed import Feed
from runo_spiders.inputs import Target, saved_pages, targets
from runo_spiders.items import Page, Row
from runo_spiders.twins import Twins
from runo_spiders.urls import fault_of

if TYPE_CHECKING:
    from runo_spiders.spiders.schema import SchemaSpider

_PAUSE = 0.05


class UrlList:
    """Asks for each URL of the list once, in order, a window ahead of the downloads."""

    def __init__(self, spider: SchemaSpider) -> None:
        self._spider = spider
        job = spider.job
        source = saved_pages(job.html_dir, job.limit) if job.html_dir else targets(job.urls or (), job.limit)
        self._feed = Feed(spider.spool, source)
        self._twins = Twins(spider.spool)

    async def start(self) -> AsyncIterator[Request | Row]:
        async for target in self._feed.targets():
            while self._ahead() > self._spider.config.window:
                await asyncio.sleep(_PAUSE)
            step = self._step(target)
            if step is not None:
                yield step

    def follow(self, page: Page, target: Target) -> Iterator[Request]:
        """A list follows no links."""
        return iter(())

    def after(self, row: Row) -> list[Row]:
        """The rows that come with this one."""
        return self._twins.release(row)

    def target_of_failure(self, target: Target) -> Target | None:
        """Each URL of a list has its row."""
        return target

    def close(self) -> None:
        """Write down the URLs that were not read yet, so that each gets its row."""
        self._feed.drain()

    def _ahead(self) -> int:
        scheduler = self._spider.crawler.engine.scheduler
        queued = len(scheduler) if isinstance(scheduler, Sized) else 0
        return queued + self._twins.waiting + self._spider.held_back

    def _step(self, target: Target) -> Request | Row | None:
        """A request; the row where none is needed; None if the request for a twin will bring it."""
        spider = self._spider
        if spider.ending is not None:
            return spider.ending.row(target)
        fault = None if spider.job.html_dir else fault_of(target.url)
        if fault is not None:
            return describe(PageFailure("URL_INVALID", fault), target.url, target.index, target.extra)
        first = spider.spool.first_of(target)
        return spider.typed_request(target) if first == target.index else self._twins.join(target, first)
