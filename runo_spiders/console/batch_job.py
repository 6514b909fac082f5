"""Which job of the ledger a `scrapy batch` works on: the last one of the same command, or a new one."""

from __future__ import annotations

import os
import socket
import time
from enum import Enum, auto
from pathlib import Path

from runo_spiders.book import TOTAL
from runo_spiders.console.batch_run import DELIVERED, Batch, runs_already
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import Target
from runo_spiders.output.files import refuse_existing
from runo_spiders.store.jobs import NothingToRetry
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job, NewJob

OWNER = "local"
_LOOK_EVERY = 0.2


class Start(Enum):
    """How a command begins: with what its last run left undone, with nothing, with what failed."""

    GO_ON = auto()
    FRESH = auto()
    RETRY_FAILED = auto()


def worker_name() -> str:
    """The name of the worker that this process supervises, by which others see whether it is there."""
    return f"batch {socket.gethostname()} {os.getpid()}"


def take_up(ledger: Ledger, batch: Batch, start: Start, *, overwrite: bool) -> Job:
    """The job to work on. Raises `UsageMistake` if an output would be lost, or the command runs already."""
    last = ledger.jobs.newest(OWNER, batch.digest) if batch.digest else None
    if last is not None:
        _wait_until_free(ledger, last)
        last = ledger.jobs.get(last.id)
    if start is Start.RETRY_FAILED:
        return _retry(ledger, batch, last)
    if start is Start.GO_ON and last is not None and _is_undone(ledger, last):
        return _go_on(ledger, batch, last)
    # The outputs of its own last run may be replaced by a command that is told to start anew.
    if not (overwrite or (start is Start.FRESH and last is not None)):
        _check_outputs(batch)
    if last is not None and last.end is None:
        ledger.jobs.cancel(last.id)
    return _accept(ledger, batch, last)


def _is_undone(ledger: Ledger, job: Job) -> bool:
    """Whether a run was interrupted, or killed before its rows had reached the outputs."""
    return job.end is None or not ledger.jobs.fact(job.id, DELIVERED)


def _retry(ledger: Ledger, batch: Batch, last: Job | None) -> Job:
    if last is None:
        raise UsageMistake("--retry-failed: this command has not run yet (or its options were others)")
    if last.end is None:
        raise UsageMistake("--retry-failed: the last run was interrupted, the same command goes on with it")
    try:
        ledger.jobs.retry(last.id, units=False)
    except NothingToRetry:
        return last
    return _go_on(ledger, batch, last)


def _go_on(ledger: Ledger, batch: Batch, job: Job) -> Job:
    """The job, to be worked on as the command says now: faster, or more patient."""
    spec = batch.spec
    if ledger.jobs.fact(job.id, TOTAL) is not None or not isinstance(batch.job.urls, str):
        # Its list is in the ledger.
        spec.pop("urls", None)
    ledger.jobs.respecify(job.id, spec)
    return ledger.jobs.get(job.id) or job


def _accept(ledger: Ledger, batch: Batch, last: Job | None) -> Job:
    spec = batch.spec
    targets: list[Target] = []
    if isinstance(batch.job.urls, tuple):
        spec.pop("urls")
        targets = [Target(url.strip(), index) for index, url in enumerate(batch.job.urls[: batch.job.limit])]
    new = NewJob(
        owner=OWNER,
        dialect="cli",
        endpoint="crawl" if batch.job.crawls else "batch",
        spec=spec,
        targets=targets,
        digest=batch.digest,
        # Of two commands that are given at once one makes the job, and the other finds it at work.
        idempotency_key=f"{batch.digest} after {last.id if last else 'none'}" if batch.digest else None,
    )
    return ledger.jobs.accept(new)


def _check_outputs(batch: Batch) -> None:
    for path in batch.files:
        refuse_existing(path)


def _wait_until_free(ledger: Ledger, job: Job) -> None:
    """Wait for a worker whose command has died to let go of the job. Raises `UsageMistake` if it lives."""
    before = float("inf")
    while (left := ledger.leases.held([job.id]).get(job.id)) is not None:
        if left > before and _is_there(ledger.deaths.workers().get(job.id, "")):
            raise UsageMistake(runs_already(job))
        before = left
        time.sleep(_LOOK_EVERY)


def _is_there(worker: str) -> bool:
    """Whether the command that supervises a worker lives; of one on another host nothing else is known."""
    name, _, pid = worker.rpartition(" ")
    return name != worker_name().rpartition(" ")[0] or Path(f"/proc/{pid}").exists()
