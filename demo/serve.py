"""The sample site on loopback: python demo/serve.py [PORT]. The first line that it prints is its URL."""

from __future__ import annotations

import sys
import time
from functools import partial
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SITE = Path(__file__).parent / "site"

SLOW = "/slow.html"
BROKEN = "/broken.html"
MISSING = "/missing.html"
_SLOW_SECONDS = 2.0


class SampleSite(SimpleHTTPRequestHandler):
    """The pages of the folder `site`; one of them is slow, one broken, one missing."""

    def do_GET(self) -> None:
        if self.path == BROKEN:
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR)
            return
        if self.path == SLOW:
            time.sleep(_SLOW_SECONDS)
        super().do_GET()

    def log_message(self, format: str, *args: object) -> None:
        """Keeps quiet: the terminal belongs to the demo."""


class Server(ThreadingHTTPServer):
    """Tells of what goes wrong here, and not of clients that go away before they have their answer."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def main(port: int) -> None:
    server = Server(("127.0.0.1", port), partial(SampleSite, directory=str(SITE)))
    print(f"http://127.0.0.1:{server.server_port}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
