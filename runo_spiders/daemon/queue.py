"""Scrapyd's queue and poller over the ledger: what waits, and which of it is next."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from scrapyd.interfaces import IPoller, ISpiderQueue
from scrapyd.utils import get_project_list
from twisted.internet.defer import Deferred, DeferredQueue, ensureDeferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from zope.interface import implementer

from runo_spiders.daemon.asking import job_of_arguments
from runo_spiders.daemon.callers import LOCAL
from runo_spiders.daemon.ledger import the_ledger
from runo_spiders.store.leases import MOST_STARTS
from runo_spiders.store.records import Job

Message = dict[str, Any]

_MOST_LISTED = 1_000

log = Logger()


@implementer(ISpiderQueue)
class LedgerQueue:
    """The jobs of one project that wait. Each method gives a Deferred: a thread asks the database."""

    def __init__(self, config: object, project: str) -> None:
        self._project = project

    def add(self, name: str, priority: float = 0.0, **arguments: str) -> Deferred[Job]:
        """Accept a job of the operator's own. A priority says nothing: owners take turns."""
        new = job_of_arguments(LOCAL, self._project, name, arguments)
        return deferToThread(the_ledger().jobs.accept, new)

    def pop(self) -> Deferred[Message | None]:
        """The next job. It waits until a worker claims it."""
        return deferToThread(lambda: next(iter(self._waiting(1)), None))

    def count(self) -> Deferred[int]:
        return deferToThread(lambda: len(self._waiting()))

    def list(self) -> Deferred[Sequence[Message]]:
        return deferToThread(self._waiting)

    def remove(self, func: Callable[[Message], bool]) -> Deferred[int]:
        return deferToThread(self._cancel, func)

    def clear(self) -> Deferred[int]:
        return deferToThread(self._cancel, lambda message: True)

    def _waiting(self, limit: int = _MOST_LISTED) -> Sequence[Message]:
        jobs = the_ledger().jobs.page(None, states=["queued"], limit=_MOST_LISTED)
        found = [message_of(job) for job in reversed(jobs) if job.project == self._project]
        return [message | {"name": message["_spider"]} for message in found[:limit]]

    def _cancel(self, func: Callable[[Message], bool]) -> int:
        chosen = [message["_job"] for message in self._waiting() if func(message)]
        for job in chosen:
            the_ledger().jobs.cancel(job)
        return len(chosen)


@implementer(IPoller)
class LedgerPoller:
    """Hands the next jobs to free slots, the owners taking turns.

    It is asked every second for what others have queued or lost, and at once when a job comes in or a slot
    becomes free. A job stays taken from then until `release`.
    """

    def __init__(self, config: Any) -> None:
        self._config = config
        self._slots: DeferredQueue[Message] = DeferredQueue()
        self._taken: set[str] = set()
        self._last_owner = ""
        self._asking = False
        self._asked_again = False
        self.stopped = False
        self.update_projects()

    def update_projects(self) -> None:
        projects = get_project_list(self._config)
        self.queues: Mapping[str, LedgerQueue] = {name: LedgerQueue(self._config, name) for name in projects}

    def next(self) -> Deferred[Message]:
        """Fires with the message of a job when there is one for the slot that asks."""
        slot = self._slots.get()
        self.poll()
        return slot

    def release(self, job: str) -> None:
        """A job's process has ended: if the job has not, it may be started again."""
        self._taken.discard(job)

    def poll(self) -> None:
        """Look for jobs. It never fails, nor does it wait: a second call meanwhile makes it look again."""
        self._asked_again = True
        if not self._asking:
            self._asking = True
            ensureDeferred(self._hand_out())

    async def _hand_out(self) -> None:
        try:
            while self._asked_again and self._slots.waiting and not self.stopped:
                self._asked_again = False
                most = len(self._slots.waiting) + len(self._taken)
                found = await deferToThread(_next_jobs, most, frozenset(self._taken), self._last_owner)
                for job in found:
                    self._give(job)
        except Exception:
            log.failure("The ledger cannot be asked for jobs")
        finally:
            self._asking = False

    def _give(self, job: Job) -> None:
        if self._slots.waiting and not self.stopped and job.id not in self._taken:
            self._taken.add(job.id)
            self._last_owner = job.owner
            self._slots.put(message_of(job))


def message_of(job: Job) -> Message:
    """What Scrapyd's parts hand around of a job: never its arguments."""
    return {"_project": job.project, "_spider": job.spider, "_job": job.id}


def _next_jobs(most: int, taken: frozenset[str], last_owner: str) -> list[Job]:
    """Jobs to start; those on the way whose workers died too often are buried."""
    ledger = the_ledger()
    waiting = [job for job in ledger.leases.queued(most, last_owner) if job not in taken]
    found = ledger.deaths.jobs(waiting).values() if waiting else ()
    return [job for job in found if job.starts < MOST_STARTS or not ledger.leases.bury(job.id)]
