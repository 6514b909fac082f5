"""Jobs of a ledger for tests: accepted, and looked at from outside while workers are killed over them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Dialect, Job, NewJob
from tests.crawling import PRODUCT


def accept(ledger: Ledger, urls: Iterable[str] = (), dialect: Dialect = "cli", **spec: Any) -> str:
    """The id of a new job for a list of URLs, or for a crawl; the product schema, unless another is given."""
    targets = [Target(url, index) for index, url in enumerate(urls)]
    spec = {"schema": PRODUCT, **spec}
    return ledger.jobs.accept(NewJob("owner", dialect, "/batch", spec, targets)).id


def job_of(ledger: Ledger, job: str) -> Job:
    found = ledger.jobs.get(job)
    assert found is not None
    return found


def done(ledger: Ledger, job: str) -> int:
    return job_of(ledger, job).progress.done


def rows(ledger: Ledger, job: str) -> list[Row]:
    return list(ledger.jobs.complete_rows(job))


def outcomes(rows: Sequence[Row]) -> list[str]:
    return [row.outcome for row in rows]


def wait_until(true: Callable[[], bool], seconds: float = 240) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, f"what was waited for did not happen in {seconds} seconds"
        time.sleep(0.02)
