"""Who works on a job: leases with fencing tokens, and what becomes of a job whose worker is lost."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Select, and_, func, insert, literal_column, or_, select, update

from runo_spiders.config import LEASE_S
from runo_spiders.errors import PageFailure, describe
from runo_spiders.rows_json import to_json
from runo_spiders.store.database import Database
from runo_spiders.store.endings import end_job, has_worker
from runo_spiders.store.job_reads import job_of, locked
from runo_spiders.store.records import Claim, End, Standing
from runo_spiders.store.tables import jobs, rows, urls

MOST_STARTS = 3
"""After so many processes that died without getting anywhere a job is lost; after so many starts, a URL."""


class StaleClaim(Exception):
    """Another worker has the job: nothing was written, and nothing more may be."""


class Leases:
    """The workers' side of the jobs. Each method is one transaction; all of them block."""

    def __init__(self, database: Database, lease_s: float = LEASE_S) -> None:
        self._database = database
        self._lease_s = lease_s

    def queued(self, limit: int, after: str = "") -> list[str]:
        """Jobs that wait for a worker: the oldest of each owner in turn, those with fewer running jobs first.

        Among equals the turn goes round by the owners' names, and begins behind that of `after`. Those count
        whose worker's lease has run out.
        """
        with self._database.read() as link:
            return _queued(link, *self._database.lease_now(link), limit, after)

    def held(self, ids: Iterable[str]) -> dict[str, float]:
        """Those of some jobs that a worker holds, and the seconds until it has to renew its lease."""
        with self._database.read() as link:
            now, boot = self._database.lease_now(link)
            query = select(jobs).where(jobs.c.id.in_(list(ids)), jobs.c.state == "running")
            found = link.execute(query).all()
        return {head.id: head.lease_until - now for head in found if has_worker(head, now, boot)}

    def claim(self, job: str, worker: str) -> Claim | None:
        """Take a job over; None if it has ended, or another worker has it.

        URLs that were started `MOST_STARTS` times and have no row get one (`WORKER_LOST`), alone.
        """
        return self._database.write(lambda link: self._claim(link, job, worker))

    def renew(self, claim: Claim) -> Standing:
        """Keep the job for another while, and learn whether it is to be stopped."""
        return self._database.write(lambda link: self._renew(link, claim))

    def release(self, claim: Claim) -> None:
        """Give a job back that is not done: the next worker need not wait for the lease to run out."""
        self._database.write(lambda link: _release(link, claim))

    def finish(self, claim: Claim, end: End) -> None:
        """The job's last transition. Raises `StaleClaim`."""
        self._database.write(lambda link: _finish(link, claim, end), durable=True)

    def bury(self, job: str) -> bool:
        """End a job as lost if its worker is gone and `MOST_STARTS` of them got nowhere; whether it is."""
        return self._database.write(lambda link: self._bury(link, job), durable=True)

    def _claim(self, link: Connection, job: str, worker: str) -> Claim | None:
        now, boot = self._database.lease_now(link)
        head = locked(link, job)
        if head is None or head.state == "ended" or (head.worker != worker and has_worker(head, now, boot)):
            return None
        token = head.token + 1
        link.execute(
            update(jobs)
            .where(jobs.c.id == job)
            .values(
                state="running",
                token=token,
                batch=0,
                worker=worker,
                lease_until=now + self._lease_s,
                lease_boot=boot,
                starts=head.starts + 1,
                started_at=head.started_at or time.time(),
            )
        )
        _give_up_the_poisonous(link, job)
        claimed = job_of(link, job)
        assert claimed is not None
        return Claim(claimed, token, follows_loss=head.state == "running")

    def _renew(self, link: Connection, claim: Claim) -> Standing:
        now, boot = self._database.lease_now(link)
        renewed = update(jobs).where(_held(claim)).values(lease_until=now + self._lease_s, lease_boot=boot)
        found = link.execute(renewed.returning(jobs.c.cancel_asked)).one_or_none()
        if found is None:
            return "lost"
        return "cancelled" if found.cancel_asked else "held"

    def _bury(self, link: Connection, job: str) -> bool:
        now, boot = self._database.lease_now(link)
        head = locked(link, job)
        if head is None or head.state != "running" or has_worker(head, now, boot):
            return False
        if head.starts < MOST_STARTS:
            return False
        if link.execute(poisonous(job)).first() is not None:
            # The next claim gives those up, and the rest goes on.
            return False
        link.execute(update(jobs).where(jobs.c.id == job).values(token=jobs.c.token + 1))
        end_job(link, job, "lost")
        return True


