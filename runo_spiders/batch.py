"""One batch run of the command line: a supervised crawl into a spool, and the outputs made from it."""

from __future__ import annotations

import json
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import digest_of, saved_pages
from runo_spiders.job import JobSpec
from runo_spiders.output.files import Output
from runo_spiders.output.report import Counts
from runo_spiders.schema.model import Schema
from runo_spiders.schema.of_run import NOT_YET, schema_of_run
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.spool import COUNTS, JOB, SCHEMA, TOTAL, Spool, remove
from runo_spiders.supervisor import Child

_LOOK_EVERY = 0.2
_MOST_DEATHS = 3
# What may change between an interrupted run and the one that goes on: how, not what. (The schema's own text
# stands for its source.)
_PACE = {"schema_source", "concurrency", "fail_fast", "timeout_ms", "headers_file", "cookies_file"}


@dataclass(frozen=True, slots=True)
class Batch:
    """What is to be run: the spider's arguments, where the outputs go, and the spool beside the first one.

    `schema_out` is where the schema of the rows is written, if it was asked for.
    """

    arguments: Mapping[str, Any]
    job: JobSpec
    schema: Schema
    outputs: tuple[Output, ...]
    spool: Path
    schema_out: Path | None = None

    @property
    def identity(self) -> str:
        """What makes two runs the same job, so that one may go on where the other stopped."""
        asked = self.job.model_dump(mode="json", exclude=_PACE)
        return json.dumps([asked, fingerprint(self.job), self.schema.document])


@dataclass(frozen=True, slots=True)
class Outcome:
    """How far a run came, and how it ended: `lost` when the crawl kept dying, or could not read its list."""

    counts: Counts
    end: Literal["finished", "interrupted", "lost"]


def fingerprint(job: JobSpec) -> str:
    """What the source of a job holds: the content of a list, the names of saved pages."""
    if job.html_dir is not None:
        return json.dumps([target.url for target in saved_pages(job.html_dir)])
    return digest_of(job.urls) if isinstance(job.urls, str) else ""


def spool_beside(outputs: tuple[Output, ...]) -> Path:
    """The spool's path: beside the first output that is a file, else in a folder for temporary files."""
    for output in outputs:
        if output.path != "-":
            return Path(output.path + ".spool")
    return Path(tempfile.mkdtemp(prefix="runo-")) / "rows.spool"


def prepare(batch: Batch, overwrite: bool) -> None:
    """Clear the way: raise `UsageMistake` for an output that would be lost, keep a spool to resume."""
    if overwrite or batch.job.crawls:
        # A crawl is walked anew: which links were seen is not in the spool.
        remove(str(batch.spool))
    resumes = batch.spool.exists()
    for output in batch.outputs:
        if output.path != "-" and Path(output.path).exists() and not (overwrite or resumes):
            raise UsageMistake(f"output {output.path}: exists already, give --overwrite to replace it")
    with Spool.open(str(batch.spool)) as spool:
        if spool.fact(JOB) not in (None, batch.identity):
            raise UsageMistake(
                f"spool {batch.spool}: belongs to another job (the list, the schema or an option differs), "
                "give --overwrite to start this one anew"
            )
        spool.note(JOB, batch.identity)


def run(batch: Batch, settings: Settings, watch: Callable[[Counts], None]) -> Outcome:
    """Crawl until every URL has its row, Ctrl-C, or the crawl's process has died three times."""
    started = time.monotonic()
    deaths = 0
    with _interrupts() as interrupts:
        while deaths < _MOST_DEATHS and not interrupts:
            if _crawl_once(batch, settings, watch, interrupts) == 0:
                break
            deaths += 1
    counts = _read_counts(batch.spool, time.monotonic() - started)
    if interrupts:
        return Outcome(counts, "interrupted")
    with Spool.open(str(batch.spool)) as spool:
        return Outcome(counts, "lost" if spool.cancelled else "finished")


def write(batch: Batch) -> None:
    """Write the outputs from the spool; a spool that is complete has then done its work."""
    with Spool.open(str(batch.spool)) as spool:
        schema = schema_of_run(spool.fact(SCHEMA))
        for output in batch.outputs:
            output.write(spool, schema)
        complete = not spool.cancelled
    if batch.schema_out is not None and schema is not NOT_YET:
        document = json.dumps(schema.document, ensure_ascii=False, indent=2)
        batch.schema_out.write_text(document + "\n", encoding="utf-8")
    if all(output.path == "-" for output in batch.outputs):
        # Nobody could name this spool to go on with it.
        shutil.rmtree(batch.spool.parent)
    elif complete:
        remove(str(batch.spool))


def _crawl_once(
    batch: Batch, settings: Settings, watch: Callable[[Counts], None], interrupts: list[int]
) -> int:
    """Run the crawl in a child and pass interrupts on to it; its exit status, negative for a signal."""
    child = Child(lambda: _crawl(batch, settings))
    started = time.monotonic()
    passed_on = 0
    while child.poll() is None:
        time.sleep(_LOOK_EVERY)
        if len(interrupts) > passed_on:
            passed_on += 1
            child.interrupt()
        watch(_read_counts(batch.spool, time.monotonic() - started))
    assert child.status is not None
    return child.status


def _crawl(batch: Batch, settings: Settings) -> int:
    """In the child: the crawl itself, as `scrapy crawl` runs it."""
    own = settings.copy()
    own.set("RUNO_SPOOL", str(batch.spool), priority="cmdline")
    process = AsyncCrawlerProcess(own)
    crawler = process.create_crawler(SchemaSpider)
    process.crawl(crawler, **batch.arguments)
    process.start()
    return int(process.bootstrap_failed)


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


def _read_counts(path: Path, elapsed: float) -> Counts:
    with Spool.open(str(path)) as spool:
        return Counts.of(spool.fact(COUNTS) or {}, spool.fact(TOTAL), elapsed)
