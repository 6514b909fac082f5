"""`scrapy batch`: the friendly command over the spider, with progress, a summary and outputs in order."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand

from runo_spiders.addon import switch_on
from runo_spiders.asked import check_model
from runo_spiders.batch import Batch, Outcome, Place, run, write
from runo_spiders.batch_job import Start, take_up, worker_name
from runo_spiders.commands.actions import database_url, opened_ledger
from runo_spiders.config import Config
from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.exit_status import INTERRUPTED, NONE_SUCCEEDED, USAGE, exit_status
from runo_spiders.job import JobSpec
from runo_spiders.net.credentials import secrets_of
from runo_spiders.output.files import Output
from runo_spiders.output.report import ProgressLine, print_summary
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job

_WHAT_NEXT = {
    "interrupted": "interrupted; the same command goes on from here",
    "cancelled": "cancelled; with --retry-failed the same command goes on",
    "lost": "the crawl broke off, see above; with --retry-failed the same command goes on",
}


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
            "--fresh", action="store_true", help="start anew, leave what an interrupted run has done"
        )
        parser.add_argument(
            "--retry-failed", action="store_true", help="fetch what failed in the last run of this command"
        )
        parser.add_argument("--database", metavar="URL", help="the ledger (default: RUNO_DATABASE)")
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
        assert self.settings is not None
        try:
            batch = _batch(args, opts)
            check_model(batch.job, Config.from_settings(self.settings))
            with opened_ledger(self.settings, opts.database) as ledger:
                self.exitcode = self._run(batch, ledger, opts)
        except RunoError as fault:
            print(f"scrapy batch: {fault}", file=sys.stderr)
            self.exitcode = USAGE

    def _run(self, batch: Batch, ledger: Ledger, opts: argparse.Namespace) -> int:
        assert self.settings is not None
        job = take_up(ledger, batch, _start(opts), overwrite=opts.overwrite)
        switch_on(self.settings)
        database = database_url(self.settings, opts.database)
        place = Place(ledger, database, self.settings, secrets_of(batch.job))
        with ProgressLine() as line:
            outcome = run(job, worker_name(), place, line.show)
        write(batch, ledger, job.id)
        print_summary(outcome.counts, _where(batch, job))
        if outcome.end != "finished":
            print(f"scrapy batch: {_WHAT_NEXT[outcome.end]} (scrapy jobs show {job.id})", file=sys.stderr)
        return _status(outcome)


def _batch(args: list[str], opts: argparse.Namespace) -> Batch:
    options = {name[4:]: value for name, value in vars(opts).items() if name.startswith("job_") and value}
    urls = {"urls": args[0] if len(args) == 1 else tuple(args)} if args else {}
    job, schema = SchemaSpider.check_arguments(urls | options)
    outputs = tuple(map(Output.parse, opts.output or ["-"]))
    return Batch(job, schema, outputs, _schema_out(job, outputs, opts))


def _start(opts: argparse.Namespace) -> Start:
    if opts.retry_failed and (opts.fresh or opts.overwrite):
        raise UsageMistake(f"--retry-failed: does not go with {'--fresh' if opts.fresh else '--overwrite'}")
    if opts.retry_failed:
        return Start.RETRY_FAILED
    return Start.FRESH if opts.fresh or opts.overwrite else Start.GO_ON


def _where(batch: Batch, job: Job) -> list[str]:
    """Lines that say where what was made can be found."""
    lines = [f"rows in {output.path}" for output in batch.outputs if output.path != "-"]
    if batch.schema_out is not None and batch.schema_out.exists():
        lines.append(f"the schema of the rows in {batch.schema_out}")
    return [*lines, f"all about this run: scrapy jobs show {job.id}"]


def _schema_out(job: JobSpec, outputs: tuple[Output, ...], opts: argparse.Namespace) -> Path | None:
    """Where the schema goes: a proposed one stands beside the first output that is a file."""
    if opts.schema_out is not None:
        return Path(opts.schema_out)
    files = [output.path for output in outputs if output.path != "-"]
    return Path(files[0] + ".schema.json") if files and job.proposes_schema else None


def _status(outcome: Outcome) -> int:
    if outcome.end in ("interrupted", "cancelled"):
        return INTERRUPTED
    if outcome.end == "lost":
        return NONE_SUCCEEDED
    counts = outcome.counts
    return exit_status({"success": counts.succeeded, "empty": counts.empty, **counts.failed_by_code})
