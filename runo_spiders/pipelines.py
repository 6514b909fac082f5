"""Page → Row: the ladder, validation, the row, the cap, the book. Rows pass what is for pages."""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from scrapy.exceptions import DropItem, NotConfigured
from scrapy.utils.misc import build_from_crawler, load_object

from runo_spiders.answer import Answers, Rules
from runo_spiders.errors import PageFailure, describe
from runo_spiders.extract.contradictions import contradictions
from runo_spiders.extract.ground import ground
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.protocol import Extractor
from runo_spiders.item_cap import ItemCap
from runo_spiders.items import FREE, NOTHING_FOUND, Page, RenderMode, Row
from runo_spiders.llm.model import ModelFailure
from runo_spiders.page.markdown import markdown
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.locale import locale_of
from runo_spiders.schema.of_run import MARKDOWN
from runo_spiders.spiders.schema import SchemaSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

logger = logging.getLogger(__name__)

_COMMIT_EVERY = 0.1


class JobPipeline:
    """A pipeline of the jobs of a `SchemaSpider`; off for other spiders of the same project."""

    def __init__(self, crawler: Crawler, spider: SchemaSpider) -> None:
        self.crawler = crawler
        self.spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, SchemaSpider):
            raise NotConfigured
        return cls(crawler, crawler.spider)


class PagePipeline(JobPipeline, ABC):
    """Processes pages; lets finished rows pass; turns a failure into an error row."""

    async def process_item(self, item: Any) -> Any:
        if not isinstance(item, Page):
            return item
        try:
            return await self.process_page(item)
        except PageFailure as failure:
            return _error_row(failure, item)
        except Exception as fault:
            logger.exception("Error while processing %s", item.url)
            return _error_row(fault, item)

    @abstractmethod
    async def process_page(self, page: Page) -> Page | Row:
        """The page with more known about it, or its row. May raise `PageFailure`."""


