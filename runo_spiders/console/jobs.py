"""The actions of `scrapy jobs`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from runo_spiders.book import SCHEMA
from runo_spiders.console.ledgers import Action, seconds_of
from runo_spiders.errors import UsageMistake
from runo_spiders.output.files import Output, RowsKept, refuse_existing
from runo_spiders.output.jobs_table import job_sheet, jobs_table
from runo_spiders.output.report import Counts, console_for
from runo_spiders.schema.of_run import schema_of_run
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job


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
        if output.path != "-" and not opts.overwrite:
            refuse_existing(Path(output.path))
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


ACTIONS: Mapping[str, Action] = {
    "list": _list,
    "show": _show,
    "results": _results,
    "cancel": _cancel,
    "retry": _retry,
    "purge": _purge,
}
