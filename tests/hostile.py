"""How servers misbehave: one resource class each, found under the first part of a path (`/slow/2`)."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Mapping

from twisted.web.server import NOT_DONE_YET

from tests.behaviour import (
    Answer,
    Behaviour,
    Request,
    bomb,
    every,
    finish,
    later,
    page,
    raw,
    redirect,
    target,
    wire,
)


class Status(Behaviour):
    """/status/503"""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setResponseCode(int(parts[0]))
        return page(f"status {parts[0]}")


class Flaky(Behaviour):
    """/flaky/2/name: 503 for the first two requests to this path, then a page."""

    seen: dict[str, int] = {}  # noqa: RUF012

    def answer(self, request: Request, parts: list[str]) -> Answer:
        key = "/".join(parts)
        self.seen[key] = self.seen.get(key, 0) + 1
        if self.seen[key] <= int(parts[0]):
            request.setResponseCode(503)
        return page(f"request {self.seen[key]}")


class Slow(Behaviour):
    """/slow/2: a page, after two seconds; /slow/2/x gives further paths of that kind."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return later(request, float(parts[0]), lambda: finish(request, page("slow")))


class SlowRedirect(Behaviour):
    """/slow-redirect/2?to=URL: a redirect, after two seconds."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        redirect(request, target(request))
        return later(request, float(parts[0]), lambda: finish(request, b""))


class Drip(Behaviour):
    """/drip: a byte of the body each 0.1 s, for ever."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return every(request, 0.1, lambda: request.write(b"."))


class Silent(Behaviour):
    """/silent: takes the request and never answers."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return NOT_DONE_YET


class Reset(Behaviour):
    """/reset: drops the connection without an answer."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        wire(request).abortConnection()
        return NOT_DONE_YET


class Truncated(Behaviour):
    """/truncated: announces 1000 bytes, sends 10 and closes."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return raw(request, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n0123456789")


class Garbage(Behaviour):
    """/garbage: what comes back is not HTTP."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return raw(request, b"\x00\x01\x02 this is not HTTP\r\n\r\n")


class Loop(Behaviour):
    """/loop: redirects to itself."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return redirect(request, request.uri.decode())


class Redirect(Behaviour):
    """/redirect?to=URL, or with a status: /redirect/307?to=URL; a page if it has nowhere to go."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        if b"to" not in request.args:
            return page("nowhere")
        return redirect(request, target(request), int(parts[0]) if parts else 302)


class Chain(Behaviour):
    """/chain/3: three redirects, then a page."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        left = int(parts[0])
        return redirect(request, f"/chain/{left - 1}") if left else page("end of the chain")


class BadLocation(Behaviour):
    """/bad-location: a redirect to what no URL parser takes."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return redirect(request, "http://[::1")


class MetaRefresh(Behaviour):
    """/meta-refresh?to=URL: a page that sends the reader on."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return f'<html><meta http-equiv="refresh" content="0; url={target(request)}"></html>'.encode()


class RefreshHeader(Behaviour):
    """/refresh-header?to=URL: a page whose header sends the reader on."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Refresh", f"0; url={target(request)}")
        return page("moved")


class EndlessHeaders(Behaviour):
    """/endless-headers: header lines without end."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        wire(request).write(b"HTTP/1.1 200 OK\r\n")
        lines = b"".join(b"X-Filler-%d: %s\r\n" % (n, b"x" * 80) for n in range(1000))
        return every(request, 0.005, lambda: wire(request).write(lines))


class ManyHeaders(Behaviour):
    """/many-headers/1500: that many short header lines, then a page."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        lines = b"".join(b"X-%d: y\r\n" % n for n in range(int(parts[0])))
        return raw(
            request,
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + lines + b"\r\n" + page("many headers"),
        )


class LongHeader(Behaviour):
    """/long-header/500000: one header line of that many bytes in folded lines, then a page."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        folds = b"X-Long: y\r\n" + b" " + b"\r\n ".join([b"z" * 8000] * (int(parts[0]) // 8000)) + b"\r\n"
        return raw(
            request, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n" + folds + b"\r\n" + page("long header")
        )


class EndlessBody(Behaviour):
    """/endless-body: a body without end, as fast as it is taken."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.registerProducer(Filler(request), streaming=False)
        return NOT_DONE_YET


class Filler:
    """Writes 64 KiB each time that there is room."""

    def __init__(self, request: Request) -> None:
        self.request = request

    def resumeProducing(self) -> None:  # noqa: N802
        self.request.write(b"<p>more</p>" * 5958)

    def stopProducing(self) -> None:  # noqa: N802
        pass


class GzipBomb(Behaviour):
    """/gzip-bomb: 300 MB of nothing in 300 kB."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Content-Encoding", "gzip")
        return bomb()


class BadGzip(Behaviour):
    """/bad-gzip: says gzip and is not; /bad-gzip/cut: a gzip stream that ends in its header."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Content-Encoding", "gzip")
        return gzip.compress(b"x" * 100)[:8] if parts else b"not gzip at all"


class BadEncoding(Behaviour):
    """/bad-encoding/br: says an encoding and is not."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Content-Encoding", parts[0])
        return b"this is no such stream" * 10


class PdfAsHtml(Behaviour):
    """/pdf-as-html: a PDF that is called HTML."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return PDF


class Pdf(Behaviour):
    """/pdf: a PDF."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Content-Type", "application/pdf")
        return PDF


class Png(Behaviour):
    """/png: an image."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.setHeader("Content-Type", "image/png")
        return b"\x89PNG\r\n\x1a\n" + bytes(range(256))


class Empty(Behaviour):
    """/empty: 200 and no body."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return b""


class Big(Behaviour):
    """/big/1000000: a page of about that many bytes, with its length announced."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        return page("<p>big</p>" * (int(parts[0]) // 10))


class SetCookie(Behaviour):
    """/set-cookie: sets a cookie for the host, and one for a domain that needs the public suffix list."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        request.responseHeaders.addRawHeader("Set-Cookie", "session=1; Path=/")
        request.responseHeaders.addRawHeader("Set-Cookie", "wide=1; Path=/; Domain=co.uk")
        return page("a cookie")


class Echo(Behaviour):
    """/echo: the request's headers as JSON in a page."""

    def answer(self, request: Request, parts: list[str]) -> Answer:
        headers = {
            name.decode(): values[0].decode() for name, values in request.requestHeaders.getAllRawHeaders()
        }
        return page(json.dumps(headers))


def _path(name: str) -> str:
    return re.sub("(?<!^)([A-Z])", r"-\1", name).lower()


BEHAVIOURS: Mapping[str, type[Behaviour]] = {
    _path(kind.__name__): kind for kind in Behaviour.__subclasses__()
}
"""`slow-redirect` to `SlowRedirect`, and so on."""

PDF = (
    b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
)
