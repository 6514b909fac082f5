"""Jobs as their starter sees them: what became of them, and what to do when a worker's process has died."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, select, update

from runo_spiders.store.database import Database
from runo_spiders.store.endings import end_job
from runo_spiders.store.job_reads import job_of
from runo_spiders.store.leases import MOST_STARTS, poisonous
from runo_spiders.store.records import Job
from runo_spiders.store.tables import jobs


class Deaths:
    """What somebody knows who sees a worker's process end, before its lease runs out. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def jobs(self, ids: Iterable[str]) -> dict[str, Job]:
        """Those of the jobs that are there."""
        with self._database.read() as link:
            return {job: found for job in ids if (found := job_of(link, job)) is not None}

    def asked_to_stop(self, ids: Iterable[str]) -> list[str]:
        """Those of the jobs that run and are to be cancelled."""
        query = select(jobs.c.id).where(jobs.c.id.in_(list(ids)), jobs.c.state == "running")
        with self._database.read() as link:
            return list(link.scalars(query.where(jobs.c.cancel_asked)))

    def workers(self) -> dict[str, str]:
        """The name of the worker of each job that runs."""
        with self._database.read() as link:
            query = select(jobs.c.id, jobs.c.worker).where(jobs.c.state == "running")
            return {job: worker or "" for job, worker in link.execute(query)}

    def died(self, job: str, worker: str) -> Job | None:
        """Say that the process of a worker is gone without having ended its job or released it.

        The job may be claimed again at once; it is lost if `MOST_STARTS` of them got nowhere, and cancelled
        if that was asked for. A process that died before it could claim its job counts as well. Nothing
        changes when another worker has it. The job as it is then; None where there is none.
        """
        known = self.jobs([job]).get(job)
        if known is not None and known.state == "ended":
            # Nearly always: not to wait for a turn to write.
            return known
        return self._database.write(lambda link: _died(link, job, worker), durable=True)


def _died(link: Connection, job: str, worker: str) -> Job | None:
    head = link.execute(select(jobs).where(jobs.c.id == job).with_for_update()).one_or_none()
    if head is None or head.state == "ended" or (head.state == "running" and head.worker != worker):
        return None if head is None else job_of(link, job)
    starts = head.starts + (head.state == "queued")
    # The lease has run out, which tells the next worker of the loss; the next token keeps this one, if
    # anything is left of it, from writing more.
    gone = update(jobs).where(jobs.c.id == job)
    link.execute(gone.values(lease_until=0.0, token=head.token + 1, starts=starts))
    if head.cancel_asked:
        end_job(link, job, "cancelled")
    elif starts >= MOST_STARTS and link.execute(poisonous(job)).first() is None:
        end_job(link, job, "lost")
    return job_of(link, job)