class DataPipeline(PagePipeline, ABC):
    """A pipeline of the jobs whose rows are data in a schema's shape."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if isinstance(crawler.spider, SchemaSpider) and crawler.spider.schema is MARKDOWN:
            raise NotConfigured
        return super().from_crawler(crawler)


class MarkdownPipeline(PagePipeline):
    """The data of a row is the main content of its page, as one text."""

    def __init__(self, crawler: Crawler, spider: SchemaSpider) -> None:
        super().__init__(crawler, spider)
        if spider.schema is not MARKDOWN:
            raise NotConfigured

    async def process_page(self, page: Page) -> Page:
        text = markdown(page.document)
        return replace(page, data=text or None, warnings=() if text else (NOTHING_FOUND,))


class ExtractPipeline(DataPipeline):
    """Climbs the ladder with the rungs of `RUNO_LADDER`; an item that was scraped by hand is grounded."""

    def __init__(self, crawler: Crawler, spider: SchemaSpider) -> None:
        super().__init__(crawler, spider)
        self._rungs = load_rungs(crawler, spider.config.ladder)

    async def process_page(self, page: Page) -> Page:
        reading = reading_of(page, self.spider.job.locale)
        if page.given is not None:
            came = ground(page, self.spider.schema, reading)
        else:
            came = await climb(page, self.spider.schema, reading, self._rungs)
        odd = tuple(f"{pointer}: {sentence}" for pointer, sentence in contradictions(page, came.findings))
        return replace(
            page,
            findings=came.findings,
            rejected=came.rejected,
            refused=came.refused,
            failure=came.failure,
            usage=page.usage + came.usage,
            warnings=(*odd, *came.warnings),
        )


class ValidatePipeline(DataPipeline):
    """Brings the findings into the schema's shape, and keeps only what the client's schema allows."""

    @cached_property
    def _answers(self) -> Answers:
        """Made with the first page: by then a proposed schema is there."""
        return Answers(self.spider.schema, Rules.of(self.spider.job))

    @cached_property
    def _unfinished(self) -> Answers:
        """For pages on which a rung failed: nothing is required, since the failure is what the row tells."""
        return Answers(self.spider.schema, replace(Rules.of(self.spider.job), require=()))

    async def process_page(self, page: Page) -> Page:
        if page.failure is None:
            answer = self._answers.answer(page.findings, page.rejected, page.refused)
        else:
            rejected = page.rejected if page.findings else {}
            answer = self._unfinished.answer(page.findings, rejected, page.refused)
        warnings = (*answer.warnings, *page.warnings)
        return replace(page, data=answer.data, evidence=answer.evidence, warnings=warnings)


class RowPipeline(PagePipeline):
    """Page → Row. A page on which a rung failed gives an error row that keeps what was found before."""

    async def process_page(self, page: Page) -> Row:
        return Row(
            url=page.url,
            status="error" if page.failure else "success",
            index=page.index,
            render_mode=_render_mode(page),
            data=page.data,
            error=page.failure,
            warnings=page.warnings,
            final_url=page.final_url,
            http_status=page.http_status,
            fetched_at=page.fetched_at,
            evidence=page.evidence,
            usage=page.usage,
            extra=page.extra,
        )


class RowsPipeline(JobPipeline):
    """A pipeline of finished rows, which may bring other rows with them."""

    async def send(self, rows: Iterable[Row]) -> None:
        """Pass rows through all pipelines, to the book and the feeds."""
        for row in rows:
            await self.crawler.engine.scraper.start_itemproc_async(row, response=None)


class CapPipeline(RowsPipeline):
    """`max_total_items`: rows pass in the order of their URLs, and the job ends when the cap is reached."""

    def __init__(self, crawler: Crawler, spider: SchemaSpider) -> None:
        super().__init__(crawler, spider)
        if spider.job.max_total_items is None:
            raise NotConfigured
        self._cap = ItemCap(spider.job.max_total_items, *spider.book.rows_and_items())
        self._released: set[int | None] = set()

    async def process_item(self, item: Any) -> Any:
        if not isinstance(item, Row):
            return item
        if item.index in self._released:
            self._released.remove(item.index)
            return item
        ready = list(self._cap.arrive(item))
        self.spider.held_back = self._cap.held
        if self._cap.reached:
            self.spider.end("max_total_items")
        self._released |= {row.index for row in ready}
        await self.send(ready)
        raise DropItem("the row comes when its turn has come", log_level="DEBUG")


class BookPipeline(RowsPipeline):
    """Keeps each row in the book, counts it, and brings the rows that waited for it."""

    async def open_spider(self) -> None:
        self.spider.book.begin()

    async def process_item(self, item: Any) -> Any:
        if isinstance(item, Row):
            self._count(item)
            if item.index is not None:
                await self.send(await self.spider.course.keep(item))
        return item

    def _count(self, row: Row) -> None:
        self.crawler.stats.inc_value(f"runo/rows/{row.outcome}")
        if row.status == "error" and self.spider.job.fail_fast:
            self.spider.end("fail_fast")


def load_rungs(crawler: Crawler, paths: Iterable[str]) -> tuple[Extractor, ...]:
    """The rungs of the ladder, in order, without those that are not configured."""
    return tuple(rung for path in paths if (rung := _load_rung(crawler, path)) is not None)


def _load_rung(crawler: Crawler, path: str) -> Extractor | None:
    try:
        rung: Extractor = build_from_crawler(load_object(path), crawler)
    except NotConfigured:
        return None
    return rung


def reading_of(page: Page, locale: str | None) -> Reading:
    """How the text of a page is read: the job's locale, else what the page says of itself."""
    document = page.document
    return Reading(locale_of(locale, document.lang, page.final_url), document.base_url, page.fetched_at)


def _error_row(fault: BaseException, page: Page) -> Row:
    row = describe(fault, page.url, page.index, page.extra)
    return replace(
        row,
        final_url=page.final_url,
        http_status=page.http_status,
        fetched_at=page.fetched_at,
        usage=page.usage + (fault.usage if isinstance(fault, ModelFailure) else FREE),
    )


def _render_mode(page: Page) -> RenderMode:
    rungs = {evidence.rung for evidence in page.evidence.values()}
    return "structured" if page.render_mode == "fetch" and rungs == {"structured"} else page.render_mode
