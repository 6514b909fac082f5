"""One batch run of the command line: a supervised crawl of a job, and the outputs made from the ledger."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from types import FrameType
from typing import Literal

from scrapy.settings import Settings

from runo_spiders.book import COUNTS, FINISHED, SCHEMA, TOTAL
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import digest_of, saved_pages
from runo_spiders.items import Json
from runo_spiders.job import JobSpec
from runo_spiders.output.files import Output, RowsKept
from runo_spiders.output.report import Counts
from runo_spiders.schema.model import Schema
from runo_spiders.schema.of_run import NOT_YET, schema_of_run
from runo_spiders.store.faults import StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import End, Job
from runo_spiders.supervisor import Child
from runo_spiders.worker import run_job
from runo_spiders.worker_status import ENDED, LEASE_LOST, REFUSED, RELEASED
from runo_spiders.workshop import Workshop

DELIVERED = "delivered"
"""The fact that the rows of a job have reached its outputs."""

_LOOK_EVERY = 0.2
# What may change between an interrupted run and the one that goes on: how, not what. (The schema's own text
# stands for its source.)
_PACE = {"schema_source", "concurrency", "fail_fast", "timeout_ms", "headers_file", "cookies_file"}
_SECRET_FILES = {"headers_file", "cookies_file"}


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be run, and where its rows go.

    `schema_out` is where the schema of the rows is written, if it was asked for.
    """

    job: JobSpec
    schema: Schema
    outputs: tuple[Output, ...]
    schema_out: Path | None = None

    @property
    def files(self) -> Iterator[Path]:
        """All files that the run writes."""
        yield from (Path(output.path) for output in self.outputs if output.path != "-")
        if self.schema_out is not None:
            yield self.schema_out

    @property
    def digest(self) -> str:
        """What makes two runs the same command, so that one may go on where the other stopped.

        Empty where no output is a file: nobody would look for these rows again.
        """
        files = [output.path for output in self.outputs if output.path != "-"]
        if not files:
            return ""
        asked = self.job.model_dump(mode="json", exclude=_PACE)
        place = str(Path(files[0]).absolute())
        identity = json.dumps([asked, fingerprint(self.job), self.schema.document, place])
        return sha256(identity.encode()).hexdigest()

    @property
    def spec(self) -> dict[str, Json]:
        """The job's arguments as the ledger keeps them: without what is secret."""
        return self.job.model_dump(mode="json", by_alias=True, exclude_defaults=True, exclude=_SECRET_FILES)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a run came, and how it ended: `lost` when its process kept dying, `cancelled` from outside."""

    counts: Counts
    end: Literal["finished", "interrupted", "cancelled", "lost"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a job is worked on: its ledger, the project's settings, the secrets for its sites."""

    ledger: Ledger
    database: str
    settings: Settings
    secrets: Mapping[str, str]


def fingerprint(job: JobSpec) -> str:
    """What the source of a job holds: the content of a list, the names of saved pages."""
    if job.html_dir is not None:
        return json.dumps([target.url for target in saved_pages(job.html_dir)])
    return digest_of(job.urls) if isinstance(job.urls, str) else ""


def run(job: Job, worker: str, place: Place, watch: Callable[[Counts], None]) -> Outcome:
    """Work until the job has ended, or Ctrl-C. Raises `UsageMistake` if another command has the job."""
    started = time.monotonic()
    status = RELEASED
    with _interrupts() as interrupts:
        while job.end is None and not interrupts:
            status = _work_once(job, worker, place, watch, interrupts)
            if status in (REFUSED, LEASE_LOST):
                raise UsageMistake(runs_already(job))
            if status not in (ENDED, RELEASED):
                # It died; whether another may try is the ledger's to say.
                place.ledger.deaths.died(job.id, worker)
            job = place.ledger.jobs.get(job.id) or job
    elapsed = time.monotonic() - started
    counts = Counts.of(place.ledger.jobs.outcomes(job.id), job.progress.total, elapsed)
    return Outcome(counts, end_of(place.ledger, job) or "interrupted")


def end_of(ledger: Ledger, job: Job) -> End | None:
    """How a job ended; one whose list could not be read to its end is lost, though each URL has its row."""
    broke_off = job.end == "finished" and not ledger.jobs.fact(job.id, FINISHED)
    return "lost" if broke_off else job.end


def runs_already(job: Job) -> str:
    return f"this command is at work already, as {job.id} (scrapy jobs show {job.id})"


def write(batch: Batch, ledger: Ledger, job_id: str) -> Path | None:
    """Write the outputs from the ledger.

    Returns where the schema is, None if it was not asked for or there is none.
    """
    job = ledger.jobs.get(job_id)
    assert job is not None
    end = end_of(ledger, job)
    noted = schema_of_run(ledger.jobs.fact(job_id, SCHEMA))
    schema = batch.schema if noted is NOT_YET else noted
    for output in batch.outputs:
        rows = RowsKept(lambda: ledger.jobs.complete_rows(job_id), cancelled=end != "finished")
        output.write(rows, schema)
    schema_out = None if schema is NOT_YET else batch.schema_out
    if schema_out is not None:
        document = json.dumps(schema.document, ensure_ascii=False, indent=2)
        schema_out.write_text(document + "\n", encoding="utf-8")
    ledger.jobs.note(job_id, DELIVERED, job.end is not None)
    return schema_out


def _work_once(
    job: Job, worker: str, place: Place, watch: Callable[[Counts], None], interrupts: list[int]
) -> int:
    """Work in a child and pass interrupts on to it; its exit status, negative for a signal."""
    # No connection may be open in two processes.
    place.ledger.close()
    child = Child(lambda: run_job(Workshop.of(place.settings, place.database), job.id, worker, place.secrets))
    started = time.monotonic()
    passed_on = 0
    while child.poll() is None:
        time.sleep(_LOOK_EVERY)
        if len(interrupts) > passed_on:
            passed_on += 1
            child.interrupt()
        with suppress(StoreUnavailable):
            watch(_counts(place.ledger, job, time.monotonic() - started))
    assert child.status is not None
    return child.status


@contextmanager
def _interrupts() -> Iterator[list[int]]:
    """Ctrl-C, noted instead of raised: the child is told, and goes in order."""
    noted: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        noted.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield noted
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _counts(ledger: Ledger, job: Job, elapsed: float) -> Counts:
    """As the worker noted them: counting a million rows would take a second each time."""
    total = job.progress.total or ledger.jobs.fact(job.id, TOTAL)
    return Counts.of(ledger.jobs.fact(job.id, COUNTS) or {}, total, elapsed)
