"""`scrapy assemble`: the outputs of a run that was killed, made from its spool."""

from __future__ import annotations

import sys
from pathlib import Path

from runo_spiders.book import SCHEMA
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import ALL_WELL, USAGE
from runo_spiders.output.files import Output
from runo_spiders.schema.of_run import schema_of_run
from runo_spiders.spool import Spool


def perform(args: list[str], outputs: list[str] | None) -> int:
    """Run the command; the exit status."""
    try:
        _assemble(args, outputs)
    except UsageMistake as mistake:
        print(f"scrapy assemble: {mistake}", file=sys.stderr)
        return USAGE
    return ALL_WELL


def _assemble(args: list[str], outputs: list[str] | None) -> None:
    if len(args) != 1 or not Path(args[0]).is_file():
        raise UsageMistake("give the spool of one run, a file that ends in .spool")
    wanted = [Output.parse(text) for text in outputs or [args[0].removesuffix(".spool")]]
    with Spool.open(args[0]) as spool:
        schema = schema_of_run(spool.fact(SCHEMA))
        for output in wanted:
            output.write(spool, schema)
