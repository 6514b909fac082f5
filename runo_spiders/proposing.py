"""A job without a schema: its first pages wait until the model has proposed one, then all follow it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

from scrapy.exceptions import NotConfigured

from runo_spiders.book import TOTAL
from runo_spiders.errors import PageFailure
from runo_spiders.items import Page
from runo_spiders.job import JobSpec
from runo_spiders.llm.client import ModelClient
from runo_spiders.llm.propose import MOST_PAGES, Wish, propose
from runo_spiders.page.asked import Asked
from runo_spiders.page.text import page_text
from runo_spiders.pipelines import PagePipeline
from runo_spiders.schema.of_run import NOT_YET
from runo_spiders.spiders.schema import SchemaSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_PATIENCE = 1.0
"""Seconds that the first page waits for others to be shown with it."""

_EVERYTHING = Asked(links=True, images=True, many=True)
"""Nobody knows yet what will be asked of the pages."""

_MOST_FAILURES = 3
"""After so many failed proposals every page fails as the last one did."""


class ProposePipeline(PagePipeline):
    """Stands before the ladder. The page for which the model was asked carries what that cost."""

    def __init__(self, crawler: Crawler, spider: SchemaSpider) -> None:
        super().__init__(crawler, spider)
        settings = spider.config.model
        if spider.schema is not NOT_YET or settings is None:
            raise NotConfigured
        self._client = ModelClient(settings)
        self._seen: list[Page] = []
        self._enough = asyncio.Event()
        self._turn = asyncio.Lock()
        self._failures: list[PageFailure] = []

    async def close_spider(self) -> None:
        await self._client.close()

    async def process_page(self, page: Page) -> Page:
        if self.spider.schema is not NOT_YET:
            return page
        self._note(page)
        async with self._turn:
            # It may have come while this page waited for its turn.
            return page if self.spider.schema is not NOT_YET else await self._first(page)

    def _note(self, page: Page) -> None:
        self._seen = [*self._seen, page][-MOST_PAGES:]
        if len(self._seen) in (MOST_PAGES, self.spider.book.fact(TOTAL)):
            self._enough.set()

    async def _first(self, page: Page) -> Page:
        """The page, when the schema has been proposed. Raises `PageFailure` if that failed."""
        if len(self._failures) == _MOST_FAILURES:
            last = self._failures[-1]
            # Without what it cost: the page that it failed for carries that.
            raise PageFailure(last.code.name, last.detail, retryable=last.retryable)
        await self._company()
        try:
            texts = [page_text(seen.document, _EVERYTHING).text for seen in self._seen]
            proposal = await propose(self._client, wish_of(self.spider.job), texts)
        except PageFailure as failure:
            self._failures.append(failure)
            raise
        self.spider.follow_schema(proposal.schema)
        return replace(page, usage=page.usage + proposal.usage)

    async def _company(self) -> None:
        """Wait for other pages, but not long: there may be none."""
        try:
            await asyncio.wait_for(self._enough.wait(), _PATIENCE)
        except TimeoutError:
            self._enough.set()


def wish_of(job: JobSpec) -> Wish:
    """What is wanted, with what the job's other arguments take for granted of its schema."""
    dated = () if job.date_filter is None else (job.date_filter.field,)
    many = (job.date_filter, job.max_items_per_url, job.max_total_items) != (None, None, None)
    return Wish(job.prompt or "", (*job.require, *dated), many)
