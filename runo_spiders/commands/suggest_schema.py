"""`scrapy suggest-schema`: a JSON Schema that the model proposes, from a prompt and a few pages."""

from __future__ import annotations

import argparse
from typing import ClassVar

from scrapy.commands import ScrapyCommand


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
        from runo_spiders.addon import switch_on

        switch_on(self.settings)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.crawler_process is not None
        from runo_spiders.console.suggest_schema import perform

        self.exitcode = perform(self.crawler_process, args, opts)
