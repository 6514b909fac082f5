"""`scrapy suggest-schema`: a JSON Schema that the model proposes, from a prompt and a few pages."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from scrapy import signals
from scrapy.crawler import Crawler, CrawlerProcessBase

from runo_spiders.addon import ITEM_PIPELINES
from runo_spiders.asked import check_model
from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import ALL_WELL, NONE_SUCCEEDED, USAGE
from runo_spiders.items import Row
from runo_spiders.job import JobSpec
from runo_spiders.llm.propose import MOST_PAGES
from runo_spiders.output.files import refuse_existing
from runo_spiders.proposing import ProposePipeline
from runo_spiders.schema.of_run import NOT_YET
from runo_spiders.spiders.schema import SchemaSpider


class Suggesting(SchemaSpider):
    """A job with a prompt that ends when the schema is there: its pages do not become rows."""

    name = "suggest-schema"
    # Scrapy annotates it as an instance variable.
    custom_settings = {"ITEM_PIPELINES": {**dict.fromkeys(ITEM_PIPELINES), ProposePipeline: 200}}  # noqa: RUF012


def perform(process: CrawlerProcessBase, args: list[str], opts: argparse.Namespace) -> int:
    """Run the command; the exit status."""
    try:
        job = _job(args, opts)
        if not (opts.overwrite or opts.output in (None, "-")):
            refuse_existing(Path(opts.output))
        check_model(job, Config.from_settings(process.settings))
    except UsageMistake as mistake:
        return _end(USAGE, str(mistake))
    return _suggest(process, job, opts.output or "-")


def _suggest(process: CrawlerProcessBase, job: JobSpec, output: str) -> int:
    crawler = process.create_crawler(Suggesting)
    failed: list[Row] = []

    def keep(item: object) -> None:
        failed.extend([item] if isinstance(item, Row) else [])

    crawler.signals.connect(keep, signal=signals.item_scraped)
    process.crawl(crawler, **job.model_dump(by_alias=True, exclude_unset=True))
    process.start()
    document = _proposed(crawler)
    if document is None:
        return _end(NONE_SUCCEEDED, "; ".join(map(_why, failed)) or "no page came")
    _write(json.dumps(document, ensure_ascii=False, indent=2) + "\n", output)
    return ALL_WELL


def _end(status: int, sentence: str) -> int:
    print(f"scrapy suggest-schema: {sentence}", file=sys.stderr)
    return status


def _job(args: list[str], opts: argparse.Namespace) -> JobSpec:
    if not 1 <= len(args) <= MOST_PAGES:
        raise UsageMistake(f"give one to {MOST_PAGES} URLs, got {len(args)}")
    if not opts.prompt:
        raise UsageMistake("argument prompt: is missing")
    job, _ = Suggesting.check_arguments({"urls": tuple(args), "prompt": opts.prompt})
    return job


def _proposed(crawler: Crawler) -> object:
    """The document of the schema, None if there is none."""
    schema = getattr(crawler.spider, "schema", NOT_YET)
    return None if schema is NOT_YET else schema.document


def _why(row: Row) -> str:
    return f"{row.url}: {row.error.message}" if row.error else row.url


def _write(text: str, output: str) -> None:
    if output == "-":
        sys.stdout.write(text)
    else:
        Path(output).write_text(text, encoding="utf-8")
