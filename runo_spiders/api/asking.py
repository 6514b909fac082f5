"""One request on its way: who asks, for what, and how it is answered."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

from pydantic import BaseModel
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread

from runo_spiders.api.faults import Fault
from runo_spiders.api.limits import RateLimits, usage_headers
from runo_spiders.api.routes import Match
from runo_spiders.api.uploads import Upload
from runo_spiders.daemon.bounded_request import BoundedRequest
from runo_spiders.daemon.callers import Caller
from runo_spiders.daemon.watch import Watch
from runo_spiders.items import Json
from runo_spiders.store.ledger import Ledger

Given = ParamSpec("Given")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Place:
    """What all requests share. `description` is OpenAPI's, as JSON.

    `seal` encrypts a target site's secrets; `most_queued` jobs may wait.
    """

    ledger: Ledger
    watch: Watch
    limits: RateLimits
    description: bytes
    seal: Callable[[Mapping[str, Json]], bytes]
    most_queued: int


@dataclass(slots=True)
class Asked:
    """A request that was let in.

    `body` is what the route's model made of its body, and `digest` the same in short.
    `upload` are the URLs that came as a file. `headers` go with the answer.
    """

    request: BoundedRequest
    place: Place
    match: Match
    caller: Caller
    headers: dict[str, str] = field(default_factory=dict)
    body: BaseModel | None = None
    digest: str = ""
    upload: Upload | None = None

    @property
    def job_id(self) -> str:
        return self.match.names["job"]

    def query(self, name: str) -> str | None:
        """A parameter of the query. Raises `Fault` where it is given twice."""
        given = (self.request.args or {}).get(name.encode(), [])
        if len(given) > 1:
            raise Fault("REQUEST_INVALID", f"query parameter {name}: is given more than once")
        return given[0].decode(errors="replace") if given else None

    def flag(self, name: str, default: bool) -> bool:
        text = self.query(name)
        if text not in (None, "true", "false"):
            raise Fault(
                "REQUEST_INVALID", f"query parameter {name}: should be true or false, got {text[:40]!r}"
            )
        return default if text is None else text == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.query(name)
        if text is None:
            return default
        if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= most):
            raise Fault(
                "REQUEST_INVALID", f"query parameter {name}: should be {least} to {most}, got {text[:40]!r}"
            )
        return int(text)

    async def begin(
        self, status: int, kind: str = "application/json", headers: Mapping[str, str] | None = None
    ) -> None:
        """Send the status and the headers, with what is left of the key's month."""
        key = self.caller.key
        if key is not None and key.per_month is not None:
            self.headers |= usage_headers(key, await in_thread(self.place.ledger.allowance, key.id))
        self.request.setResponseCode(status)
        for name, value in {"Content-Type": kind, **self.headers, **(headers or {})}.items():
            self.request.setHeader(name, value)

    async def answer(self, body: Json, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """Send an answer that is there as a whole."""
        text = json.dumps(body, ensure_ascii=False).encode() + b"\n"
        await self.begin(status, headers={**(headers or {}), "Content-Length": str(len(text))})
        self.request.write(text)
        self.request.finish()


async def in_thread(work: Callable[Given, Result], *args: Given.args, **kwargs: Given.kwargs) -> Result:
    """What `work` returns, which may block."""
    running: Deferred[Result] = deferToThread(work, *args, **kwargs)
    return await running
