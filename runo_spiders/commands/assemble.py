"""`scrapy assemble`: the outputs of a run that was killed, made from its spool."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False

    def syntax(self) -> str:
        return "SPOOL [-o FILE[:FORMAT]]"

    def short_desc(self) -> str:
        return "Write the rows of a run that was killed, from its spool"

    def long_desc(self) -> str:
        return (
            "Write one row per URL that the run knew of, in their order; JOB_CANCELLED where there is none. "
            "Without -o, OUT.json.spool is written to OUT.json."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument("-o", "--output", action="append", metavar="FILE[:FORMAT]", help="where rows go")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        from runo_spiders.console.assemble import perform

        self.exitcode = perform(args, opts.output)
