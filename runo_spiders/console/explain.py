"""`scrapy explain`: for one page and each field, what each rung found, where, and why it won or lost."""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from rich.text import Text
from scrapy import signals
from scrapy.crawler import Crawler, CrawlerProcessBase
from scrapy.http import HtmlResponse, Request, Response

from runo_spiders.addon import ITEM_PIPELINES
from runo_spiders.answer import Answers, Rules
from runo_spiders.config import Config
from runo_spiders.errors import PageFailure, UsageMistake
from runo_spiders.exit_status import ALL_WELL, SOME_FAILED, USAGE
from runo_spiders.extract.verdicts import Verdict, explain
from runo_spiders.inputs import Target
from runo_spiders.items import ErrorInfo, Page, Row
from runo_spiders.job import JobSpec
from runo_spiders.output.report import console_for
from runo_spiders.output.verdicts_text import verdicts_text
from runo_spiders.pipelines import load_rungs, reading_of
from runo_spiders.schema.model import Schema
from runo_spiders.spiders.base import TARGET, PageSpider
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.urls import fault_of


class OnePage(SchemaSpider):
    """Fetches as the job does, and keeps its page: what the rungs make of it is heard afterwards."""

    name = "explain"
    # Scrapy annotates it as an instance variable.
    custom_settings = {"ITEM_PIPELINES": dict.fromkeys(ITEM_PIPELINES)}  # noqa: RUF012
    page: Page | None = None

    def make_page(self, response: Response) -> Page:
        self.page = super().make_page(response)
        return self.page


def perform(process: CrawlerProcessBase, args: list[str], opts: argparse.Namespace) -> int:
    """Run the command; the exit status."""
    try:
        job, schema = _check(args, opts)
        page = _fetched(process, job) if opts.html is None else _saved(args[0], Path(opts.html))
        verdicts, warnings, failure = asyncio.run(_judge(process, page, job, schema))
    except UsageMistake as mistake:
        return _end(USAGE, str(mistake))
    except PageFailure as failure:
        return _end(SOME_FAILED, f"{args[0]}: {failure}")
    console = console_for(sys.stdout)
    console.print(verdicts_text(verdicts, schema), soft_wrap=True)
    if warnings:
        told = "\n  ".join(("\nWarnings of the row", *warnings))
        console.print(Text(told, style="yellow"), soft_wrap=True)
    if failure is not None:
        return _end(SOME_FAILED, f"{args[0]}: {failure.code}: {failure.message}")
    return ALL_WELL


def _fetched(process: CrawlerProcessBase, job: JobSpec) -> Page:
    """The page, by a crawl of one URL. Raises `PageFailure` with what the row says if there is none."""
    crawler = process.create_crawler(OnePage)
    rows: list[Row] = []

    def keep(item: object) -> None:
        rows.extend([item] if isinstance(item, Row) else [])

    crawler.signals.connect(keep, signal=signals.item_scraped)
    arguments = job.model_dump(by_alias=True, exclude_unset=True)
    process.crawl(crawler, **arguments)
    process.start()
    return _page_of(crawler, rows)


async def _judge(
    process: CrawlerProcessBase, page: Page, job: JobSpec, schema: Schema
) -> tuple[tuple[Verdict, ...], tuple[str, ...], ErrorInfo | None]:
    """The verdicts on each candidate, and the warnings and the error that the page's row would carry."""
    crawler = process.create_crawler(OnePage)
    rungs = load_rungs(crawler, Config.from_settings(crawler.settings).ladder)
    verdicts, came = await explain(page, schema, reading_of(page, job.locale), rungs)
    # The rungs let go of what they hold at the end of a crawl, and this one never runs.
    await crawler.signals.send_catch_log_async(signals.spider_closed, spider=None, reason="finished")
    answer = Answers(schema, Rules.of(job)).answer(came.findings, came.rejected, came.refused)
    return verdicts, (*answer.warnings, *came.warnings), came.failure


def _end(status: int, sentence: str) -> int:
    print(f"scrapy explain: {sentence}", file=sys.stderr)
    return status


def _check(args: list[str], opts: argparse.Namespace) -> tuple[JobSpec, Schema]:
    if len(args) != 1:
        raise UsageMistake(f"give one URL, got {len(args)}")
    fault = fault_of(args[0])
    if fault is not None:
        raise UsageMistake(f"URL {args[0]}: {fault}")
    options = {"schema": opts.schema, "locale": opts.locale}
    given = {name: value for name, value in options.items() if value is not None}
    return OnePage.check_arguments({"urls": (args[0],), **given})


def _saved(url: str, path: Path) -> Page:
    """The page of a file, as if it had been fetched from `url`."""
    try:
        body = path.read_bytes()
    except OSError as fault:
        raise UsageMistake(f"argument html: {fault.strerror}: {path}") from fault
    request = Request(url, meta={TARGET: Target(url, 0)})
    return PageSpider("explain").make_page(HtmlResponse(url, body=body, request=request))


def _page_of(crawler: Crawler, rows: list[Row]) -> Page:
    page = getattr(crawler.spider, "page", None)
    if isinstance(page, Page):
        return page
    error = rows[0].error if rows else None
    raise (
        PageFailure(error.code, error.message) if error else PageFailure("INTERNAL", "the crawl gave no row")
    )
