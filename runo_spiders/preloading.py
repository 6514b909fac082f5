"""All that a job needs, imported and made before the processes of the jobs are forked."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from scrapy.crawler import Crawler
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader
from scrapy.utils.conf import build_component_list
from scrapy.utils.misc import load_object

from runo_spiders.answer import Answers, Rules
from runo_spiders.book import Book
from runo_spiders.config import Config
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.local import LocalExtractor
from runo_spiders.extract.structured import StructuredExtractor
from runo_spiders.inputs import Target
from runo_spiders.items import Page, Row
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.locale import locale_of
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import NewJob
from runo_spiders.store.rehearsal import Rehearsal
from runo_spiders.workshop import Workshop

logger = logging.getLogger(__name__)

_ONE = (
    "STATS_CLASS",
    "LOG_FORMATTER",
    "REQUEST_FINGERPRINTER_CLASS",
    "SCHEDULER",
    "SCHEDULER_PRIORITY_QUEUE",
    "SCHEDULER_MEMORY_QUEUE",
    "SCHEDULER_DISK_QUEUE",
    "DUPEFILTER_CLASS",
    "DOWNLOADER",
    "DOWNLOADER_CLIENTCONTEXTFACTORY",
    "ITEM_PROCESSOR",
    "ROBOTSTXT_PARSER",
    "TWISTED_DNS_RESOLVER",
    "SPIDER_LOADER_CLASS",
)
_SEVERAL = ("DOWNLOADER_MIDDLEWARES", "SPIDER_MIDDLEWARES", "EXTENSIONS", "ITEM_PIPELINES")
_BY_NAME = ("DOWNLOAD_HANDLERS", "FEED_EXPORTERS", "FEED_STORAGES")

_PAGE = """<!doctype html><html lang=en><title>Kettle</title><h1>Kettle</h1><p class=price>Price: $19.99</p>
<dl><dt>Brand<dd>Slipway<dt>Availability<dd>In stock<dt>Date<dd>3 March 2026</dl></html>"""

# What Scrapy, Twisted and the database import when they are first used.
_LATER = (
    "twisted.internet.asyncioreactor",
    "scrapy.core.downloader.handlers.http11",
    "concurrent.futures.thread",
    "encodings.charmap",
    "sqlalchemy.dialects.sqlite.pysqlite",
)


def preload(settings: Settings) -> Workshop:
    """Import and make all that jobs need, so that a forked child begins with the crawl at once.

    Installs no reactor, starts no thread that stays, and leaves no connection to the ledger open.
    """
    crawler = Crawler(SchemaSpider, settings)
    crawler.addons.load_settings(crawler.settings)
    for component in _components(crawler.settings):
        if not isinstance(component, str) or "." in component:
            load_object(component)
    for module in _LATER:
        import_module(module)
    get_spider_loader(settings)
    _rehearse_a_page()
    workshop = Workshop.of(settings)
    _rehearse_a_job(workshop.ledger)
    # What is there is there to stay: a child that looked for garbage in it would copy the memory.
    gc.collect()
    gc.freeze()
    return workshop


def _rehearse_a_page() -> None:
    """Climb the ladder once: some libraries read their data when they are first asked."""
    schema = load_schema("product")
    rungs = (StructuredExtractor(), LocalExtractor())
    page = Page("https://a.example/", 0, "https://a.example/", 200, datetime.now(UTC), Document(_PAGE, ""))
    reading = Reading(locale_of(None, "en", page.url), page.url, page.fetched_at)
    came = asyncio.run(climb(page, schema, reading, rungs))
    Answers(schema, Rules()).answer(came.findings, came.rejected)


def _rehearse_a_job(ledger: Ledger) -> None:
    """SQLAlchemy compiles a statement once for each engine, which takes longer than to run it."""
    try:
        with Rehearsal.of(ledger.database) as database:
            _work_off_a_job(Ledger(database))
    except (StoreUnavailable, StoreFull) as fault:
        logger.warning("Jobs start slower than they could, since the ledger cannot be used now: %s", fault)
    finally:
        ledger.close()


def _work_off_a_job(ledger: Ledger) -> None:
    target = Target("https://a.example/", 0)
    new = NewJob("rehearsal", "cli", "rehearsal", {}, [target], key="rehearsal", units=1)
    claim = ledger.leases.claim(ledger.jobs.accept(new).id, "rehearsal")
    assert claim is not None
    book = ledger.book(claim)
    asyncio.run(_write(book, target))
    book.close()
    ledger.leases.renew(claim)
    ledger.leases.finish(claim, "finished")


async def _write(book: Book, target: Target) -> None:
    await book.pending(-1, 1)
    await book.start(target)
    book.put(Row(target.url, "success", target.index))
    book.note("rehearsal", True)
    await book.flush()


def _components(settings: Settings) -> Iterator[Any]:
    yield from (settings[name] for name in _ONE if settings.get(name))
    for name in _SEVERAL:
        yield from build_component_list(settings.get_component_priority_dict_with_base(name))
    yield from Config.from_settings(settings).ladder
    for name in _BY_NAME:
        yield from (component for component in settings.getwithbase(name).values() if component)
