"""The daemon's web root: who may come in, and what lies behind the paths that are nobody's service."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from scrapyd.website import Root
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import Request
from twisted.web.static import File
from twisted.web.util import DeferredResource

from runo_spiders.daemon.callers import Caller, Gate, ICaller, IGate, caller_of
from runo_spiders.daemon.json_resource import Answer, JsonError, JsonResource, sentence_of
from runo_spiders.daemon.ledger import the_ledger
from runo_spiders.store.records import Job

_JOB_FILE = re.compile(r"(job_[0-9a-f]{32})\.(log|jl)")


class JobRoot(Root):
    """Scrapyd's root with a gate before each of its children.

    A child with `own_door = True` lets in whom it likes: it may ask `gate_of(root)` itself. The others find
    who asks by `caller_of(request)`. Scrapyd's pages for browsers are not there: they know no owners.
    """

    def __init__(self, config: Any, app: Any) -> None:
        super().__init__(config, app)
        self.delEntity(b"jobs")
        self.putChild(b"", Index(self))
        for folder, kept in (
            (b"logs", self.logs_dir),
            (b"items", self.items_dir if self.local_items else ""),
        ):
            self.putChild(folder, JobFiles(kept) if kept else JsonError(http.NOT_FOUND, "not kept here"))

    def getChildWithDefault(self, path: bytes, request: Request) -> Resource:  # noqa: N802 (Twisted's name)
        # scrapyd-client puts a second slash behind a URL that ends with one.
        while path == b"" and request.postpath:
            path = request.postpath.pop(0)
        child: Resource = self.children.get(path) or JsonError(http.NOT_FOUND, "there is nothing here")
        if getattr(child, "own_door", False):
            return child
        try:
            identified = gate_of(self).identify(request)
        except Exception as refusal:
            return _refused(Failure(refusal))
        admitted: Deferred[Any] = identified
        admitted.addCallbacks(lambda caller: _let_in(child, caller, request), _refused)
        return DeferredResource(admitted)

    def log_url(self, job: Job) -> str | None:
        return _url_of("logs", self.logs_dir, job, "log")

    def items_url(self, job: Job) -> str | None:
        return _url_of("items", self.items_dir, job, "jl") if self.local_items else None


class Index(JsonResource):
    """`/`: what there is."""

    def __init__(self, root: Any) -> None:
        super().__init__()
        self.node_name = root.node_name
        self._root = root

    @property
    def handlers(self) -> Any:
        return {"GET": self._list}

    async def _list(self, request: Request) -> Answer:
        return {"services": sorted(name.decode() for name in self._root.children if name)}


class JobFiles(Resource):
    """`/logs/PROJECT/SPIDER/JOB.log` and the like: the owner's own, and no list of them."""

    isLeaf = True  # noqa: N815 (Twisted's name)

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = Path(folder).absolute()

    def render(self, request: Request) -> Any:
        found = DeferredResource(self._find(request))
        return found.render(request)

    def _find(self, request: Request) -> Deferred[Any]:
        name = (request.postpath or [b""])[-1].decode(errors="replace")
        named = _JOB_FILE.fullmatch(name)
        job = named[1] if named else ""
        looked: Deferred[Any] = deferToThread(the_ledger().jobs.get, job, caller_of(request).sees)
        return looked.addCallbacks(lambda found: self._file(found, request, name), _refused)

    def _file(self, job: Job | None, request: Request, name: str) -> Resource:
        request.postpath = []
        if job is not None:
            path = self._folder / job.project / job.spider / name
            if path.is_file():
                return File(str(path), "text/plain; charset=utf-8")
        return JsonError(http.NOT_FOUND, "there is nothing here")


def gate_of(root: Any) -> Gate:
    """The gate of the daemon, from the root that Scrapyd gives to each of its `[services]`."""
    gate: Gate = root.app.getComponent(IGate)
    return gate


def _let_in(child: Resource, caller: Caller, request: Request) -> Resource:
    request.setComponent(ICaller, caller)
    return child


def _refused(failure: Failure) -> Resource:
    assert isinstance(failure.value, Exception)
    return JsonError(*sentence_of(failure.value))


def _url_of(base: str, folder: str, job: Job, ending: str) -> str | None:
    place = f"{job.project}/{job.spider}/{job.id}.{ending}"
    return f"/{base}/{place}" if folder and (Path(folder) / place).is_file() else None
