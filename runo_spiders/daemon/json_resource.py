"""A resource that answers in JSON, whatever happens: with a result, or with one sentence on what is wrong."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scrapyd.exceptions import DirectoryTraversalError, EggNotFoundError, ProjectNotFoundError, RunnerError
from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web import http
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Request

from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json
from runo_spiders.store.charges import QuotaExceeded
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.keys import KeyRefused

log = Logger()

_TOO_MANY_REQUESTS = 429  # Twisted has no name for it

Answer = Mapping[str, Json]

_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (KeyRefused, http.UNAUTHORIZED),
    (QuotaExceeded, _TOO_MANY_REQUESTS),
    (StoreUnavailable, http.SERVICE_UNAVAILABLE),
    (StoreFull, http.INSUFFICIENT_STORAGE_SPACE),
    (UsageMistake, http.BAD_REQUEST),
    (DirectoryTraversalError, http.BAD_REQUEST),
    (ProjectNotFoundError, http.NOT_FOUND),
    (EggNotFoundError, http.NOT_FOUND),
    (RunnerError, http.INTERNAL_SERVER_ERROR),
)
_SAID = {
    DirectoryTraversalError: "a name in it leads out of its folder",
    ProjectNotFoundError: "there is no such project",
    EggNotFoundError: "there is no such version",
    RunnerError: "the spiders of the project cannot be listed: it cannot be imported",
}


class NotAllowed(Exception):
    """The caller may not do that."""


class NotThere(Exception):
    """There is nothing of that name, as far as the caller may know."""


class JsonResource(Resource):
    """Subclasses give `handlers`: what answers a method."""

    isLeaf = True  # noqa: N815 (Twisted's name)
    node_name = ""

    @property
    def handlers(self) -> Mapping[str, Callable[[Request], Awaitable[Answer]]]:
        raise NotImplementedError

    def render(self, request: Request) -> int:
        ensureDeferred(self._respond(request))
        return NOT_DONE_YET

    async def _respond(self, request: Request) -> None:
        gone: list[object] = []
        request.notifyFinish().addErrback(gone.append)
        status, answer = await self._outcome(request)
        if not gone:
            write_json(request, status, answer)

    async def _outcome(self, request: Request) -> tuple[int, Answer]:
        method = request.method.decode()
        handler = self.handlers.get("GET" if method == "HEAD" else method)
        if handler is None:
            request.setHeader("Allow", ", ".join(sorted(self.handlers)))
            return self._failed(http.NOT_ALLOWED, f"{method} is not allowed here")
        try:
            return http.OK, {"node_name": self.node_name, "status": "ok", **await handler(request)}
        except (NotAllowed, NotThere) as refusal:
            status = http.FORBIDDEN if isinstance(refusal, NotAllowed) else http.NOT_FOUND
            return self._failed(status, str(refusal))
        except Exception as fault:
            return self._failed(*sentence_of(fault))

    def _failed(self, status: int, message: str) -> tuple[int, Answer]:
        return status, {"node_name": self.node_name, "status": "error", "message": message}


class JsonError(JsonResource):
    """Answers any request with one error."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__()
        self._answer = self._failed(status, message)

    async def _outcome(self, request: Request) -> tuple[int, Answer]:
        if self._answer[0] == http.UNAUTHORIZED:
            request.setHeader("WWW-Authenticate", 'Basic realm="runo_spiders"')
        return self._answer


def sentence_of(fault: Exception) -> tuple[int, str]:
    """The HTTP status of an exception, and what the client is told; what is not known is logged."""
    for kind, status in _STATUS:
        if isinstance(fault, kind):
            return status, _SAID.get(kind) or str(fault)
    log.failure("A request failed")
    return http.INTERNAL_SERVER_ERROR, "an error of the server; its log has the traceback"


def write_json(request: Request, status: int, answer: Any) -> None:
    """Answer a request."""
    body = json.dumps(answer).encode() + b"\n"
    request.setResponseCode(status)
    request.setHeader("Content-Type", "application/json")
    request.setHeader("Content-Length", str(len(body)))
    if request.method != b"HEAD":
        request.write(body)
    request.finish()
