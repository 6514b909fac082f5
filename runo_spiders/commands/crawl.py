"""`scrapy crawl`, with the arguments of a `SchemaSpider` checked first and an exit status that tells."""

from __future__ import annotations

import argparse
import sys

from scrapy.commands.crawl import Command as StockCommand
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader

from runo_spiders.addon import switch_on
from runo_spiders.asked import check_model
from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import INTERRUPTED, USAGE, exit_status
from runo_spiders.output.exporters import FEED_EXPORTERS
from runo_spiders.spiders.schema import SchemaSpider

_ROWS = "runo/rows/"


class Command(StockCommand):
    """Other spiders run as with Scrapy's own command."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        # The formats of -o are checked here, before an add-on has its say.
        own = self.settings.getdict("FEED_EXPORTERS")
        self.settings.set("FEED_EXPORTERS", {**FEED_EXPORTERS, **own}, priority="project")
        if not self.settings.getlist("SPIDER_MODULES"):
            # Where no project is, the spider that comes along runs by the same rules.
            self.settings.set("SPIDER_MODULES", ["runo_spiders.spiders"], priority="project")
            switch_on(self.settings)
        super().process_options(args, opts)
        spider = self._schema_spider(args)
        if spider is not None:
            _check(spider, opts, Config.from_settings(self.settings))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        if self._schema_spider(args) is None:
            self._check_name(args)
            super().run(args, opts)
        else:
            self.exitcode = self._crawl(self._create_crawler(args[0]), opts)

    def _check_name(self, args: list[str]) -> None:
        assert self.settings is not None
        known = get_spider_loader(self.settings).list()
        if len(args) == 1 and args[0] not in known:
            raise UsageError(f"there is no spider {args[0]!r} (known: {', '.join(known) or 'none'})")

    def _schema_spider(self, args: list[str]) -> type[SchemaSpider] | None:
        assert self.settings is not None
        loader = get_spider_loader(self.settings)
        spider = loader.load(args[0]) if len(args) == 1 and args[0] in loader.list() else None
        return spider if spider is not None and issubclass(spider, SchemaSpider) else None

    def _crawl(self, crawler: Crawler, opts: argparse.Namespace) -> int:
        assert self.crawler_process is not None
        self.crawler_process.crawl(crawler, **opts.spargs)
        self.crawler_process.start()
        if self.crawler_process.bootstrap_failed:
            return 1
        stats = crawler.stats.get_stats()
        if stats.get("finish_reason") == "shutdown":
            return INTERRUPTED
        return exit_status(
            {name.removeprefix(_ROWS): n for name, n in stats.items() if name.startswith(_ROWS)}
        )


def _check(spider: type[SchemaSpider], opts: argparse.Namespace, config: Config) -> None:
    """End with one sentence and status 2, before anything is logged, if an argument is wrong."""
    try:
        job, _ = spider.check_arguments(opts.spargs)
        check_model(job, config)
    except UsageMistake as mistake:
        print(f"scrapy crawl: {mistake}", file=sys.stderr)
        sys.exit(USAGE)
