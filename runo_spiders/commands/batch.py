"""`scrapy batch`: the friendly command over the spider, with progress, a summary and outputs in order."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from runo_spiders.addon import switch_on
from runo_spiders.asked import check_model
from runo_spiders.batch import Batch, Outcome, prepare, run, spool_beside, write
from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.exit_status import INTERRUPTED, NONE_SUCCEEDED, USAGE, exit_status
from runo_spiders.job import JobSpec
from runo_spiders.output.files import Output
from runo_spiders.output.report import ProgressLine, print_summary
from runo_spiders.spiders.schema import SchemaSpider


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_LEVEL": "WARNING"}

    def syntax(self) -> str:
        return "[options] URLS… --schema SCHEMA [-o FILE]"

    def short_desc(self) -> str:
        return "Turn URLs into rows, with progress, a summary, and outputs in the order of the URLs"

    def long_desc(self) -> str:
        return (
            "Fetch URLs (or a file of them, or - for standard input) and write one row per URL. "
            "A run that was interrupted goes on when the same command is given again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", action="append", metavar="FILE[:FORMAT]", help="where rows go (default: -)"
        )
        parser.add_argument("--overwrite", action="store_true", help="replace outputs, start anew")
        parser.add_argument(
            "--schema-out", metavar="FILE", help="where a schema that the model proposed is kept"
        )
        job = parser.add_argument_group("The job")
        for name, field in JobSpec.model_fields.items():
            if name == "urls":
                continue
            flag = "--" + (field.alias or name).replace("_", "-")
            kind: dict[str, Any] = {"action": "store_true"} if field.annotation is bool else {"metavar": "…"}
            job.add_argument(flag, dest=f"job_{field.alias or name}", help=field.description, **kind)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        try:
            batch = _batch(args, opts)
            assert self.settings is not None
            check_model(batch.job, Config.from_settings(self.settings))
            prepare(batch, opts.overwrite)
        except UsageMistake as mistake:
            print(f"scrapy batch: {mistake}", file=sys.stderr)
            self.exitcode = USAGE
            return
        switch_on(self.settings)
        with ProgressLine() as line:
            outcome = run(batch, self.settings, line.show)
        schema_out = write(batch)
        print_summary(outcome.counts, [output.path for output in batch.outputs])
        if schema_out is not None:
            print(f"the schema of the rows is in {schema_out}", file=sys.stderr)
        self.exitcode = _status(outcome)
        if outcome.end != "finished":
            print(f"scrapy batch: {_what_next(outcome, batch)}", file=sys.stderr)


def _batch(args: list[str], opts: argparse.Namespace) -> Batch:
    options = {name[4:]: value for name, value in vars(opts).items() if name.startswith("job_") and value}
    urls = {"urls": args[0] if len(args) == 1 else tuple(args)} if args else {}
    arguments = urls | options
    job, schema = SchemaSpider.check_arguments(arguments)
    outputs = tuple(map(Output.parse, opts.output or ["-"]))
    return Batch(arguments, job, schema, outputs, spool_beside(outputs), _schema_out(job, outputs, opts))


def _schema_out(job: JobSpec, outputs: tuple[Output, ...], opts: argparse.Namespace) -> Path | None:
    """Where the schema goes: a proposed one stands beside the first output that is a file."""
    if opts.schema_out is not None:
        return Path(opts.schema_out)
    files = [output.path for output in outputs if output.path != "-"]
    return Path(files[0] + ".schema.json") if files and job.proposes_schema else None


def _what_next(outcome: Outcome, batch: Batch) -> str:
    why = "interrupted" if outcome.end == "interrupted" else "the crawl broke off, see above"
    return f"{why}; the same command goes on from here" if batch.spool.exists() else why


def _status(outcome: Outcome) -> int:
    if outcome.end == "interrupted":
        return INTERRUPTED
    if outcome.end == "lost":
        return NONE_SUCCEEDED
    counts = outcome.counts
    return exit_status({"success": counts.succeeded, "empty": counts.empty, **counts.failed_by_code})
