"""`scrapy suggest-schema`: a JSON Schema that the model proposes, from a prompt and a few pages."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import ClassVar

from scrapy import signals
from scrapy.commands import ScrapyCommand
from scrapy.crawler import Crawler

from runo_spiders.addon import ITEM_PIPELINES, switch_on
from runo_spiders.asked import check_model
from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import NONE_SUCCEEDED, USAGE
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


class Command(ScrapyCommand):
    requires_project = False
    default_settings: ClassVar = {"LOG_LEVEL": "ERROR"}

    def syntax(self) -> str:
        return "[options] URL… --prompt TEXT"

    def short_desc(self) -> str:
        return "Let the model propose a schema from what you want and a few pages"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--prompt", metavar="TEXT", help="what is wanted, in words")
        parser.add_argument("-o", "--output", metavar="FILE", help="where the schema goes (default: -)")

        parser.add_argument("--overwrite", action="store_true", help="replace FILE if it exists")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        switch_on(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        try:
            job = _job(args, opts)
            if not (opts.overwrite or opts.output in (None, "-")):
                refuse_existing(Path(opts.output))
            check_model(job, Config.from_settings(self.settings))
        except UsageMistake as mistake:
            self._end(USAGE, str(mistake))
            return
        self._suggest(job, opts.output or "-")

    def _suggest(self, job: JobSpec, output: str) -> None:
        assert self.crawler_process is not None
        crawler = self.crawler_process.create_crawler(Suggesting)
        failed: list[Row] = []

        def keep(item: object) -> None:
            failed.extend([item] if isinstance(item, Row) else [])

        crawler.signals.connect(keep, signal=signals.item_scraped)
        self.crawler_process.crawl(crawler, **job.model_dump(by_alias=True, exclude_unset=True))
        self.crawler_process.start()
        document = _proposed(crawler)
        if document is None:
            self._end(NONE_SUCCEEDED, "; ".join(map(_why, failed)) or "no page came")
        else:
            _write(json.dumps(document, ensure_ascii=False, indent=2) + "\n", output)

    def _end(self, status: int, sentence: str) -> None:
        print(f"scrapy suggest-schema: {sentence}", file=sys.stderr)
        self.exitcode = status


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
