"""Scrapyd's own endpoints over the ledger: each caller schedules, sees and cancels jobs of their own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from scrapyd.exceptions import EggNotFoundError
from scrapyd.webservice import spider_list
from twisted.internet.threads import deferToThread
from twisted.web.server import Request

from runo_spiders.daemon.asking import OWN_PROJECT, OWN_SPIDER, SETTINGS, VERSION, job_of_arguments
from runo_spiders.daemon.callers import Caller, caller_of
from runo_spiders.daemon.json_resource import Answer, JsonResource, NotAllowed, NotThere
from runo_spiders.daemon.ledger import the_ledger
from runo_spiders.daemon.watch import watch_of
from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json
from runo_spiders.store.records import Job, State

SETTINGS_ALLOWED = ("CONCURRENT_REQUESTS", "CONCURRENT_REQUESTS_PER_DOMAIN", "DOWNLOAD_DELAY")
"""What `setting=` may set: others can run code or write files."""

_STATES: Mapping[State, str] = {"queued": "pending", "running": "running", "ended": "finished"}
_MOST_LISTED = 1_000


class Endpoint(JsonResource):
    """Scrapyd makes one of each of its `[services]`, giving it the root."""

    def __init__(self, root: Any) -> None:
        super().__init__()
        self.root = root
        self.node_name = root.node_name


class Query(Endpoint):
    """An endpoint that is read."""

    @property
    def handlers(self) -> Mapping[str, Callable[[Request], Awaitable[Answer]]]:
        return {"GET": self.answer}

    async def answer(self, request: Request) -> Answer:
        raise NotImplementedError


class Command(Endpoint):
    """An endpoint that changes something."""

    @property
    def handlers(self) -> Mapping[str, Callable[[Request], Awaitable[Answer]]]:
        return {"POST": self.answer}

    async def answer(self, request: Request) -> Answer:
        raise NotImplementedError


class Schedule(Command):
    """`schedule.json`: a job of plain arguments, which starts at once."""

    async def answer(self, request: Request) -> Answer:
        given = arguments_of(request)
        project, spider = taken(given, "project"), taken(given, "spider")
        version = given.pop(VERSION, None)
        given.pop("priority", None)
        if "jobid" in given:
            raise UsageMistake("argument jobid: ids are made here")
        await _check_spider(self.root, project, spider, version)
        settings = settings_of(request)
        if settings and (project, spider) == (OWN_PROJECT, OWN_SPIDER):
            raise UsageMistake("argument setting: this spider has arguments instead, such as concurrency")
        given.pop("setting", None)
        for_scrapyd = {VERSION: version, SETTINGS: settings}
        asked = {name: value for name, value in for_scrapyd.items() if value}
        new = await deferToThread(job_of_arguments, caller_of(request), project, spider, given, asked)
        job = await deferToThread(the_ledger().jobs.accept, new)
        watch_of(self.root).submitted(job.id)
        return {"jobid": job.id}


class Cancel(Command):
    """`cancel.json`: written to the ledger, so that it holds whoever works on the job."""

    async def answer(self, request: Request) -> Answer:
        given = arguments_of(request)
        job = await _job(caller_of(request), taken(given, "job"), taken(given, "project"))
        if job is None or job.state == "ended":
            return {"prevstate": None}
        await deferToThread(the_ledger().jobs.cancel, job.id)
        watch_of(self.root).cancelled(job.id)
        return {"prevstate": _STATES[job.state]}


class Status(Query):
    """`status.json`: the state of one job."""

    async def answer(self, request: Request) -> Answer:
        given = arguments_of(request)
        job = await _job(caller_of(request), taken(given, "job"), given.get("project"))
        return {"currstate": None if job is None else _STATES[job.state]}


class ListJobs(Query):
    """`listjobs.json`: the newest jobs by state, without their arguments."""

    async def answer(self, request: Request) -> Answer:
        project = arguments_of(request).get("project")
        listed: dict[str, list[Json]] = {name: [] for name in _STATES.values()}
        page = the_ledger().jobs.page
        for job in await deferToThread(page, caller_of(request).sees, limit=_MOST_LISTED):
            if project in (None, job.project):
                listed[_STATES[job.state]].append(self._entry(job))
        return dict(listed)

    def _entry(self, job: Job) -> dict[str, Json]:
        entry: dict[str, Json] = {"id": job.id, "project": job.project, "spider": job.spider}
        if job.state == "queued":
            return {**entry, "version": job.spec.get(VERSION), "settings": {}, "args": {}}
        entry["start_time"] = _time(job.started_at or job.ended_at)
        if job.state == "ended":
            entry["end_time"] = _time(job.ended_at)
        return {**entry, "log_url": self.root.log_url(job), "items_url": self.root.items_url(job)}


class DaemonStatus(Query):
    """`daemonstatus.json`: how many of the caller's jobs wait, run, and have ended (of the newest)."""

    async def answer(self, request: Request) -> Answer:
        page = the_ledger().jobs.page
        jobs = await deferToThread(page, caller_of(request).sees, limit=_MOST_LISTED)
        states = [job.state for job in jobs]
        return {name: states.count(state) for state, name in _STATES.items()}


