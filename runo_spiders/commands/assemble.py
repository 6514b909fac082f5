"""`scrapy assemble`: the outputs of a run that was killed, made from its spool."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.commands import ScrapyCommand

from runo_spiders.book import SCHEMA
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import USAGE
from runo_spiders.output.files import Output
from runo_spiders.schema.of_run import schema_of_run
from runo_spiders.spool import Spool


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
        try:
            _assemble(args, opts.output)
        except UsageMistake as mistake:
            print(f"scrapy assemble: {mistake}", file=sys.stderr)
            self.exitcode = USAGE


def _assemble(args: list[str], outputs: list[str] | None) -> None:
    if len(args) != 1 or not Path(args[0]).is_file():
        raise UsageMistake("give the spool of one run, a file that ends in .spool")
    wanted = [Output.parse(text) for text in outputs or [args[0].removesuffix(".spool")]]
    with Spool.open(args[0]) as spool:
        schema = schema_of_run(spool.fact(SCHEMA))
        for output in wanted:
            output.write(spool, schema)
