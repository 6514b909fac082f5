"""Jobs from the outside: accepted, looked up, listed, cancelled, retried, read, purged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, delete, func, insert, literal, select, update
from sqlalchemy import Row as Record

from runo_spiders.errors import PageFailure, RunoError, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.rows_json import from_json
from runo_spiders.store import book_reads, book_writes, charges
from runo_spiders.store.database import Database
from runo_spiders.store.records import End, Job, NewJob, Progress, State
from runo_spiders.store.tables import facts, jobs, rows, urls

_AT_ONCE = 5_000


class OtherRequest(RunoError):
    """The idempotency key was used for another request."""


class JobRunning(RunoError):
    """What was asked needs a job that has ended."""


class NothingToRetry(RunoError):
    """The job has no failed row."""


class Jobs:
    """The jobs of one database. Each method is one transaction; all of them block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Accepting

    def accept(self, new: NewJob) -> Job:
        """Write a job down; when this returns it is durable. The same request again gives the same job.

        Raises `charges.QuotaExceeded` and `OtherRequest`; then nothing is written.
        """
        targets = new.targets if isinstance(new.targets, list | tuple) else list(new.targets)
        return self._database.write(lambda link: _accept(link, new, targets), durable=True)

    # Looking up

    def get(self, job: str, owner: str | None = None) -> Job | None:
        """A job, if it is the owner's; None is any owner."""
        with self._database.read() as link:
            return job_of(link, job, owner)

    def page(
        self, owner: str | None, *, states: Iterable[State] = (), before: str | None = None, limit: int = 50
    ) -> list[Job]:
        """The newest jobs of an owner, or those that are older than `before`."""
        query = select(jobs).order_by(jobs.c.id.desc()).limit(limit)
        if owner is not None:
            query = query.where(jobs.c.owner == owner)
        if states:
            query = query.where(jobs.c.state.in_(list(states)))
        if before is not None:
            query = query.where(jobs.c.id < before)
        with self._database.read() as link:
            return [_job(record) for record in link.execute(query)]

    def named(self, beginning: str, most: int = 2) -> list[Job]:
        """Jobs whose id is this or begins with it, the newest first: two where it is not unique."""
        query = select(jobs).where(jobs.c.id.startswith(beginning, autoescape=True))
        with self._database.read() as link:
            return [_job(record) for record in link.execute(query.order_by(jobs.c.id.desc()).limit(most))]

    def newest(self, owner: str, digest: str) -> Job | None:
        """The last job of an owner that was accepted with a digest."""
        query = select(jobs).where(jobs.c.owner == owner, jobs.c.digest == digest)
        with self._database.read() as link:
            found = link.execute(query.order_by(jobs.c.id.desc()).limit(1)).one_or_none()
            return None if found is None else _job(found)

    def outcomes(self, job: str) -> dict[str, int]:
        """How many rows a job has of each outcome; rows that are made on reading are not counted."""
        with self._database.read() as link:
            return book_reads.outcomes(link, job)

    def fact(self, job: str, name: str) -> Json:
        with self._database.read() as link:
            found = link.scalar(select(facts.c.value).where(facts.c.job == job, facts.c.name == name))
            return None if found is None else json.loads(found)

    def sealed(self, job: str) -> bytes | None:
        """The target site's secrets, as they were sealed; None where there are none or the job has ended."""
        with self._database.read() as link:
            return link.scalar(select(jobs.c.sealed).where(jobs.c.id == job))

    # Rows

    def rows(self, job: str, after: int = -1, limit: int = 1000) -> list[Row]:
        """Rows in the order of the request, from the one behind index `after` on.

        Of a job that has ended every URL has one; of one that runs only those that are done.
        """
        with self._database.read() as link:
            head = job_of(link, job)
            if head is None:
                return []
            done = () if head.state == "ended" else (rows.c.row.is_not(None),)
            return _rows(link, head, after, limit, *done)

    def rows_so_far(self, job: str) -> Iterator[Row]:
        """The rows that there are, in the order of the request, a thousand at a time."""
        return _pages(lambda after: self.rows(job, after))

    def complete_rows(self, job: str) -> Iterator[Row]:
        """One row per URL, in the order of the request, a thousand at a time.

        A URL that a job which has not ended has not come to has a `JOB_CANCELLED` row.
        """
        return _pages(lambda after: self._complete(job, after))

    def _complete(self, job: str, after: int) -> list[Row]:
        with self._database.read() as link:
            head = job_of(link, job)
            return [] if head is None else _rows(link, head, after, limit=1000)

    # Changing

    def note(self, job: str, name: str, value: Json) -> None:
        """Note a fact of a job that is nobody's claim: one about its rows' way out, say."""
        self._database.write(lambda link: book_writes.note(link, job, {name: value}))

    def respecify(self, job: str, spec: Mapping[str, Json]) -> None:
        """From now on a job is worked on by these arguments: how, not what."""
        text = json.dumps(spec, ensure_ascii=False)
        self._database.write(
            lambda link: link.execute(update(jobs).where(jobs.c.id == job).values(spec=text))
        )

    def cancel(self, job: str) -> Job | None:
        """Ask a job to stop. One that waits, or whose worker is lost, has ended when this returns.

        Asking again changes nothing. None where there is no such job.
        """
        return self._database.write(lambda link: _cancel(self._database, link, job), durable=True)

    def retry(self, job: str, units: bool) -> int:
        """Queue the failed rows of a job that has ended; how many there are.

        With `units` they are reserved anew from the job's key. Raises `JobRunning`, `NothingToRetry` and
        `charges.QuotaExceeded`.
        """
        return self._database.write(lambda link: _retry(link, job, units), durable=True)

    def purge(self, ended_before: float, owner: str | None = None) -> int:
        """Delete the jobs that ended before a moment, with their rows; how many there were.

        What they were charged stays.
        """
        return self._database.write(lambda link: _purge(link, ended_before, owner))


