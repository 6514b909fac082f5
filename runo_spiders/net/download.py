"""The HTTP handler: Scrapy's own, with a guard, a time budget per URL and a limit for headers.

Request meta that it reads: `typed` (the operator typed this URL), `own_headers` and `own_origin` (names of
headers, and a URL of the origin that alone may see them). It keeps `seconds_spent`.
"""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any

from scrapy.core.downloader.handlers.http11 import (
    HTTP11DownloadHandler,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError

from runo_spiders.config import Config
from runo_spiders.errors import PageFailure, RunoError
from runo_spiders.net.failures import translate
from runo_spiders.net.guard import guard_of, install
from runo_spiders.urls import host_and_port, origin

if TYPE_CHECKING:
    from scrapy import Request
    from scrapy.crawler import Crawler
    from scrapy.http import Response

HEADER_BYTES = 256 * 1024
HEADER_LINES = 2000
"""Browsers stop at 256 KiB of headers too; nothing that is honest comes near either number."""


class HttpHandler(HTTP11DownloadHandler):
    """For `http` and `https` in `DOWNLOAD_HANDLERS`."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        from twisted.internet import reactor

        self._reactor = reactor
        self._guard = install(reactor, crawler.settings)
        self._budget = Config.from_settings(crawler.settings).timeout_ms / 1000
        self._pool._factory = CappedFactory

    async def download_request(self, request: Request) -> Response:
        """Raises `PageFailure` for what no retry would mend, else what Scrapy's handler raises."""
        keep_headers_home(request)
        started = monotonic()
        try:
            await self._clear_the_way(request)
            request.meta["download_timeout"] = self._left(request, started)
            return await super().download_request(request)
        except DownloadFailedError as failed:
            raise final_failure(failed) or failed from failed.__cause__
        except DownloadTimeoutError:
            self._left(request, started)
            raise
        finally:
            request.meta["seconds_spent"] = request.meta.get("seconds_spent", 0.0) + monotonic() - started

    def _left(self, request: Request, started: float) -> float:
        """Seconds that this URL may still take, all its attempts and redirects counted."""
        left = self._budget - request.meta.get("seconds_spent", 0.0) - (monotonic() - started)
        if left < 0.01:
            raise PageFailure("TIMEOUT")
        return float(left)

    async def _clear_the_way(self, request: Request) -> None:
        if guard_of(self._reactor) is not self._guard:
            raise RunoError("something took the egress guard off the reactor")
        left = self._left(request, monotonic())
        host, port = host_and_port(request.url)
        if is_typed(request):
            await self._guard.allow_typed(host, port, left)
        if request.meta.get("proxy"):
            await self._guard.allow_proxy(request.meta["proxy"], left)
            self._guard.check_spelling(host, port)


def is_typed(request: Request) -> bool:
    """Whether the operator typed this host and port, which a redirect may have left since.

    A redirect from port 80 to 443 of the same host leaves nothing: it is how sites move to https.
    """
    if not request.meta.get("typed"):
        return False
    urls: list[str] = request.meta.get("redirect_urls") or [request.url]
    typed, (host, port) = host_and_port(urls[0]), host_and_port(request.url)
    return typed in ((host, port), (host, 80 if port == 443 else port))


def keep_headers_home(request: Request) -> None:
    """Takes the client's own headers off a request that a redirect or a link led away from their origin."""
    names = request.meta.get("own_headers")
    if names and origin(request.url) != origin(request.meta.get("own_origin", "")):
        for name in names:
            request.headers.pop(name, None)


def final_failure(failed: DownloadFailedError) -> PageFailure | None:
    """What a failed download means, if trying again cannot change it: a bad certificate, too many headers."""
    failure = translate(failed)
    return None if failure.retryable else failure


class CappedParser(_LenientHTTPClientParser):
    """Ends a response whose headers pass the limits; Scrapy's own limit counts the body only."""

    _bytes_left = HEADER_BYTES
    _lines_left = HEADER_LINES

    def lineReceived(self, line: bytes) -> None:  # noqa: N802
        self._bytes_left -= len(line)
        self._lines_left -= 1
        if self._bytes_left < 0 or self._lines_left < 0:
            raise PageFailure("CONTENT_TOO_LARGE", "its headers do not end")
        super().lineReceived(line)


class CappedProtocol(_LenientHTTP11ClientProtocol):
    """Parses with `CappedParser`, put in place in the way that Scrapy puts its own."""

    def request(self, request: Any) -> Any:
        response = super().request(request)
        assert self._parser is not None
        self._parser.__class__ = CappedParser
        return response


class CappedFactory(_LenientHTTP11ClientFactory):
    def buildProtocol(self, addr: Any) -> CappedProtocol:  # noqa: N802
        return CappedProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]
