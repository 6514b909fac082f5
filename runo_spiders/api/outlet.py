"""A long answer, sent as fast as its client takes it and no faster."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from twisted.internet.task import LoopingCall
from zope.interface import implementer

from runo_spiders.daemon.bounded_request import BoundedRequest

HEARTBEAT_S = 3.0
PADDING = b" " * 4095 + b"\n"
"""What a pipe between the client and its reader holds back at most, in JSON's white space."""


@implementer(IPushProducer)
class Outlet:
    """Writes to a request whose headers are set, and closes it. White space keeps it alive meanwhile."""

    def __init__(self, request: BoundedRequest) -> None:
        self._request = request
        self._resumed: Deferred[None] | None = None
        self._heart = LoopingCall(self._beat)
        self._padding = b""

    def open(self, padded: bool) -> None:
        """Send the headers now. Without `padded` the padding goes with the first heartbeat only."""
        self._request.registerProducer(self, True)
        self._padding = b"" if padded else PADDING
        self._request.write(PADDING if padded else b"\n")
        self._heart.start(HEARTBEAT_S, now=False)

    def quiet(self) -> None:
        """Send no more white space: what comes is not between two JSON values any more."""
        if self._heart.running:
            self._heart.stop()

    async def write(self, data: bytes) -> None:
        """Returns when more may be written."""
        self._request.write(data)
        if self._resumed is not None:
            await self._resumed

    def finish(self) -> None:
        self.quiet()
        self._request.unregisterProducer()
        self._request.finish()

    def abort(self) -> None:
        """Cut the connection, so that the client does not take what it has for the whole."""
        self.quiet()
        self._request.channel.forceAbortClient()

    def _beat(self) -> None:
        if self._resumed is None:
            self._request.write(self._padding or b"\n")
            self._padding = b""

    def pauseProducing(self) -> None:  # noqa: N802 (Twisted's name)
        if self._resumed is None:
            self._resumed = Deferred()

    def resumeProducing(self) -> None:  # noqa: N802 (Twisted's name)
        resumed, self._resumed = self._resumed, None
        if resumed is not None and not resumed.called:
            resumed.callback(None)

    def stopProducing(self) -> None:  # noqa: N802 (Twisted's name)
        self.quiet()