class ListProjects(Query):
    """`listprojects.json`: the daemon's own project, and those that were deployed to it."""

    async def answer(self, request: Request) -> Answer:
        return {"projects": sorted(self.root.poller.queues)}


class ListSpiders(Query):
    """`listspiders.json`: what can be scheduled in a project."""

    async def answer(self, request: Request) -> Answer:
        given = arguments_of(request)
        return {"spiders": await spiders_of(self.root, taken(given, "project"), given.get(VERSION))}


class ListVersions(Query):
    """`listversions.json`: the eggs of a project, the oldest first."""

    async def answer(self, request: Request) -> Answer:
        project = taken(arguments_of(request), "project")
        return {"versions": await deferToThread(self.root.eggstorage.list, project)}


def arguments_of(request: Request) -> dict[str, str]:
    """The form or query of a request, the first value of each name. Raises `UsageMistake`."""
    try:
        return {name.decode(): values[0].decode() for name, values in request.args.items()}
    except UnicodeDecodeError as fault:
        raise UsageMistake("an argument is not UTF-8") from fault


def taken(given: dict[str, str], name: str) -> str:
    """An argument that has to be there; it is taken away. Raises `UsageMistake`."""
    if not given.get(name):
        raise UsageMistake(f"argument {name}: is missing")
    return given.pop(name)


def settings_of(request: Request) -> dict[str, str]:
    """The Scrapy settings of a request. Raises `UsageMistake` for one that may not be set."""
    texts = [value.decode(errors="replace") for value in request.args.get(b"setting", [])]
    settings = {name: value for name, _, value in (text.partition("=") for text in texts)}
    refused = [name for name in settings if name not in SETTINGS_ALLOWED]
    if refused:
        allowed = ", ".join(SETTINGS_ALLOWED)
        raise UsageMistake(f"argument setting: {refused[0][:80]!r} may not be set here (only {allowed})")
    return settings


def check_operator(request: Request) -> None:
    """Raise `NotAllowed` unless the request brings an operator's key."""
    if not caller_of(request).operator:
        raise NotAllowed("this needs an operator's key")


async def spiders_of(root: Any, project: str, version: str | None) -> list[str]:
    """The spiders of a project. Raises `NotThere` for a project or version that is not."""
    if project not in root.poller.queues:
        raise NotThere(f"project {project[:80]!r} not found")
    if version is not None and await deferToThread(_has_no_egg, root, project, version):
        raise EggNotFoundError
    found: list[str] = await deferToThread(spider_list.get, project, version, runner=root.runner)
    return found


async def _check_spider(root: Any, project: str, spider: str, version: str | None) -> None:
    if (project, spider, version) == (OWN_PROJECT, OWN_SPIDER, None):
        return
    if spider not in await spiders_of(root, project, version):
        raise NotThere(f"spider {spider[:80]!r} not found")


async def _job(caller: Caller, job: str, project: str | None) -> Job | None:
    """A job as far as the caller may see it: another owner's is as if it were not there."""
    found = await deferToThread(the_ledger().jobs.get, job, caller.sees)
    return found if found is not None and project in (None, found.project) else None


def _has_no_egg(root: Any, project: str, version: str) -> bool:
    _, egg = root.eggstorage.get(project, version)
    if egg is not None:
        egg.close()
    return egg is None


def _time(seconds: float | None) -> str | None:
    """As Scrapyd writes times."""
    return None if seconds is None else str(datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None))
