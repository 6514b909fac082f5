"""`scrapy explain`: for one page and each field, what each rung found, where, and why it won or lost."""

from __future__ import annotations

import argparse
from typing import ClassVar

from scrapy.commands import ScrapyCommand


class Command(ScrapyCommand):
    requires_project = False
    default_settings: ClassVar = {"LOG_LEVEL": "ERROR"}

    def syntax(self) -> str:
        return "[options] URL --schema SCHEMA"

    def short_desc(self) -> str:
        return "Show for each field what was found on a page, where, and why it won or lost"

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("--schema", metavar="SCHEMA", help="a name, a path, or JSON")
        parser.add_argument("--html", metavar="FILE", help="read the page from a file, fetch nothing")
        parser.add_argument("--locale", metavar="LOCALE", help="how numbers and dates are written, as de-AT")

    def process_options(self, args: list[str], opts: argparse.Namespace) -> None:
        super().process_options(args, opts)
        assert self.settings is not None
        from runo_spiders.addon import switch_on

        switch_on(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        from runo_spiders.console.explain import perform

        self.exitcode = perform(self.crawler_process, args, opts)
