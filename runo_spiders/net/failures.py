"""What Scrapy, Twisted and OpenSSL raise for a download, in our own words."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, TypeAlias, cast

from OpenSSL.SSL import Error as TLSError
from scrapy import exceptions as scrapy
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.spidermiddlewares.httperror import HttpError
from scrapy.utils import _compression
from service_identity import VerificationError
from twisted.internet.error import ConnectError, ConnectionClosed, DNSLookupError
from twisted.internet.error import TimeoutError as ConnectTimeoutError
from twisted.web._newclient import ParseError
from twisted.web.client import ResponseFailed

from runo_spiders.errors import PageFailure

_codecs = cast(Any, _compression)
"""Which packages unpack brotli and zstd depends on the Python; Scrapy has picked them there."""

_RETRYABLE_STATUS = frozenset({408, 429})

Reading: TypeAlias = Callable[[BaseException], PageFailure]


def translate(exc: BaseException) -> PageFailure:
    """The failure that an exception from the download of a page means.

    An exception that says little (`DownloadFailedError`) is read by what lies beneath it. What is known to
    nobody here is `INTERNAL`, with the name of its class.
    """
    signs = [*_beneath(exc), exc]
    for kinds, reading in _READINGS:
        for sign in signs:
            if isinstance(sign, kinds):
                return reading(sign)
    return PageFailure("INTERNAL", type(exc).__name__)


def _beneath(exc: BaseException) -> list[BaseException]:
    if isinstance(exc, ResponseFailed):
        return [sign for reason in exc.reasons for sign in (*_beneath(reason.value), reason.value)]
    if isinstance(exc, (scrapy.DownloadFailedError, scrapy.IgnoreRequest)) and exc.__cause__ is not None:
        return [*_beneath(exc.__cause__), exc.__cause__]
    return []


def _as(code: str, detail: str = "") -> Reading:
    return lambda exc: PageFailure(code, detail)


def _itself(exc: BaseException) -> PageFailure:
    assert isinstance(exc, PageFailure)
    return exc


def _http_error(exc: BaseException) -> PageFailure:
    assert isinstance(exc, HttpError)
    return of_status(exc.response.status)


def of_status(status: int) -> PageFailure:
    """The failure that an HTTP status means; 5xx, 408 and 429 may be better next time."""
    if status == 403:
        return PageFailure("FETCH_BLOCKED", _phrase(status), http_status=status)
    retryable = status >= 500 or status in _RETRYABLE_STATUS
    return PageFailure("HTTP_ERROR", _phrase(status), http_status=status, retryable=retryable)


def _phrase(status: int) -> str:
    known = {one.value: one.phrase for one in HTTPStatus}
    return f"{status} {known[status]}" if status in known else str(status)


def _ignored(exc: BaseException) -> PageFailure:
    """Scrapy's own middlewares say why only in the message."""
    if "max redirections" in str(exc):
        return PageFailure("REDIRECT_LOOP")
    if "robots.txt" in str(exc):
        return PageFailure("ROBOTS_FORBIDDEN")
    return PageFailure("URL_FORBIDDEN", str(exc))


def _cancelled(exc: BaseException) -> PageFailure:
    """Scrapy cancels a download that passes its limit, and says so only if the size was announced."""
    if not str(exc) or "max size" in str(exc):
        return PageFailure("CONTENT_TOO_LARGE")
    return PageFailure("JOB_CANCELLED", str(exc))


def _unsupported(exc: BaseException) -> PageFailure:
    if "scheme" in str(exc):
        return PageFailure("URL_INVALID", str(exc))
    return PageFailure("CONTENT_UNSUPPORTED")


def _no_url(exc: BaseException) -> PageFailure:
    return PageFailure("URL_INVALID", f"a URL on the way cannot be read ({exc})")


# Read from the top; a class stands before those that it is derived from.
_READINGS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], Reading], ...] = (
    (PageFailure, _itself),
    (HttpError, _http_error),
    (
        _compression._DecompressionMaxSizeExceeded,
        _as("CONTENT_TOO_LARGE", "it grows beyond the limit when unpacked"),
    ),
    (scrapy.IgnoreRequest, _ignored),
    (scrapy.DownloadCancelledError, _cancelled),
    ((scrapy.NotSupported, scrapy.UnsupportedURLSchemeError), _unsupported),
    ((TLSError, VerificationError), _as("TLS_ERROR")),
    ((scrapy.DownloadTimeoutError, ConnectTimeoutError), _as("TIMEOUT")),
    ((scrapy.CannotResolveHostError, DNSLookupError), _as("URL_UNREACHABLE", "its name does not resolve")),
    (scrapy.DownloadConnectionRefusedError, _as("URL_UNREACHABLE", "it refused the connection")),
    (TunnelError, _as("URL_UNREACHABLE", "the proxy opened no tunnel")),
    (ParseError, _as("URL_UNREACHABLE", "its answer is not HTTP")),
    (
        (scrapy.ResponseDataLossError, scrapy.DownloadFailedError, ConnectionClosed, ConnectError),
        _as("URL_UNREACHABLE", "the connection broke"),
    ),
    (
        (EOFError, zlib.error, struct.error, _codecs.brotli.error, _codecs.zstd.ZstdError),
        _as("CONTENT_UNSUPPORTED", "its content encoding is broken"),
    ),
    (ValueError, _no_url),
    (ConnectionError, _as("URL_UNREACHABLE")),
    (OSError, _as("CONTENT_UNSUPPORTED", "its content encoding is broken")),
)
