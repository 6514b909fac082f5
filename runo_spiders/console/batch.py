"""What `scrapy batch` does with its options, and what it says."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from scrapy.settings import Settings

from runo_spiders.addon import switch_on
from runo_spiders.asked import check_model
from runo_spiders.config import Config
from runo_spiders.console.batch_job import Start, take_up, worker_name
from runo_spiders.console.batch_run import Batch, Outcome, Place, run, write
from runo_spiders.console.ledgers import database_url, opened_ledger
from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.exit_status import INTERRUPTED, NONE_SUCCEEDED, USAGE, exit_status
from runo_spiders.job import JobSpec
from runo_spiders.net.credentials import secrets_of
from runo_spiders.output.files import Output
from runo_spiders.output.report import ProgressLine, print_summary
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.store.records import Job

_WHAT_NEXT = {
    "interrupted": "interrupted; the same command goes on from here",
    "cancelled": "cancelled; with --retry-failed the same command goes on",
    "lost": "the crawl broke off, see above; with --retry-failed the same command goes on",
}


def perform(settings: Settings, args: list[str], opts: argparse.Namespace) -> int:
    """Run the command; the exit status."""
    try:
        batch = _batch(args, opts)
        check_model(batch.job, Config.from_settings(settings))
        start = _start(opts)
        with opened_ledger(settings, opts.database) as ledger:
            job = take_up(ledger, batch, start, overwrite=opts.overwrite)
            _bring_own_spiders(settings)
            database = database_url(settings, opts.database)
            return _run(batch, job, Place(ledger, database, settings, secrets_of(batch.job)))
    except RunoError as fault:
        print(f"scrapy batch: {fault}", file=sys.stderr)
        return USAGE


def _bring_own_spiders(settings: Settings) -> None:
    """The spiders that come along run in any project, by the same rules."""
    switch_on(settings)
    modules = settings.getlist("SPIDER_MODULES")
    if "runo_spiders.spiders" not in modules:
        settings.set("SPIDER_MODULES", [*modules, "runo_spiders.spiders"], priority="cmdline")


def _run(batch: Batch, job: Job, place: Place) -> int:
    with ProgressLine() as line:
        outcome = run(job, worker_name(), place, line.show)
    schema_out = write(batch, place.ledger, job.id)
    print_summary(outcome.counts, _where(batch, job, outcome, schema_out))
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


def _where(batch: Batch, job: Job, outcome: Outcome, schema_out: Path | None) -> list[str]:
    """Lines that say where what was made can be found."""
    lines = [f"rows in {output.path}" for output in batch.outputs if output.path != "-"]
    if schema_out is not None:
        lines.append(f"the schema of the rows in {schema_out}")
    if outcome.counts.failed and batch.digest:
        lines.append("what failed is fetched again by the same command with --retry-failed")
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