def job_of(link: Connection, job: str, owner: str | None = None) -> Job | None:
    query = select(jobs).where(jobs.c.id == job)
    found = link.execute(query if owner is None else query.where(jobs.c.owner == owner)).one_or_none()
    return None if found is None else _job(found)


def end_job(link: Connection, job: str, end: End) -> None:
    """The last transition of a round: the secrets are erased, what was not used is given back."""
    spent = charges.settle(link, job)
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
            total=_known(link, job),
        )
    )


def insert_targets(link: Connection, job: str, targets: Iterable[Target], round_: int = 0) -> None:
    remaining = iter(targets)
    while some := list(islice(remaining, _AT_ONCE)):
        link.execute(insert(urls), [book_writes.record_of(job, target, round_) for target in some])


def _accept(link: Connection, new: NewJob, targets: list[Target] | tuple[Target, ...]) -> Job:
    before = _accepted_before(link, new)
    if before is not None:
        return before
    link.execute(
        insert(jobs).values(
            id=new.id,
            owner=new.owner,
            key=new.key,
            dialect=new.dialect,
            endpoint=new.endpoint,
            project=new.project,
            spider=new.spider,
            spec=json.dumps(new.spec, ensure_ascii=False),
            sealed=new.sealed,
            state="queued",
            created_at=time.time(),
            total=len(targets) or None,
            reserved=new.units or 0,
            idempotency_key=new.idempotency_key,
            digest=new.digest,
        )
    )
    insert_targets(link, new.id, targets)
    if new.units is not None and new.key is not None:
        charges.reserve(link, new.id, 0, new.key, new.units)
    made = job_of(link, new.id)
    assert made is not None
    return made


def _accepted_before(link: Connection, new: NewJob) -> Job | None:
    """The job of the same request, or of the same transaction when it is tried again."""
    same = jobs.c.id == new.id
    if new.idempotency_key is not None:
        same |= and_(jobs.c.owner == new.owner, jobs.c.idempotency_key == new.idempotency_key)
    found = link.execute(select(jobs).where(same)).one_or_none()
    if found is not None and found.digest != new.digest:
        raise OtherRequest(f"idempotency key {new.idempotency_key!r} was used for another request")
    return None if found is None else _job(found)


