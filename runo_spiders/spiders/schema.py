"""SchemaSpider: URLs and a schema in, one row per URL out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

from scrapy import Request, signals
from scrapy.exceptions import CloseSpider
from scrapy.http import Response

from runo_spiders.asked import check_job, check_model
from runo_spiders.book import FINISHED, SCHEMA, Entry
from runo_spiders.commission import Commission
from runo_spiders.config import Config
from runo_spiders.ending import Ending, EndReason, JobEnded
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.job import JobSpec
from runo_spiders.net.credentials import Credentials
from runo_spiders.output.exporters import check_feeds, check_feeds_without_columns
from runo_spiders.schema.model import Schema
from runo_spiders.schema.of_run import NOT_YET, schema_of_run
from runo_spiders.spiders.base import TARGET, PageSpider, target_of
from runo_spiders.spiders.site_crawl import SiteCrawl
from runo_spiders.spiders.url_list import UrlList
from runo_spiders.spool import Spool, remove
from runo_spiders.urls import is_local, origin

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings
    from twisted.python.failure import Failure


_STARTED = "runo_started"
_LOOK_EVERY = 0.01


class SchemaSpider(PageSpider):
    """The spider of both shapes of a job.

    Each argument of `JobSpec` is a spider argument (`-a urls=…`) and may stand as a class attribute of a
    subclass: `schema`, `urls`, `seed_url`, `follow_pattern` and so on; an argument of the command line wins.
    After the birth of the spider `schema` is the loaded `Schema`, `job` the checked `JobSpec`, and `book`
    holds the run's URLs and rows.
    """

    name = "schema"
    schema: Any = None

    def __init__(self, job: JobSpec, schema: Schema, config: Config, commission: Commission) -> None:
        super().__init__()
        self.job = job
        self.config = config
        self.commission = commission
        self.book = commission.book
        # A run that goes on follows the schema that was proposed at its first start.
        self.schema = schema if schema is not NOT_YET else schema_of_run(self.book.fact(SCHEMA))
        if self.book.fact(SCHEMA) != self.schema.document:
            self.book.note(SCHEMA, self.schema.document)
        self.ending: Ending | None = None
        self.in_flight = 0
        """How many requests have left and are not answered yet."""
        self.held_back = 0
        """How many rows wait for the rows before them."""
        self.course: UrlList | SiteCrawl = SiteCrawl(self) if job.crawls else UrlList(self)

    @classmethod
    def from_crawler(
        cls, crawler: Crawler, *args: Any, commission: Commission | None = None, **kwargs: Any
    ) -> Self:
        """Raises `UsageMistake` for an argument that is wrong, before anything is fetched."""
        job, schema = cls.check_arguments(kwargs)
        config = Config.from_settings(crawler.settings)
        check_model(job, config)
        check_feeds(crawler.settings)
        if job.proposes_schema:
            check_feeds_without_columns(crawler.settings)
        if commission is None:
            commission = _commission_of_the_command_line(crawler, job, config)
        spider = cls(job, schema, config, commission)
        spider._set_crawler(crawler)
        for name, value in _settings_of(job):
            crawler.settings.set(name, value, priority="spider")
        return spider

    @classmethod
    def check_arguments(cls, arguments: dict[str, Any]) -> tuple[JobSpec, Schema]:
        """The job and the schema that spider arguments mean, with the class attributes as defaults."""
        # Scrapyd adds arguments of its own, such as _job.
        given = {name: value for name, value in arguments.items() if not name.startswith("_")}
        fields = {field.alias or name for name, field in JobSpec.model_fields.items()}
        standing = {name: getattr(cls, name) for name in fields if getattr(cls, name, None) is not None}
        job, schema = check_job(standing | given)
        Credentials.of(job)
        return job, schema

    @property
    def spool(self) -> Spool | None:
        """The book of a run of the command line; the batch feed is written from it."""
        return self.book if isinstance(self.book, Spool) else None

    async def start(self) -> AsyncIterator[Any]:
        try:
            async for step in self.course.start():
                yield step
        except UsageMistake as mistake:
            self.logger.error("%s", mistake)  # noqa: TRY400 (the user needs the sentence, not a traceback)
            raise CloseSpider("usage") from mistake

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Any]:
        """A page that was asked for gives its row; in a crawl its links are followed."""
        target = target_of(response)
        page = self.make_page(response)
        # The links stand in the book before the row does: a kill in between loses none of them.
        requests = await self.course.follow(page, target)
        if not target.walked:
            yield page
        for request in requests:
            yield request

    async def parse_sitemap(self, response: Response) -> AsyncIterator[Request]:
        assert isinstance(self.course, SiteCrawl)
        for request in await self.course.read_sitemap(response):
            yield request

    async def sitemap_failed(self, failure: Failure) -> AsyncIterator[Row]:
        assert isinstance(self.course, SiteCrawl)
        self.course.sitemap_failed(failure.request)  # type: ignore[attr-defined]
        async for row in self.failed(failure):
            yield row

    def typed_request(self, target: Target) -> Request:
        """The request for a URL that was typed: its host is allowed, the job's credentials go along."""
        request = self.page_request(target)
        request.meta["typed"] = self.commission.trusted
        return self.commission.credentials.added_to(request)

    def followed_request(self, target: Target) -> Request:
        """The request for a link; on the seed's own origin it is what a typed one is."""
        same_origin = origin(target.url) == origin(self.job.seed_url or "")
        return self.typed_request(target) if same_origin else self.page_request(target)

    async def set_out(self, request: Request) -> None:
        """Called when a request is about to leave. Raises `JobEnded`; counts the start of a target."""
        if self.ending is not None:
            raise JobEnded(self.ending.reason)
        target = request.meta.get(TARGET)
        if target is not None and _STARTED not in request.meta:
            # Retries and redirects belong to the same start: they take the mark along.
            request.meta[_STARTED] = True
            await self.book.start(target)

    async def alone(self, entries: Iterable[Entry]) -> AsyncIterator[Entry]:
        """The entries one at a time: each comes when all that the one before led to is done and written."""
        for entry in entries:
            yield entry
            await self._quiet()
            await self.book.flush()

    def end(self, reason: EndReason) -> None:
        """Fetch nothing more; the first reason stays."""
        if self.ending is None:
            self.ending = Ending(reason, told=reason == "max_total_items" or not self.commission.completed)

    def row_of_failure(self, fault: BaseException, target: Target | None, url: str) -> Row | None:
        if isinstance(fault, JobEnded) and self.ending is not None and target is not None:
            return self.ending.row(target)
        numbered = self.course.target_of_failure(target) if target is not None else None
        return super().row_of_failure(fault, numbered, url)

    def follow_schema(self, schema: Schema) -> None:
        """From now on the rows follow this schema, which was proposed; it can be read in the book."""
        self.schema = schema
        self.book.note(SCHEMA, schema.document)
        self.logger.info("Proposed schema: %s", json.dumps(schema.document, ensure_ascii=False))

    async def closed(self, reason: str) -> None:
        await self.course.close()
        self.book.note(FINISHED, reason == "finished")
        await self.book.flush()

    async def _quiet(self) -> None:
        """Return when no request waits or is under way, and no answer is worked on."""
        looks = 0
        # Twice, because an answer is nowhere for a moment on its way from the downloader to the spider.
        while looks < 2:
            await asyncio.sleep(_LOOK_EVERY)
            looks = looks + 1 if self._is_idle else 0

    @property
    def _is_idle(self) -> bool:
        engine = self.crawler.engine
        assert engine.scheduler is not None
        return not engine.scheduler.has_pending_requests() and not engine.downloader.active and self.digested

    @property
    def digested(self) -> bool:
        """Whether all answers that came have been worked off."""
        slot = self.crawler.engine.scraper.slot
        return slot is None or slot.is_idle()


