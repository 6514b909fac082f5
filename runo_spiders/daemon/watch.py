"""The API's view of the jobs at work: start this one, tell me when it has ended, stop it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import LoopingCall
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from zope.interface import Interface

from runo_spiders.store.deaths import Deaths
from runo_spiders.store.records import Job

_LOOK_EVERY_S = 1.0
"""How often the ledger is asked about jobs that another daemon or a command may end."""

log = Logger()


class IWatch(Interface):
    """The name of the `Watch` among the components of Scrapyd's application."""


class NoSuchJob(LookupError):
    """The ledger does not have the job (any more)."""


class Watch:
    """The jobs of one ledger, as far as somebody in this process waits for them.

    `start` looks for jobs to start; `stop` is told a job whose process is to end soon. All methods are called
    in the reactor's thread and return at once.
    """

    def __init__(self, deaths: Deaths, start: Callable[[], object], stop: Callable[[str], object]) -> None:
        self._deaths = deaths
        self._start = start
        self._stop = stop
        self._waiting: dict[str, list[Deferred[Job]]] = {}
        self._looking = LoopingCall(self.look)

    def submitted(self, job: str) -> None:
        """Start a job that is in the ledger now, as soon as a slot is free."""
        self._start()

    def cancelled(self, job: str) -> None:
        """See to it that a job stops for which the ledger was told so: its process is given 12 seconds."""
        self._stop(job)

    def ended(self, job: str) -> Deferred[Job]:
        """Fires with the job as it is when it has ended; fails with `NoSuchJob`.

        Where the job runs here its end is seen at once, elsewhere within a second. Cancel the Deferred to
        wait no longer.
        """
        waiting: Deferred[Job] = Deferred(lambda one: self._forget(job, one))
        self._waiting.setdefault(job, []).append(waiting)
        self.look(job)
        if not self._looking.running:
            self._looking.start(_LOOK_EVERY_S, now=False)
        return waiting

    def seen(self, job: Job) -> None:
        """Tell those who wait for a job of its end, which was just read in the ledger."""
        self._tell(job.id, job)

    def look(self, job: str | None = None) -> None:
        """Ask the ledger about one of the jobs that are waited for, or about all."""
        ids = [one for one in self._waiting if job in (one, None)]
        if ids:
            looked = ensureDeferred(self._look(ids))
            looked.addErrback(lambda failure: log.failure("The ledger cannot be read", failure))
        elif self._looking.running and not self._waiting:
            self._looking.stop()

    async def _look(self, ids: list[str]) -> None:
        found = await deferToThread(self._deaths.jobs, ids)
        for job in ids:
            known = found.get(job)
            if known is None:
                self._tell(job, NoSuchJob(job))
            elif known.state == "ended":
                self._tell(job, known)

    def _tell(self, job: str, outcome: Job | NoSuchJob) -> None:
        for waiting in self._waiting.pop(job, []):
            if isinstance(outcome, Job):
                waiting.callback(outcome)
            else:
                waiting.errback(outcome)

    def _forget(self, job: str, waiting: Deferred[Job]) -> None:
        others = [one for one in self._waiting.get(job, []) if one is not waiting]
        if others:
            self._waiting[job] = others
        else:
            self._waiting.pop(job, None)


def watch_of(root: Any) -> Watch:
    """The watch of the daemon, from the root that Scrapyd gives to each of its `[services]`."""
    watch: Watch = root.app.getComponent(IWatch)
    return watch
