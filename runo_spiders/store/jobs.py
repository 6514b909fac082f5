"""Jobs from the outside: accepted, looked up, listed, cancelled, retried, read, purged."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from sqlalchemy import func, select

from runo_spiders.items import Json, Row
from runo_spiders.store import accepting, endings
from runo_spiders.store.accepting import OtherRequest
from runo_spiders.store.database import Database
from runo_spiders.store.endings import JobRunning, NothingToRetry
from runo_spiders.store.job_reads import job_of, page_of, rows_of
from runo_spiders.store.records import Job, NewJob, State
from runo_spiders.store.tables import facts, jobs

__all__ = ["JobRunning", "Jobs", "NothingToRetry", "OtherRequest"]


class Jobs:
    """The jobs of one database. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    # Accepting

    def accept(self, new: NewJob) -> Job:
        """Write a job down; when this returns it is durable. The same request again gives the same job.

        The targets are gone through once, and not all held in memory. Until all of them are written down the
        job is not seen by anybody.
        Raises `charges.QuotaExceeded` and `OtherRequest`; then nothing is written.
        """
        return accepting.accept(self._database, new)

    # Looking up

    def get(self, job: str, owner: str | None = None) -> Job | None:
        """A job, if it is the owner's; None is any owner."""
        with self._database.read() as link:
            return job_of(link, job, owner)

    def page(
        self, owner: str | None, *, states: Iterable[State] = (), before: str | None = None, limit: int = 50
    ) -> list[Job]:
        """The newest jobs of an owner, or those that are older than `before`."""
        with self._database.read() as link:
            return page_of(link, owner, states, before, limit)

    def waiting(self, most: int) -> int:
        """How many jobs wait for a worker; no more than `most` are counted."""
        some = select(jobs.c.id).where(jobs.c.state == "queued").limit(most).subquery()
        with self._database.read() as link:
            return int(link.scalar(select(func.count()).select_from(some)) or 0)

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
            return [] if head is None else rows_of(link, head, after, limit)

    def complete_rows(self, job: str) -> Iterator[Row]:
        """One row per URL, in the order of the request, a thousand at a time."""
        after = -1
        while found := self.rows(job, after):
            yield from found
            after = found[-1].index if found[-1].index is not None else after

    # Changing

    def cancel(self, job: str) -> Job | None:
        """Ask a job to stop. One that waits, or whose worker is lost, has ended when this returns.

        Asking again changes nothing. None where there is no such job.
        """
        clock = self._database.lease_now
        return self._database.write(lambda link: endings.cancel(link, job, *clock(link)), durable=True)

    def retry(self, job: str, units: bool) -> int:
        """Queue the failed rows of a job that has ended; how many there are.

        With `units` they are reserved anew from the job's key. Raises `JobRunning`, `NothingToRetry` and
        `charges.QuotaExceeded`.
        """
        with self._database.read() as link:
            round_ = int(link.scalar(select(jobs.c.round).where(jobs.c.id == job)) or 0) + 1
        return self._database.write(lambda link: endings.retry(link, job, round_, units), durable=True)

    def purge(self, ended_before: float, owner: str | None = None) -> int:
        """Delete the jobs that ended before a moment, with their rows; how many there were.

        What they were charged stays. Goes too: what is left of jobs whose accepting was killed an hour ago. A
        purge that is killed is completed by the next one.
        """
        return endings.purge(self._database, ended_before, owner)
