"""The process behind `MockServer`: it serves what its script says."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any, cast

from twisted.internet import ssl
from twisted.web.pages import notFound
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import File

from tests.behaviour import Request, clock
from tests.certificates import self_signed
from tests.hostile import BEHAVIOURS
from tests.mockserver import Reply, Script
from tests.serving import script, serve


class Ledger:
    """What came in, as the tests ask for it."""

    def __init__(self) -> None:
        self.connections = 0
        self.hits: Counter[str] = Counter()
        self.requests: defaultdict[str, list[dict[str, str]]] = defaultdict(list)

    def note(self, request: Request) -> None:
        path = request.path.decode()
        headers = request.requestHeaders.getAllRawHeaders()
        self.hits[path] += 1
        self.requests[path].append({name.decode().lower(): b", ".join(v).decode() for name, v in headers})


class CountingSite(Site):
    """Notes each connection and each request before anything is answered."""

    ledger: Ledger
    displayTracebacks = False  # noqa: N815

    def buildProtocol(self, addr: Any) -> Any:  # noqa: N802
        self.ledger.connections += 1
        return cast(Any, super()).buildProtocol(addr)

    def getResourceFor(self, request: Request) -> Any:  # noqa: N802
        self.ledger.note(request)
        return cast(Any, super()).getResourceFor(request)


class Page(Resource):
    """One registered reply, whatever the method and the query."""

    isLeaf = True  # noqa: N815

    def __init__(self, reply: Reply, base: str) -> None:
        cast(Any, super()).__init__()
        self.reply = reply
        text = reply.body
        self.body = text if isinstance(text, bytes) else text.replace("{{base}}", base).encode()

    def render(self, request: Request) -> bytes:
        request.setResponseCode(self.reply.status)
        request.setHeader("Content-Type", self.reply.content_type)
        for name, value in self.reply.headers.items():
            request.setHeader(name, value)
        return self.body


class Root(Resource):
    """Registered pages first, then the misbehaviours, then the folder."""

    def __init__(self, folder: str | None) -> None:
        cast(Any, super()).__init__()
        self.pages: dict[str, Resource] = {}
        self.files = cast(Any, File)(folder) if folder is not None else None

    def getChild(self, path: bytes, request: Request) -> Any:  # noqa: N802
        page = self.page(request.path.decode(), request.getRequestHostname().decode())
        if page is not None:
            return page
        behaviour = BEHAVIOURS.get(path.decode())
        if behaviour is not None:
            return behaviour()
        if self.files is None:
            return notFound()
        return self.files.getChildWithDefault(path, request)

    def page(self, path: str, host: str) -> Resource | None:
        return self.pages.get(f"//{host}{path}") or self.pages.get(path)


def start(script: Script) -> None:
    ledger = Ledger()
    root = Root(script.folder)
    site = cast(Any, CountingSite)(root)
    site.ledger = ledger
    base = _listen(site, script)
    for path, reply in script.pages.items():
        root.pages[path] = Page(reply, base)
    serve(base, ledger)


def _listen(site: Site, script: Script) -> str:
    if script.https:
        port = clock.listenSSL(script.port, site, _certificate().options(), interface=script.host)
    else:
        port = clock.listenTCP(script.port, site, interface=script.host)
    host = f"[{script.host}]" if ":" in script.host else script.host
    scheme = "https" if script.https else "http"
    return f"{scheme}://{host}:{port.getHost().port}"


def _certificate() -> Any:
    return cast(Any, ssl.PrivateCertificate).loadPEM(self_signed("localhost"))


if __name__ == "__main__":
    start(script())