def _cancel(database: Database, link: Connection, job: str) -> Job | None:
    now, boot = database.lease_now(link)
    head = link.execute(select(jobs).where(jobs.c.id == job).with_for_update()).one_or_none()
    if head is None or head.state == "ended":
        return None if head is None else _job(head)
    link.execute(update(jobs).where(jobs.c.id == job).values(cancel_asked=True))
    alive = head.state == "running" and head.lease_boot == boot and (head.lease_until or 0) > now
    if not alive:
        # The next token keeps a worker that was only stopped for a while from writing more.
        link.execute(update(jobs).where(jobs.c.id == job).values(token=jobs.c.token + 1))
        end_job(link, job, "cancelled")
    return job_of(link, job)


def _retry(link: Connection, job: str, units: bool) -> int:
    head = link.execute(select(jobs).where(jobs.c.id == job).with_for_update()).one()
    if head.state != "ended":
        raise JobRunning(f"job {job} has not ended")
    succeeded = select(rows.c.idx).where(rows.c.job == job, rows.c.outcome.in_(("success", "empty")))
    failed = and_(urls.c.job == job, urls.c.idx >= 0, urls.c.idx.not_in(succeeded))
    count = int(link.scalar(select(func.count()).select_from(urls).where(failed)) or 0)
    if count == 0:
        raise NothingToRetry(f"job {job} has no failed row")
    round_ = head.round + 1
    link.execute(update(urls).where(failed).values(attempt=0, round=round_))
    link.execute(delete(rows).where(rows.c.job == job, rows.c.idx.not_in(succeeded)))
    if units and head.key is not None:
        charges.reserve(link, job, round_, head.key, count)
    link.execute(
        update(jobs)
        .where(jobs.c.id == job)
        .values(state="queued", ending=None, ended_at=None, round=round_, cancel_asked=False, starts=0)
        .values(failed=0, reserved=jobs.c.reserved + (count if units else 0))
    )
    return count


def _purge(link: Connection, ended_before: float, owner: str | None) -> int:
    old = select(jobs.c.id).where(jobs.c.state == "ended", jobs.c.ended_at < ended_before)
    ids = list(link.scalars(old if owner is None else old.where(jobs.c.owner == owner)))
    for some in (ids[at : at + 500] for at in range(0, len(ids), 500)):
        for table in (rows, urls, facts):
            link.execute(delete(table).where(table.c.job.in_(some)))
        link.execute(delete(jobs).where(jobs.c.id.in_(some)))
    return len(ids)


def _rows(link: Connection, head: Job, after: int, limit: int, *conditions: ColumnElement[bool]) -> list[Row]:
    joined = urls.outerjoin(rows, and_(rows.c.job == urls.c.job, rows.c.idx == urls.c.idx))
    query = (
        select(urls.c.idx, urls.c.url, urls.c.extra, rows.c.row)
        .select_from(joined)
        .where(urls.c.job == head.id, urls.c.idx > after, urls.c.idx >= 0, *conditions)
        .order_by(urls.c.idx)
        .limit(limit)
    )
    return [_row(head, *record) for record in link.execute(query)]


def _pages(read: Callable[[int], list[Row]]) -> Iterator[Row]:
    """All rows of a reader of the rows behind an index."""
    after = -1
    while found := read(after):
        yield from found
        after = found[-1].index if found[-1].index is not None else after


def _row(head: Job, index: int, url: str, extra: str | None, row: str | None) -> Row:
    if row is not None:
        return from_json(json.loads(row))
    code = "WORKER_LOST" if head.end == "lost" else "JOB_CANCELLED"
    return describe(PageFailure(code), url, index, json.loads(extra) if extra else {})


def _known(link: Connection, job: str) -> int:
    query = select(func.count()).select_from(urls).where(urls.c.job == job, urls.c.idx >= literal(0))
    return int(link.scalar(query) or 0)


def _job(record: Record[Any]) -> Job:
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
