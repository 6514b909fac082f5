"""A real HTTP server in a process of its own, for tests that must see what a crawl does on the wire.

    with MockServer(pages={"/a": "<p>hello", "/robots.txt": Reply("User-agent: *", "text/plain")}) as server:
        crawl(server.url("/a"))
        assert server.hits("/a") == 1

Every server also plays the misbehaviours of `tests.hostile` (`/status/503`, `/slow/2`, `/silent` ...).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tests.server_process import ServerProcess


@dataclass(frozen=True)
class Reply:
    """What the server answers on one path. `{{base}}` in a text body becomes the server's own URL."""

    body: str | bytes = ""
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


Page: TypeAlias = str | bytes | Reply


@dataclass(frozen=True)
class Script:
    """All that a server process is told: where to listen and what to serve."""

    host: str
    port: int
    https: bool
    folder: str | None
    pages: Mapping[str, Reply]


class MockServer(ServerProcess):
    """Listens from `with` to its end. `folder` is served from the root; `pages` win over it.

    A page is registered by its path, or by `//host/path` for one value of the `Host` header.

    Another `host` (127.0.0.2, ::1) lets a test call one server public and another internal. With `https` the
    certificate is self-signed, for `localhost`.
    """

    module = "tests.mocksite"

    def __init__(
        self,
        *,
        folder: Path | str | None = None,
        pages: Mapping[str, Page] | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
        https: bool = False,
    ) -> None:
        replies = {path: _reply(page) for path, page in (pages or {}).items()}
        super().__init__(Script(host, port, https, str(folder) if folder is not None else None, replies))

    def url(self, path: str = "/") -> str:
        return self.base + path

    @property
    def netloc(self) -> str:
        return self.base.partition("://")[2]

    @property
    def port(self) -> int:
        return int(self.base.rpartition(":")[2])

    def hits(self, path: str | None = None) -> int:
        """How many requests came in, for one path (query not counted) or for all."""
        hits = self.all_hits()
        return sum(hits.values()) if path is None else hits.get(path, 0)

    def all_hits(self) -> dict[str, int]:
        """How many requests came in for each path."""
        hits: dict[str, int] = self.ask("/hits")
        return hits

    def connections(self) -> int:
        """How many TCP connections came in, with or without a request on them."""
        count: int = self.ask("/connections")
        return count

    def requests(self, path: str) -> list[dict[str, str]]:
        """The headers of each request for a path, names in lower case."""
        requests: dict[str, list[dict[str, str]]] = self.ask("/requests")
        return requests.get(path, [])


def _reply(page: Page) -> Reply:
    return page if isinstance(page, Reply) else Reply(page)
