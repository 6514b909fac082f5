"""How jobs end, begin another round, and leave the ledger."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import Connection, Table, and_, delete, func, or_, select, update
from sqlalchemy import Row as Record

from runo_spiders.errors import RunoError
from runo_spiders.store import charges
from runo_spiders.store.database import Database
from runo_spiders.store.job_reads import job_of, locked
from runo_spiders.store.records import End, Job
from runo_spiders.store.tables import facts, jobs, rows, urls

_A_PIECE = 10_000
_LONGEST_ACCEPT_S = 3600.0


class JobRunning(RunoError):
    """What was asked needs a job that has ended."""


class NothingToRetry(RunoError):
    """The job has no failed row."""


def end_job(link: Connection, job: str, end: End) -> None:
    """The last transition of a round: the secrets are erased, what was not used is given back."""
    spent = charges.settle(link, job)
    known = select(func.count()).select_from(urls).where(urls.c.job == job, urls.c.idx >= 0)
    link.execute(
        update(jobs)
        .where(jobs.c.id == job)
        .values(
            state="ended",
            ending=end,
            ended_at=time.time(),
            sealed=None,
            lease_until=None,
            charged=jobs.c.charged + spent,
            total=known.scalar_subquery(),
        )
    )


def has_worker(head: Record[Any], now: float, boot: str) -> bool:
    return bool(head.state == "running" and head.lease_boot == boot and (head.lease_until or 0) > now)


def cancel(link: Connection, job: str, now: float, boot: str) -> Job | None:
    """See `Jobs.cancel`; `now` and `boot` are those of the clock of leases."""
    head = locked(link, job)
    if head is None or head.state == "ended":
        return job_of(link, job)
    link.execute(update(jobs).where(jobs.c.id == job).values(cancel_asked=True))
    if not has_worker(head, now, boot):
        # The next token keeps a worker that was only stopped for a while from writing more.
        link.execute(update(jobs).where(jobs.c.id == job).values(token=jobs.c.token + 1))
        end_job(link, job, "cancelled")
    return job_of(link, job)


def retry(link: Connection, job: str, round_: int, units: bool) -> int:
    """Begin a round with the failed rows; how many there are. The same round again changes nothing."""
    head = locked(link, job)
    if head is not None and head.state == "queued" and head.round == round_:
        return _count_of_round(link, job, round_)
    if head is None or head.state != "ended":
        raise JobRunning(f"job {job} has not ended")
    succeeded = select(rows.c.idx).where(rows.c.job == job, rows.c.outcome.in_(("success", "empty")))
    again = update(urls).where(urls.c.job == job, urls.c.idx.not_in(succeeded))
    link.execute(again.values(attempt=0, round=round_))
    link.execute(delete(rows).where(rows.c.job == job, rows.c.outcome.not_in(("success", "empty"))))
    count = _count_of_round(link, job, round_)
    if count == 0:
        raise NothingToRetry(f"job {job} has no failed row")
    if units and head.key is not None:
        charges.reserve(link, job, round_, head.key, count)
    link.execute(
        update(jobs)
        .where(jobs.c.id == job)
        .values(state="queued", ending=None, ended_at=None, round=round_, cancel_asked=False, starts=0)
        .values(failed=0, reserved=jobs.c.reserved + (count if units else 0))
    )
    return count


def purge(database: Database, ended_before: float, owner: str | None) -> int:
    """See `Jobs.purge`."""
    given_up = and_(jobs.c.state == "accepting", jobs.c.created_at < time.time() - _LONGEST_ACCEPT_S)
    old = and_(jobs.c.state == "ended", jobs.c.ended_at < ended_before)
    mine = or_(given_up, old if owner is None else and_(old, jobs.c.owner == owner))
    hidden = update(jobs).where(mine).values(state="purging", idempotency_key=None)
    count = database.write(lambda link: link.execute(hidden).rowcount)
    # Whatever is left of an earlier purge that was killed goes too.
    with database.read() as link:
        doomed = link.scalars(select(jobs.c.id).where(jobs.c.state == "purging")).all()
    for job in doomed:
        for piece in _pieces(job):
            while database.write(piece) == _A_PIECE:
                pass
        database.write(partial(_delete_head, job=job))
    return count


def _count_of_round(link: Connection, job: str, round_: int) -> int:
    query = select(func.count()).select_from(urls)
    query = query.where(urls.c.job == job, urls.c.idx >= 0, urls.c.round == round_)
    return int(link.scalar(query) or 0)


def _pieces(job: str) -> Iterator[partial[int]]:
    for table in (rows, urls):
        yield partial(_delete_some, table=table, job=job)


def _delete_some(link: Connection, table: Table, job: str) -> int:
    last = select(table.c.idx).where(table.c.job == job).order_by(table.c.idx).limit(_A_PIECE).subquery()
    last_index = select(func.max(last.c.idx)).scalar_subquery()
    return link.execute(delete(table).where(table.c.job == job, table.c.idx <= last_index)).rowcount


def _delete_head(link: Connection, job: str) -> None:
    link.execute(delete(facts).where(facts.c.job == job))
    link.execute(delete(jobs).where(jobs.c.id == job))
