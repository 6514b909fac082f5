"""A server that costs little: pages from memory, kept alive.

    python -m benchmarks.page_server [--delay MS] [--data FOLDER]

Prints its URL. `/structured/N` and `/plain/N` are the 60 kB pages (N modulo 200), `/small/N` is less than a
kilobyte, `/recipe/N` the twenty real recipe pages nearest 60 kB (N modulo 20).
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from benchmarks.pages import html_of, records
from benchmarks.sixty_kb import SIZE, page

DIFFERENT = 200
RECIPES = 20


def recipes(data: Path) -> list[bytes]:
    """The real recipe pages whose size is nearest to that of the generated ones."""
    pages = [html_of(data, record).encode() for record in records(data, ("recipe-scrapers",))]
    return sorted(pages, key=lambda body: abs(len(body) - SIZE))[:RECIPES]


def small(number: int) -> bytes:
    return f"<!doctype html><title>Small</title><h1>Small {number}</h1><p class=price>$1.00</p>".encode()


class Answers:
    """The answers by path, made once."""

    def __init__(self, real: list[bytes]) -> None:
        self._kinds: Mapping[str, tuple[int, Callable[[int], bytes]]] = {
            "structured": (DIFFERENT, lambda number: page("structured", number)),
            "plain": (DIFFERENT, lambda number: page("plain", number)),
            "small": (DIFFERENT, small),
        }
        if real:
            self._kinds = {**self._kinds, "recipe": (len(real), real.__getitem__)}
        self._answer = cache(self._made)

    def answer(self, path: str) -> bytes:
        kind, _, number = path.strip("/").partition("/")
        if kind not in self._kinds or not number.isdigit():
            return b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
        return self._answer(kind, int(number) % self._kinds[kind][0])

    def _made(self, kind: str, number: int) -> bytes:
        body = self._kinds[kind][1](number)
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class PageProtocol(asyncio.Protocol):
    """HTTP/1.1 as far as a client that sends GET requests one after the other needs it."""

    def __init__(self, answers: Answers, delay: float) -> None:
        self._answers = answers
        self._delay = delay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            request, _, self._data = self._data.partition(b"\r\n\r\n")
            path = request.split(b" ", 2)[1].decode()
            asyncio.get_running_loop().call_later(
                self._delay, self._transport.write, self._answers.answer(path)
            )


async def serve(delay_ms: float, data: Path | None) -> None:
    answers = Answers(recipes(data) if data else [])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: PageProtocol(answers, delay_ms / 1000), "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--data", type=Path)
    options = parser.parse_args()
    asyncio.run(serve(options.delay, options.data))
