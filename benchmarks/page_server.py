"""A server that costs little: each path of the two kinds of page, from memory, kept alive.

    python -m benchmarks.page_server [DELAY_MS]

Prints its URL. `/structured/N`, `/plain/N` are the 60 kB pages (N modulo 200), `/small/N` is 1 kB.
"""

from __future__ import annotations

import asyncio
import sys
from functools import cache

from benchmarks.sixty_kb import page

DIFFERENT = 200


@cache
def _answer(path: str) -> bytes:
    kind, _, number = path.strip("/").partition("/")
    if kind == "small":
        body = f"<!doctype html><title>Small</title><h1>Small {number}</h1><p class=price>$1.00</p>".encode()
    elif kind in ("structured", "plain"):
        body = page("structured" if kind == "structured" else "plain", int(number))
    else:
        return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def answer(path: str) -> bytes:
    kind, _, number = path.strip("/").partition("/")
    return _answer(f"{kind}/{int(number) % DIFFERENT}" if number.isdigit() else path)


class PageProtocol(asyncio.Protocol):
    """HTTP/1.1 as far as a client that sends GET requests one after the other needs it."""

    delay = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            request, _, self._data = self._data.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(self.delay, self._transport.write, answer(path))


async def serve(delay_ms: float) -> None:
    PageProtocol.delay = delay_ms / 1000
    server = await asyncio.get_running_loop().create_server(PageProtocol, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1]) if len(sys.argv) > 1 else 0.0))
