"""What all misbehaviours of the mock server share: their base class, and ways to answer."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from functools import cache
from typing import Any, TypeAlias, cast

from twisted.internet import reactor
from twisted.internet.task import LoopingCall
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET

Answer: TypeAlias = bytes | int
"""A body, or NOT_DONE_YET."""

Request: TypeAlias = Any
"""A twisted.web.server.Request; what matters of it has no types."""

clock = cast(Any, reactor)

HTML = "text/html; charset=utf-8"


class Behaviour(Resource):
    """Answers everything below its name; `parts` are the rest of the path."""

    isLeaf = True  # noqa: N815

    def render(self, request: Request) -> Answer:
        request.setHeader("Content-Type", HTML)
        return self.answer(request, [part.decode() for part in request.postpath])

    def answer(self, request: Request, parts: list[str]) -> Answer:
        raise NotImplementedError


def page(text: str) -> bytes:
    return f"<!doctype html><html><head><title>mock</title></head><body>{text}</body></html>".encode()


@cache
def bomb() -> bytes:
    return gzip.compress(bytes(300_000_000), compresslevel=1)


def target(request: Request) -> str:
    return cast(bytes, request.args[b"to"][0]).decode()


def redirect(request: Request, url: str, status: int = 302) -> bytes:
    request.setResponseCode(status)
    request.setHeader("Location", url)
    return b""


def wire(request: Request) -> Any:
    """The transport under the HTTP channel, to write what no HTTP server would."""
    return request.channel.transport


def raw(request: Request, data: bytes) -> int:
    # While the channel is registered as its producer, the transport would not close after a full buffer.
    wire(request).unregisterProducer()
    wire(request).write(data)
    wire(request).loseConnection()
    return NOT_DONE_YET


def finish(request: Request, body: bytes) -> None:
    request.write(body)
    request.finish()


def later(request: Request, seconds: float, act: Callable[[], None]) -> int:
    call = clock.callLater(seconds, act)
    request.notifyFinish().addErrback(lambda _: call.cancel() if call.active() else None)
    return NOT_DONE_YET


def every(request: Request, seconds: float, act: Callable[[], object]) -> int:
    """Repeats an act until the client goes away."""
    loop = LoopingCall(act)
    request.notifyFinish().addBoth(lambda _: loop.stop() if loop.running else None)
    loop.start(seconds)
    return NOT_DONE_YET
