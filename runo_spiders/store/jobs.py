"""Jobs from the outside: accepted, looked up, listed, cancelled, retried, read, purged."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from sqlalchemy import func, select, update

from runo_spiders.items import Json, Row
from runo_spiders.store import accepting, book_reads, book_writes, endings
from runo_spiders.store.accepting import OtherRequest
from runo_spiders.store.database import Database
from runo_spiders.store.endings import JobRunning, NothingToRetry
from runo_spiders.store.job_reads import complete_rows_of, job_of, named, newest, page_of, rows_of
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

    def named(self, beginning: str) -> list[Job]:
        """The jobs whose id is this or begins with it, the newest first; two at most."""
        with self._database.read() as link:
            return named(link, beginning, most=2)

    def newest(self, owner: str, digest: str) -> Job | None:
        """The last job of an owner that was accepted with a digest."""
        with self._database.read() as link:
            return newest(link, owner, digest)

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
            return [] if head is None else rows_of(link, head, after, limit)

    def get_with_rows(
        self, job: str, owner: str | None, after: int, limit: int
    ) -> tuple[Job, list[Row]] | None:
        """`get` and `rows`, as of one moment."""
        with self._database.read() as link:
            head = job_of(link, job, owner)
            return None if head is None else (head, rows_of(link, head, after, limit) if limit else [])

    def rows_so_far(self, job: str) -> Iterator[Row]:
        """The rows that there are, in the order of the request, a thousand at a time."""
        return _pages(lambda after: self.rows(job, after))

    def complete_rows(self, job: str) -> Iterator[Row]:
        """One row per URL, in the order of the request, a thousand at a time.

        A URL that a job which has not ended has not come to has a `JOB_CANCELLED` row.
        """
        return _pages(lambda after: self._complete(job, after))

    # Changing

    def note(self, job: str, name: str, value: Json) -> None:
        """Note a fact of a job that needs no claim: one about its rows' way out, say."""
        self._database.write(lambda link: book_writes.note(link, job, {name: value}))

    def respecify(self, job: str, spec: Mapping[str, Json]) -> None:
        """From now on a job is worked on by these arguments: how, not what."""
        changed = update(jobs).where(jobs.c.id == job).values(spec=json.dumps(spec, ensure_ascii=False))
        self._database.write(lambda link: link.execute(changed))

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

    def _complete(self, job: str, after: int) -> list[Row]:
        with self._database.read() as link:
            head = job_of(link, job)
            return [] if head is None else complete_rows_of(link, head, after, limit=1000)


def _pages(read: Callable[[int], list[Row]]) -> Iterator[Row]:
    """All rows of a reader of the rows behind an index."""
    after = -1
    while found := read(after):
        yield from found
        after = found[-1].index if found[-1].index is not None else after
