"""`scrapy jobs`: what the ledger knows of jobs, and what can be done about them, from the outside."""

from __future__ import annotations

import argparse
import sys
import time
from typing import get_args

from scrapy.commands import ScrapyCommand

from runo_spiders.book import SCHEMA
from runo_spiders.commands.actions import Actions, perform, seconds_of
from runo_spiders.errors import UsageMistake
from runo_spiders.output.files import Output, RowsKept
from runo_spiders.output.jobs_table import job_sheet, jobs_table
from runo_spiders.output.report import Counts, console_for
from runo_spiders.schema.of_run import schema_of_run
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job, State


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False

    def syntax(self) -> str:
        return "ACTION [options]"

    def short_desc(self) -> str:
        return "List the ledger's jobs, show one, write its rows, cancel, retry or purge"

    def long_desc(self) -> str:
        return "A job is named by its id, or by as much of its beginning as no other job has."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        actions = Actions(self, parser)
        listing = actions.add("list", _list, "List jobs, the newest first")
        listing.add_argument("--state", choices=get_args(State), help="only jobs in this state")
        listing.add_argument("--owner", metavar="OWNER", help="only jobs of this owner")
        listing.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
        actions.add("show", _show, "Show how far a job is, and what became of its URLs").add_argument("job")
        results = actions.add("results", _results, "Write the rows of a job, as far as it is")
        results.add_argument("job")
        results.add_argument(
            "-o", "--output", action="append", metavar="FILE[:FORMAT]", help="where rows go (default: -)"
        )
        results.add_argument("--overwrite", action="store_true", help="replace files that exist")
        actions.add("cancel", _cancel, "Stop a job, wherever it runs").add_argument("job")
        actions.add("retry", _retry, "Queue the failed rows of a job anew").add_argument("job")
        purge = actions.add("purge", _purge, "Delete jobs that have ended, with their rows")
        purge.add_argument(
            "--older-than", required=True, metavar="AGE", help="ended so long ago: 30d, 12h, 2w"
        )
        purge.add_argument("--owner", metavar="OWNER", help="only jobs of this owner")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        self.exitcode = perform(self.settings, args, opts, "jobs")


def job_named(ledger: Ledger, name: str) -> Job:
    """The job whose id is `name` or begins with it. Raises `UsageMistake` for none, or several."""
    beginning = name if name.startswith("job_") else f"job_{name}"
    found = ledger.jobs.named(beginning)
    if not found:
        raise UsageMistake(f"there is no job {name!r} (scrapy jobs list shows those there are)")
    if len(found) > 1 and found[-1].id != beginning:
        raise UsageMistake(f"job {name!r} could be {found[0].id}, {found[1].id} or more: give more of its id")
    return found[-1]


def _list(ledger: Ledger, opts: argparse.Namespace) -> None:
    if opts.limit < 1:
        raise UsageMistake(f"argument --limit: {opts.limit} is not above 0")
    states = [opts.state] if opts.state else []
    jobs = ledger.jobs.page(opts.owner, states=states, limit=opts.limit)
    console = console_for(sys.stdout)
    if jobs:
        console.print(jobs_table(jobs, ledger.leases.held(job.id for job in jobs), console.width))
    else:
        print("no job" + (" like that" if opts.state or opts.owner else " yet"), file=sys.stderr)


def _show(ledger: Ledger, opts: argparse.Namespace) -> None:
    job = job_named(ledger, opts.job)
    held = job.id in ledger.leases.held([job.id])
    counts = Counts.of(ledger.jobs.outcomes(job.id), job.progress.total)
    console_for(sys.stdout).print(job_sheet(job, counts, held=held))


def _results(ledger: Ledger, opts: argparse.Namespace) -> None:
    job = job_named(ledger, opts.job)
    outputs = [Output.parse(text) for text in opts.output or ["-"]]
    for output in outputs:
        if output.exists and not opts.overwrite:
            raise UsageMistake(f"output {output.path}: exists already, give --overwrite to replace it")
    schema = schema_of_run(ledger.jobs.fact(job.id, SCHEMA))
    works = job.id in ledger.leases.held([job.id])
    read = ledger.jobs.rows_so_far if works else ledger.jobs.complete_rows
    for output in outputs:
        output.write(RowsKept(lambda: read(job.id), cancelled=job.end != "finished"), schema)


def _cancel(ledger: Ledger, opts: argparse.Namespace) -> None:
    job = ledger.jobs.cancel(job_named(ledger, opts.job).id)
    assert job is not None
    done = f"{job.progress.done:,} rows are there (scrapy jobs results {job.id})"
    if job.end is None:
        print(f"{job.id} was asked to stop; it fetches nothing more and ends within 10 seconds; {done}")
    else:
        print(f"{job.id} has ended: {job.end}; {done}")


def _retry(ledger: Ledger, opts: argparse.Namespace) -> None:
    job = job_named(ledger, opts.job)
    if job.dialect == "cli":
        raise UsageMistake(f"{job.id} is a run of scrapy batch: give its command again with --retry-failed")
    count = ledger.jobs.retry(job.id, units=job.key is not None)
    print(f"{job.id} is queued again, for {count:,} of its URLs")


def _purge(ledger: Ledger, opts: argparse.Namespace) -> None:
    age = seconds_of(opts.older_than)
    if age is None:
        raise UsageMistake(f"argument --older-than: {opts.older_than!r} is no age (such as 30d, 12h, 2w)")
    count = ledger.jobs.purge(time.time() - age, opts.owner)
    print("1 job was deleted" if count == 1 else f"{count:,} jobs were deleted")
