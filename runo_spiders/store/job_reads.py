"""What is read of jobs from the outside. Those not yet accepted, or being purged, are not there."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, and_, select
from sqlalchemy import Row as Record

from runo_spiders.errors import PageFailure, describe
from runo_spiders.items import Row
from runo_spiders.rows_json import from_json
from runo_spiders.store.records import Job, Progress, State
from runo_spiders.store.tables import jobs, rows, urls

SEEN = ("queued", "running", "ended")
"""The other states: `accepting` while a long list is written down, `purging` while a job is deleted."""


def job_of(link: Connection, job: str, owner: str | None = None) -> Job | None:
    query = select(jobs).where(jobs.c.id == job, jobs.c.state.in_(SEEN))
    found = link.execute(query if owner is None else query.where(jobs.c.owner == owner)).one_or_none()
    return None if found is None else as_job(found)


def locked(link: Connection, job: str) -> Record[Any] | None:
    """A job that nobody else changes until the transaction ends."""
    query = select(jobs).where(jobs.c.id == job, jobs.c.state.in_(SEEN))
    return link.execute(query.with_for_update()).one_or_none()


def page_of(
    link: Connection, owner: str | None, states: Iterable[State], before: str | None, limit: int
) -> list[Job]:
    """See `Jobs.page`."""
    query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    query = query.where(jobs.c.state.in_(tuple(states) or SEEN))
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    if before is not None:
        query = query.where(jobs.c.id < before)
    return [as_job(record) for record in link.execute(query)]


def rows_of(link: Connection, job: Job, after: int, limit: int) -> list[Row]:
    """See `Jobs.rows`."""
    if job.state == "ended":
        return complete_rows_of(link, job, after, limit)
    query = select(rows.c.row).where(rows.c.job == job.id, rows.c.idx > after, rows.c.idx >= 0)
    return [from_json(json.loads(text)) for text in link.scalars(query.order_by(rows.c.idx).limit(limit))]


def complete_rows_of(link: Connection, job: Job, after: int, limit: int) -> list[Row]:
    """See `Jobs.complete_rows`."""
    joined = urls.outerjoin(rows, and_(rows.c.job == urls.c.job, rows.c.idx == urls.c.idx))
    query = (
        select(urls.c.idx, urls.c.url, urls.c.extra, rows.c.row)
        .select_from(joined)
        .where(urls.c.job == job.id, urls.c.idx > after, urls.c.idx >= 0)
        .order_by(urls.c.idx)
        .limit(limit)
    )
    return [_row(job, *record) for record in link.execute(query)]


def named(link: Connection, beginning: str, most: int) -> list[Job]:
    """See `Jobs.named`."""
    query = select(jobs).where(jobs.c.id.startswith(beginning, autoescape=True), jobs.c.state.in_(SEEN))
    return [as_job(record) for record in link.execute(query.order_by(jobs.c.id.desc()).limit(most))]


def newest(link: Connection, owner: str, digest: str) -> Job | None:
    """See `Jobs.newest`."""
    query = select(jobs).where(jobs.c.owner == owner, jobs.c.digest == digest, jobs.c.state.in_(SEEN))
    found = link.execute(query.order_by(jobs.c.id.desc()).limit(1)).one_or_none()
    return None if found is None else as_job(found)


def as_job(record: Record[Any]) -> Job:
    return Job(
        id=record.id,
        owner=record.owner,
        key=record.key,
        dialect=record.dialect,
        endpoint=record.endpoint,
        project=record.project,
        spider=record.spider,
        spec=json.loads(record.spec),
        state=record.state,
        end=record.ending,
        progress=Progress(record.total, record.succeeded, record.failed, record.item_count),
        round=record.round,
        starts=record.starts,
        created_at=record.created_at,
        started_at=record.started_at,
        ended_at=record.ended_at,
        cancel_asked=record.cancel_asked,
        reserved=record.reserved,
        charged=record.charged,
        has_secrets=record.sealed is not None,
    )


def _row(job: Job, index: int, url: str, extra: str | None, row: str | None) -> Row:
    if row is not None:
        return from_json(json.loads(row))
    code = "WORKER_LOST" if job.end == "lost" else "JOB_CANCELLED"
    return describe(PageFailure(code), url, index, json.loads(extra) if extra else {})
