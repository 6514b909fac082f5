"""`scrapy crawl` of a `SchemaSpider`: its arguments are checked first, and the exit status tells."""

from __future__ import annotations

import sys
from typing import Any

from scrapy.crawler import Crawler, CrawlerProcessBase
from scrapy.settings import Settings
from scrapy.spiderloader import get_spider_loader

from runo_spiders.addon import switch_on
from runo_spiders.asked import check_model
from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import INTERRUPTED, USAGE, exit_status
from runo_spiders.output.exporters import FEED_EXPORTERS
from runo_spiders.spiders.schema import SchemaSpider

_ROWS = "runo/rows/"


def prepare(settings: Settings) -> None:
    # The formats of -o are checked before an add-on has its say.
    own = settings.getdict("FEED_EXPORTERS")
    settings.set("FEED_EXPORTERS", {**FEED_EXPORTERS, **own}, priority="project")
    if not settings.getlist("SPIDER_MODULES"):
        # Where no project is, the spider that comes along runs by the same rules.
        settings.set("SPIDER_MODULES", ["runo_spiders.spiders"], priority="project")
        switch_on(settings)


def schema_spider(settings: Settings, args: list[str]) -> type[SchemaSpider] | None:
    """The spider that is asked for, where it is one of ours."""
    loader = get_spider_loader(settings)
    spider = loader.load(args[0]) if len(args) == 1 and args[0] in loader.list() else None
    return spider if spider is not None and issubclass(spider, SchemaSpider) else None


def check(spider: type[SchemaSpider], arguments: dict[str, Any], config: Config) -> None:
    """End with one sentence and status 2, before anything is logged, if an argument is wrong."""
    try:
        job, _ = spider.check_arguments(arguments)
        check_model(job, config)
    except UsageMistake as mistake:
        print(f"scrapy crawl: {mistake}", file=sys.stderr)
        sys.exit(USAGE)


def perform(process: CrawlerProcessBase, crawler: Crawler, arguments: dict[str, Any]) -> int:
    """Run the crawl; the exit status."""
    process.crawl(crawler, **arguments)
    process.start()
    if process.bootstrap_failed:
        return 1
    stats = crawler.stats.get_stats()
    if stats.get("finish_reason") == "shutdown":
        return INTERRUPTED
    return exit_status({name.removeprefix(_ROWS): n for name, n in stats.items() if name.startswith(_ROWS)})
