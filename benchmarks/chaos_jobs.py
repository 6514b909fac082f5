"""The jobs of a chaos run: what is asked for, and how it adds up when all is over."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from random import Random

from sqlalchemy import func, select

from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job, NewJob, new_id
from runo_spiders.store.tables import charges, months, rows, urls
from tests.crawling import PRODUCT
from tests.mockserver import MockServer

SUCCESSES = ("success", "empty")


@dataclass(frozen=True, slots=True)
class Sums:
    """What the ledger and the site say when all jobs have ended; `faults` are sentences, none is good."""

    jobs: int
    urls: int
    rows: dict[str, int]
    fetched: int
    fetched_again: int
    charged: int
    faults: tuple[str, ...]


def job_for(site: MockServer, key: str, chance: Random) -> NewJob:
    """A batch of pages that take a twentieth of a second each; each page's address is used only once."""
    id_ = new_id()
    count = chance.randint(20, 60)
    targets = [Target(site.url(f"/slow/0.05/{id_}/{index}"), index) for index in range(count)]
    spec = {"schema": PRODUCT, "concurrency": 4, "timeout_ms": 30_000}
    return NewJob(
        "chaos", "runo", "batch", spec, targets, key=key, units=count, digest=id_, idempotency_key=id_, id=id_
    )


def add_up(ledger: Ledger, site: MockServer, key: str, asked: dict[str, NewJob], cancelled: set[str]) -> Sums:
    """Count everything again, from the rows and at the site."""
    outcomes: Counter[str] = Counter()
    faults: list[str] = []
    fetched, again, charged = 0, 0, 0
    hits = site.all_hits()
    for id_, new in asked.items():
        job = ledger.jobs.get(id_)
        if job is None or job.end is None:
            faults.append(f"{id_} is {'gone' if job is None else 'stuck'}")
            continue
        counts = [hits.get(f"/slow/0.05/{id_}/{target.index}", 0) for target in new.targets]
        fetched += sum(count > 0 for count in counts)
        again += sum(max(0, count - 1) for count in counts)
        faults += [f"{id_}: {fault}" for fault in _faults_of(ledger, job, new, counts, id_ in cancelled)]
        outcomes.update(row.outcome for row in ledger.jobs.complete_rows(id_))
        charged += job.charged
    faults += _faults_of_key(ledger, key, charged)
    count = sum(len(list(new.targets)) for new in asked.values())
    return Sums(len(asked), count, dict(outcomes), fetched, again, charged, tuple(faults))


def _faults_of(ledger: Ledger, job: Job, new: NewJob, hits: list[int], cancelled: bool) -> list[str]:
    found = list(ledger.jobs.complete_rows(job.id))
    spent = _charged_again(ledger, job.id)
    checks = {
        "not one row per URL, in order": [row.index for row in found] == list(range(len(hits))),
        "a row of another URL": [row.url for row in found] == [target.url for target in new.targets],
        "lost": job.end != "lost",
        "cancelled, and nobody asked for it": job.end == "finished" or cancelled,
        f"not fetched, and nobody cancelled it: {_unfetched(found)}": cancelled or not _unfetched(found),
        "a success that the site does not know": all(
            hits[row.index or 0] for row in found if row.outcome in SUCCESSES
        ),
        f"charged {job.charged}, its rows say {spent}": job.charged == spent,
        f"charged {job.charged}, its charges say {_booked(ledger, job.id)}": job.charged
        == _booked(ledger, job.id),
        "its counters are not those of its rows": (job.progress.succeeded, job.progress.failed)
        == _counted(ledger, job.id),
    }
    return [fault for fault, holds in checks.items() if not holds]


def _unfetched(found: list[Row]) -> str:
    """What stands in the place of rows that a job which is left in peace would have."""
    codes = {row.outcome for row in found} - {*SUCCESSES, "WORKER_LOST"}
    return ", ".join(sorted(codes))


def _charged_again(ledger: Ledger, job: str) -> int:
    """The URLs that were started or have a row of their own."""
    with ledger.database.read() as link:
        started = set(link.scalars(select(urls.c.idx).where(urls.c.job == job, urls.c.attempt > 0)))
        told = set(
            link.scalars(select(rows.c.idx).where(rows.c.job == job, rows.c.outcome != "JOB_CANCELLED"))
        )
    return len(started | told)


def _booked(ledger: Ledger, job: str) -> int:
    with ledger.database.read() as link:
        query = select(func.sum(charges.c.quota_units + charges.c.prepaid_units)).where(charges.c.job == job)
        return int(link.scalar(query) or 0)


def _counted(ledger: Ledger, job: str) -> tuple[int, int]:
    found = ledger.jobs.outcomes(job)
    succeeded = sum(found.get(outcome, 0) for outcome in SUCCESSES)
    return succeeded, sum(found.values()) - succeeded


def _faults_of_key(ledger: Ledger, key: str, charged: int) -> list[str]:
    with ledger.database.read() as link:
        used = int(link.scalar(select(func.sum(months.c.used)).where(months.c.key == key)) or 0)
    return [] if used == charged else [f"the key has used {used} units, its jobs were charged {charged}"]
