"""What a person looks at: the description of the API, and the page to try it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from runo_spiders.api.asking import Asked

_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


async def openapi(asked: Asked) -> None:
    await _send(asked, asked.place.description, "application/json")


async def docs(asked: Asked) -> None:
    await _send(asked, _page(), "text/html; charset=utf-8", {"Content-Security-Policy": _POLICY})


async def _send(asked: Asked, text: bytes, kind: str, headers: Mapping[str, str] | None = None) -> None:
    length = {"Content-Length": str(len(text)), "X-Content-Type-Options": "nosniff"}
    await asked.begin(200, kind, length | dict(headers or {}))
    asked.request.write(text)
    asked.request.finish()


@cache
def _page() -> bytes:
    return resources.files("runo_spiders.api").joinpath("docs.html").read_bytes()
