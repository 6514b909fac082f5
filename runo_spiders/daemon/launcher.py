"""Scrapyd's launcher: its slots bound how many jobs run, the nursery and the runner run them.

A slot is always given back, whatever becomes of the job. What the job's process leaves is looked at: a job
that has not ended is queued again, or lost when too many processes have died over it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from scrapyd.interfaces import IEnvironment, IPoller
from scrapyd.launcher import Launcher
from scrapyd.utils import get_file_path
from twisted.internet import reactor as _reactor
from twisted.internet.defer import Deferred, DeferredList, ensureDeferred
from twisted.internet.task import LoopingCall, deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import Logger

from runo_spiders.daemon.asking import OWN_PROJECT, OWN_SPIDER, SETTINGS, asked_of_scrapyd
from runo_spiders.daemon.ledger import project_config, the_ledger
from runo_spiders.daemon.lineage import Lineage
from runo_spiders.daemon.nursery_link import NurseryLink
from runo_spiders.daemon.process import GRACE_S, TRY_LATER, JobProcess, Order
from runo_spiders.daemon.queue import Message, message_of
from runo_spiders.daemon.runner_link import run_in_a_process_of_its_own
from runo_spiders.daemon.watch import IWatch, Watch
from runo_spiders.daemon.workers import is_dead
from runo_spiders.errors import RunoError
from runo_spiders.store.deaths import Deaths
from runo_spiders.store.records import Job
from runo_spiders.store.vault import Vault
from runo_spiders.worker_status import ENDED, LEASE_LOST, REFUSED, RELEASED

reactor: Any = _reactor
log = Logger()

_IN_ORDER = {REFUSED, LEASE_LOST, RELEASED, TRY_LATER}
_LOOK_FOR_CANCELS_EVERY_S = 1.0
_LOOK_FOR_SURVIVORS_EVERY_S = 0.2
_PAUSE_S = 1.0


class JobLauncher(Launcher):
    """See the module."""

    def __init__(self, config: Any, app: Any) -> None:
        super().__init__(config, app)
        self._logs = Path(config.get("logs_dir", "logs")).absolute()
        self._poller = app.getComponent(IPoller)
        self._lineage = Lineage(Path(config.get("dbs_dir", "dbs")).absolute())
        self._deaths = Deaths(the_ledger().database)
        self._at_work: set[Deferred[None]] = set()
        self._stopping: set[str] = set()
        self._cancels = LoopingCall(self._see_cancels)
        self.watch = Watch(self._deaths, start=self._poller.poll, stop=self._stop_soon)
        app.setComponent(IWatch, self.watch)
        self._nursery = NurseryLink(self._lineage.lock, over=self.watch.look)

    def startService(self) -> None:  # noqa: N802 (Twisted's name)
        self._nursery.open()
        self._cancels.start(_LOOK_FOR_CANCELS_EVERY_S, now=False)
        begun = ensureDeferred(self._begin())
        begun.addErrback(lambda failure: log.failure("The launcher did not start", failure))

    def stopService(self) -> Deferred[Any]:  # noqa: N802 (Twisted's name)
        """Stop all jobs in order; they are released, and go on when a daemon is there again."""
        self._poller.stopped = True
        self._cancels.stop()
        for process in self.processes.values():
            process.ask_to_end()
        reactor.callLater(GRACE_S, self.kill_all)
        stopped = DeferredList([self._nursery.close(), *self._at_work])
        return stopped.addBoth(lambda _: self._lineage.end())

    def kill_all(self) -> None:
        for process in list(self.processes.values()):
            process.kill()

    def _spawn_process(self, message: Message, slot: int) -> None:
        """Called by the poller's Deferred: whatever happens here, the slot comes back."""
        work = ensureDeferred(self._work(message, slot))
        self._at_work.add(work)
        work.addBoth(lambda _: self._at_work.discard(work))

    async def _work(self, message: Message, slot: int) -> None:
        process = JobProcess(message["_project"], message["_spider"], message["_job"])
        self.processes[slot] = process
        try:
            status = await self._run(process)
            await self._see_to_what_is_left(process, status)
        except Exception:
            log.failure("{job} could not be run", job=process.job)
            await deferLater(reactor, _PAUSE_S)
        finally:
            del self.processes[slot]
            self._stopping.discard(process.job)
            process.end(None)
            self.finished.add(process)
            self._poller.release(process.job)
            self.watch.look(process.job)
            if not self._poller.stopped:
                self._get_message(slot)

    async def _run(self, process: JobProcess) -> int | None:
        """Start a job's process and wait for its end; the exit status."""
        job, secrets = await deferToThread(_job_and_secrets, process.job)
        order = Order(job.id, project_config().database, str(self.log_file(process)), secrets)
        if (job.project, job.spider) == (OWN_PROJECT, OWN_SPIDER):
            self._nursery.start(process, order)
        else:
            settings, environment = self._surroundings(job)
            order = replace(order, settings=settings)
            run_in_a_process_of_its_own(process, order, self.runner, environment, self._lineage.lock)
        return await process.ended

    async def _see_to_what_is_left(self, process: JobProcess, status: int | None) -> None:
        log.info(
            "{job} ({project}/{spider}): process {pid} ended with {status}",
            job=process.job,
            project=process.project,
            spider=process.spider,
            pid=process.pid,
            status=status,
        )
        if status == TRY_LATER:
            await deferLater(reactor, _PAUSE_S)
        elif status not in _IN_ORDER:
            job = await deferToThread(self._deaths.died, process.job, process.worker)
            if job is not None and job.state == "ended":
                self.watch.seen(job)
            if status != ENDED and job is not None:
                log.error(
                    "{job} crashed ({status}): it is {now}",
                    job=job.id,
                    status=status,
                    now=job.end or job.state,
                )

    async def _begin(self) -> None:
        """Give out the slots when those of a daemon that was killed are free, and its jobs are found."""
        while await deferToThread(self._lineage.has_survivors):
            await deferLater(reactor, _LOOK_FOR_SURVIVORS_EVERY_S)
        try:
            await deferToThread(self._recover)
        except RunoError:
            log.failure("The jobs of dead workers wait for their leases to run out")
        if not self._poller.stopped:
            super().startService()

    def _recover(self) -> None:
        """Queue the jobs whose workers died with the daemon that started them."""
        for job, worker in self._deaths.workers().items():
            if is_dead(worker):
                self._deaths.died(job, worker)

    def _stop_soon(self, job: str) -> None:
        """A job was cancelled: it is given time to stop by itself."""
        for process in self.processes.values():
            if process.job == job and job not in self._stopping:
                self._stopping.add(job)
                reactor.callLater(GRACE_S, process.kill)

    def _see_cancels(self) -> Deferred[None]:
        return ensureDeferred(self._look_for_cancels())

    async def _look_for_cancels(self) -> None:
        running = [process.job for process in self.processes.values()]
        if not running:
            return
        try:
            for job in await deferToThread(self._deaths.asked_to_stop, running):
                self._stop_soon(job)
        except Exception:
            log.failure("The ledger cannot be asked for cancelled jobs")

    def log_file(self, process: JobProcess) -> Path:
        """Where a job's log is. Raises `DirectoryTraversalError` for a name that leads elsewhere."""
        path = get_file_path(str(self._logs), process.project, process.spider, f"{process.job}.log")
        return Path(path.path)

    def _surroundings(self, job: Job) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Settings and environment for a process of its own: Scrapyd's, and what the job asks for."""
        environment = self.app.getComponent(IEnvironment)
        message = message_of(job) | asked_of_scrapyd(job.spec)
        settings = environment.get_settings(message) | message.get(SETTINGS, {})
        # What is logged goes to standard error: a full disk must not keep the job from running.
        settings.pop("LOG_FILE", None)
        return settings, environment.get_environment(message, 0)


def _job_and_secrets(job: str) -> tuple[Job, dict[str, str] | None]:
    found = the_ledger().jobs.get(job)
    assert found is not None
    sealed = the_ledger().jobs.sealed(job) if found.has_secrets else None
    if sealed is None:
        return found, None
    opened = Vault.of(project_config().database).open(sealed)
    return found, {name: str(text) for name, text in opened.items()}