def _commission_of_the_command_line(crawler: Crawler, job: JobSpec, config: Config) -> Commission:
    """The spool that the settings name, one beside a batch feed, or one without a name."""
    beside = _spool_of_batch_feed(crawler.settings) if not config.spool else ""
    remove(beside)
    path = config.spool or beside
    spool = Spool.open(path) if path else Spool.temporary()
    # When the engine has stopped the feeds have read the spool.
    crawler.signals.connect(spool.close, signals.engine_stopped)
    crawler.signals.connect(lambda: remove(beside), signals.engine_stopped, weak=False)
    return Commission(spool, Credentials.of(job))


def _settings_of(job: JobSpec) -> Iterator[tuple[str, Any]]:
    if job.concurrency is not None:
        yield "CONCURRENT_REQUESTS", job.concurrency
        yield "CONCURRENT_REQUESTS_PER_DOMAIN", job.concurrency
    if job.timeout_ms is not None:
        yield "RUNO_TIMEOUT_MS", job.timeout_ms
        yield "DOWNLOAD_TIMEOUT", job.timeout_ms / 1000
    if job.seed_url is not None and not is_local(job.seed_url):
        yield "AUTOTHROTTLE_ENABLED", True
        yield "AUTOTHROTTLE_START_DELAY", 0.25


def _spool_of_batch_feed(settings: BaseSettings) -> str:
    """The path of a spool beside the first feed with the format `batch`: the run may be killed."""
    for uri, feed in settings.getdict("FEEDS").items():
        if feed.get("format") == "batch" and "://" not in str(uri):
            return f"{uri}.spool"
    return ""
