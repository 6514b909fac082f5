"""The process behind `MockServer`: reads its script from standard input, prints its URL and its control's."""

from __future__ import annotations

import json
import os
import pickle
import sys
from collections import Counter, defaultdict
from typing import Any, cast

from twisted.internet import reactor, ssl
from twisted.internet.task import LoopingCall
from twisted.web.pages import notFound
from twisted.web.resource import Resource
from twisted.web.server import Site
from twisted.web.static import File

from tests.behaviour import Request
from tests.certificates import self_signed
from tests.hostile import BEHAVIOURS
from tests.mockserver import Reply, Script

network = cast(Any, reactor)
"""The reactor; what we ask of it has no types."""


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


class Control(Resource):
    """Tells what the ledger holds: /hits, /connections, /requests."""

    isLeaf = True  # noqa: N815

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger

    def render_GET(self, request: Request) -> bytes:  # noqa: N802
        return json.dumps(getattr(self.ledger, request.path.decode()[1:])).encode()


def serve(script: Script) -> None:
    ledger = Ledger()
    root = Root(script.folder)
    site = cast(Any, CountingSite)(root)
    site.ledger = ledger
    base = _listen(site, script)
    for path, reply in script.pages.items():
        root.pages[path] = Page(reply, base)
    port = network.listenTCP(0, cast(Any, Site)(Control(ledger)), interface="127.0.0.1")
    print(base, f"http://127.0.0.1:{port.getHost().port}", sep="\n", flush=True)
    LoopingCall(_leave_if_orphaned, os.getppid()).start(1, now=False)
    network.run()


def _leave_if_orphaned(parent: int) -> None:
    """A test run that is killed cannot stop its servers."""
    if os.getppid() != parent:
        network.stop()


def _listen(site: Site, script: Script) -> str:
    if script.https:
        port = network.listenSSL(script.port, site, _certificate().options(), interface=script.host)
    else:
        port = network.listenTCP(script.port, site, interface=script.host)
    host = f"[{script.host}]" if ":" in script.host else script.host
    scheme = "https" if script.https else "http"
    return f"{scheme}://{host}:{port.getHost().port}"


def _certificate() -> Any:
    return cast(Any, ssl.PrivateCertificate).loadPEM(self_signed("localhost"))


if __name__ == "__main__":
    serve(pickle.load(sys.stdin.buffer))
