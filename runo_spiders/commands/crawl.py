"""`scrapy crawl`, with the arguments of a `SchemaSpider` checked first and an exit status that tells."""

from __future__ import annotations

import argparse
from importlib import import_module

from scrapy.commands.crawl import Command as StockCommand
from scrapy.exceptions import UsageError
from scrapy.spiderloader import get_spider_loader


class Command(StockCommand):
    """Other spiders run as with Scrapy's own command."""

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        # Its deprecated names look through all modules for each frame of the stack: 0.1 s less from up here.
        import_module("scrapy.core.downloader.contextfactory")
        from runo_spiders.config import Config
        from runo_spiders.console.crawl import check, prepare, schema_spider

        prepare(self.settings)
        super().process_options(args, opts)
        spider = schema_spider(self.settings, args)
        if spider is not None:
            check(spider, opts.spargs, Config.from_settings(self.settings))

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from runo_spiders.console.crawl import perform, schema_spider

        if schema_spider(self.settings, args) is None:
            self._check_name(args)
            super().run(args, opts)
        else:
            assert self.crawler_process is not None
            self.exitcode = perform(self.crawler_process, self._create_crawler(args[0]), opts.spargs)

    def _check_name(self, args: list[str]) -> None:
        assert self.settings is not None
        known = get_spider_loader(self.settings).list()
        if len(args) == 1 and args[0] not in known:
            raise UsageError(f"there is no spider {args[0]!r} (known: {', '.join(known) or 'none'})")