def hold(link: Connection, claim: Claim, batch: int) -> bool:
    """Keep the job ours until the transaction ends; whether a batch of changes is still to be written.

    Batches are numbered from 1 on by the holder of a claim. Raises `StaleClaim`.
    """
    newest = link.scalar(select(jobs.c.batch).where(_held(claim)).with_for_update())
    if newest is None:
        raise StaleClaim(f"{claim.job.id}: token {claim.token} is not the newest")
    if newest < batch:
        link.execute(update(jobs).where(jobs.c.id == claim.job.id).values(batch=batch))
    return bool(newest < batch)


def _finish(link: Connection, claim: Claim, end: End) -> None:
    head = locked(link, claim.job.id)
    if head is None or head.token != claim.token or head.state == "queued":
        raise StaleClaim(f"{claim.job.id}: token {claim.token} is not the newest")
    # One that has ended under our own token was finished by us: the commit succeeded unheard.
    if head.state == "running":
        end_job(link, claim.job.id, end)


def _release(link: Connection, claim: Claim) -> None:
    given_back = update(jobs).where(_held(claim)).values(state="queued", lease_until=None, starts=0)
    if link.execute(given_back.returning(jobs.c.id)).one_or_none() is not None:
        # What was stopped in order counts as one start: it was charged, and did not kill anybody.
        stopped = and_(urls.c.job == claim.job.id, urls.c.attempt > 1)
        link.execute(update(urls).where(stopped).values(attempt=1))


def _held(claim: Claim) -> Any:
    return and_(jobs.c.id == claim.job.id, jobs.c.token == claim.token, jobs.c.state == "running")


def _queued(link: Connection, now: float, boot: str, limit: int, after: str) -> list[str]:
    expired = and_(jobs.c.state == "running", or_(jobs.c.lease_boot != boot, jobs.c.lease_until <= now))
    # A job of the command line is worked on by the command that asked for it.
    waiting = and_(or_(jobs.c.state == "queued", expired), jobs.c.dialect != "cli")
    running = (
        select(jobs.c.owner, func.count().label("count"))
        .where(jobs.c.state == "running", ~expired)
        .group_by(jobs.c.owner)
        .subquery()
    )
    turn = func.row_number().over(partition_by=jobs.c.owner, order_by=jobs.c.id)
    query = (
        select(jobs.c.id)
        .outerjoin(running, running.c.owner == jobs.c.owner)
        .where(waiting)
        .order_by(turn + func.coalesce(running.c.count, 0), jobs.c.owner <= after, jobs.c.owner)
        .limit(limit)
    )
    return list(link.scalars(query))


def poisonous(job: str) -> Select[Any]:
    joined = urls.outerjoin(rows, and_(rows.c.job == urls.c.job, rows.c.idx == urls.c.idx))
    return (
        select(urls.c.idx, urls.c.url, urls.c.extra)
        .select_from(joined)
        .where(urls.c.job == job, urls.c.attempt >= MOST_STARTS, rows.c.idx.is_(None))
        # Spelled out, so that the index of such URLs is found to fit.
        .where(urls.c.attempt > literal_column("1"))
    )


def _give_up_the_poisonous(link: Connection, job: str) -> None:
    """Rows for the URLs during which worker after worker died."""
    for index, url, extra in link.execute(poisonous(job)).all():
        row = describe(PageFailure("WORKER_LOST"), url, index, json.loads(extra) if extra else {})
        text = json.dumps(to_json(row), ensure_ascii=False)
        line = {"job": job, "idx": index, "outcome": row.outcome, "item_count": 0, "row": text}
        link.execute(insert(rows).values(**line))
        link.execute(update(jobs).where(jobs.c.id == job).values(failed=jobs.c.failed + 1))
