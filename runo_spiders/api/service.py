"""The job API among Scrapyd's services: one resource, mounted at each of the first parts of its paths."""

from __future__ import annotations

import hashlib
import io
import json
from functools import cache
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

from runo_spiders.api.asking import Asked, Place, in_thread
from runo_spiders.api.bodies import UploadBody, checked
from runo_spiders.api.faults import Fault, fault_of
from runo_spiders.api.limits import RateLimits
from runo_spiders.api.openapi import description_of
from runo_spiders.api.orders import WAY_OUT
from runo_spiders.api.routes import SMALL, Match, Route
from runo_spiders.api.strict_json import read_json
from runo_spiders.api.table import ROUTES, most_bytes
from runo_spiders.api.uploads import FORM, KINDS, read_upload
from runo_spiders.daemon.bounded_request import BoundedRequest
from runo_spiders.daemon.callers import LOCAL, Caller
from runo_spiders.daemon.ledger import project_config, the_ledger
from runo_spiders.daemon.site import gate_of
from runo_spiders.daemon.watch import watch_of
from runo_spiders.store.vault import Vault

log = Logger()

_JSON = "application/json"


class Api(Resource):
    """Scrapyd makes one for each of its `[services]`. It has a door of its own: some routes need no key."""

    isLeaf = True  # noqa: N815 (Twisted's name)
    own_door = True

    def __init__(self, root: Any) -> None:
        super().__init__()
        self._root = root

    def most_bytes(self, method: bytes, uri: bytes, kind: str) -> int:
        """How large the body of a request may be."""
        try:
            match = ROUTES.find(_text(method), _text(uri.partition(b"?")[0]))
        except Fault:
            return SMALL
        return most_bytes(match.route, kind)

    def render(self, request: BoundedRequest) -> int:
        answering: Deferred[None] = Deferred.fromCoroutine(self._respond(request))
        request.notifyFinish().addErrback(lambda _: answering.cancel())
        answering.addErrback(_forgive_the_cancelling)
        answering.addErrback(lambda failure: log.failure("A request could not be answered", failure))
        return NOT_DONE_YET

    async def _respond(self, request: BoundedRequest) -> None:
        headers: dict[str, str] = {}
        try:
            match = ROUTES.find(_text(request.method), _text(request.path))
            asked = Asked(request, _place(self._root), match, LOCAL, headers)
            if not match.route.public:
                asked.caller = await self._caller(request)
                self._meter(asked)
            await read_body(asked)
            await match.route.handler(asked)
        except Exception as exc:
            await self._refuse(request, fault_of(exc), headers)

    async def _caller(self, request: BoundedRequest) -> Caller:
        return await gate_of(self._root).identify(request)

    def _meter(self, asked: Asked) -> None:
        if asked.caller.key is not None:
            limits = asked.place.limits
            asked.headers |= limits.take(asked.caller.key, int(asked.match.route.metered))

    async def _refuse(self, request: BoundedRequest, fault: Fault, headers: dict[str, str]) -> None:
        if request.startedWriting:
            request.channel.forceAbortClient()
            return
        asked = Asked(request, _place(self._root), Match(ROUTES.table[0], {}), LOCAL, headers)
        if request.too_large:
            headers["Connection"] = "close"
        await asked.answer(fault.body, fault.status, fault.headers)


def _forgive_the_cancelling(failure: Failure) -> None:
    failure.trap(CancelledError)


@cache
def _place(root: Any) -> Place:
    config = project_config()

    def seal(secrets: Any) -> bytes:
        return Vault.of(config.database).seal(secrets)

    description = json.dumps(description_of(ROUTES.table), indent=2).encode()
    return Place(the_ledger(), watch_of(root), RateLimits(), description, seal, config.most_queued)


async def read_body(asked: Asked) -> None:
    """Give the request the body that its route wants. Raises `Fault`."""
    request, route = asked.request, asked.match.route
    if request.too_large:
        raise Fault("BODY_TOO_LARGE", f"The body is larger than {request.limit} bytes{_way_out(route)}.")
    if route.body is None:
        return
    header = request.getHeader("content-type") or ""
    kind = header.partition(";")[0].strip().lower()
    if route.uploads and kind in (FORM, *KINDS):
        await in_thread(_read_upload, asked, kind, header)
    elif kind == _JSON or (kind.startswith("application/") and kind.endswith("+json")):
        await in_thread(_read_json, asked)
    else:
        taken = ", ".join((_JSON, *KINDS, FORM) if route.uploads else (_JSON,))
        raise Fault(
            "CONTENT_TYPE_UNSUPPORTED", f"Content-Type: {kind[:80]!r} is not taken here, only {taken}."
        )


def _read_json(asked: Asked) -> None:
    route = asked.match.route
    assert route.body is not None
    content: Any = asked.request.content
    value = read_json(content.read())
    asked.body = checked(route.body, value)
    asked.digest = _digest(route.path, value)


def _read_upload(asked: Asked, kind: str, header: str) -> None:
    content: Any = asked.request.content
    contents = hashlib.file_digest(content, "sha256").hexdigest()
    length = content.seek(0, io.SEEK_END)
    content.seek(0)
    asked.upload, value = read_upload(content, kind, header, length)
    value = _of_query(asked) if value is None else value
    asked.body = checked(UploadBody, value)
    # A form has another boundary each time: its digest is of what it holds.
    list_digest = contents if kind != FORM else hashlib.file_digest(_rewound(asked), "sha256").hexdigest()
    asked.digest = _digest(asked.match.route.path, [value, list_digest])


def _rewound(asked: Asked) -> Any:
    assert asked.upload is not None
    asked.upload.file.seek(0)
    return asked.upload.file


def _of_query(asked: Asked) -> Any:
    """What goes with a list, from the query: each parameter is JSON."""
    texts = {name: asked.query(name) for name in ("schema", "options")}
    return {name: read_json(text.encode()) for name, text in texts.items() if text is not None}


def _digest(path: str, value: Any) -> str:
    return hashlib.sha256(json.dumps([path, value], sort_keys=True).encode()).hexdigest()


def _way_out(route: Route) -> str:
    return f": {WAY_OUT[:-1]}" if route.uploads else ""


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", errors="replace")
