"""Requests that cannot fill the memory or hold a connection for ever.

Twisted keeps whatever body comes, and reads forms of any size into memory. Here a body has a limit, which its
resource names, and a time that grows with its length. What is too large is read to its end, so that
the client hears the answer, and thrown away.
"""

from __future__ import annotations

from typing import Any

from twisted.internet import reactor as _reactor
from twisted.web.server import Request

reactor: Any = _reactor

LARGEST_BODY = 64 * 1024 * 1024
"""Of a resource that names no limit: an egg."""

_SWALLOWED = 8
"""How many times the limit is read and thrown away before the connection is cut."""
_SLOWEST = 100_000  # bytes a second


class BoundedRequest(Request):
    """`too_large` tells the resource that the body is not there, since it was larger than `limit`.

    A body may take `patience_s` beside what its length takes at the slowest.
    """

    patience_s = 20.0
    limit = LARGEST_BODY
    too_large = False
    _received = 0
    _deadline: Any = None

    def gotLength(self, length: int | None) -> None:  # noqa: N802 (Twisted's name)
        channel: Any = self.channel
        site: Any = channel.site
        command, uri = channel._command, channel._path
        kind = (self.getHeader("content-type") or "").partition(";")[0].strip().lower()
        resource = _first_resource(site.resource, uri)
        self._parsePOSTFormSubmission = not hasattr(resource, "most_bytes")
        if not self._parsePOSTFormSubmission:
            self.limit = resource.most_bytes(command, uri, kind)
        expected = self.limit if length is None else min(length, self.limit)
        if length is not None and length > self.limit:
            self.too_large, length = True, 0
        super().gotLength(length)
        seconds = self.patience_s + expected / _SLOWEST
        self._deadline = reactor.callLater(seconds, channel.forceAbortClient)

    def handleContentChunk(self, data: bytes) -> None:  # noqa: N802 (Twisted's name)
        self._received += len(data)
        if self._received > self.limit * _SWALLOWED:
            self.channel.forceAbortClient()
        elif self._received > self.limit and not self.too_large:
            self.too_large = True
            content: Any = self.content
            content.seek(0)
            content.truncate()
        if not self.too_large:
            super().handleContentChunk(data)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:  # noqa: N802
        self._cancel_deadline()
        super().requestReceived(command, path, version)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 (Twisted's name)
        self._cancel_deadline()
        super().connectionLost(reason)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()


def requests_with(patience: float) -> type[BoundedRequest]:
    """A class of requests, for a site whose bodies may take so many seconds more than their length does."""

    class Impatient(BoundedRequest):
        patience_s = patience

    return Impatient


def _first_resource(root: Any, uri: bytes) -> Any:
    name = uri.partition(b"?")[0].strip(b"/").partition(b"/")[0]
    return root.children.get(name)
