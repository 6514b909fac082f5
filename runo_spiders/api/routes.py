"""The table of routes: what requests there are, and everything that is known of them.

Routing, OpenAPI and the test of authorisation are all made from it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from urllib.parse import unquote

from pydantic import BaseModel

from runo_spiders.api.faults import Fault

if TYPE_CHECKING:
    from runo_spiders.api.asking import Asked

Handler = Callable[["Asked"], Awaitable[None]]
Method = Literal["GET", "POST", "DELETE"]

SMALL = 1_000_000
"""Bytes of a body where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of the query, or a header."""

    name: str
    about: str
    schema: Mapping[str, object]
    place: Literal["query", "header"] = "query"


@dataclass(frozen=True, slots=True)
class Route:
    """One kind of request.

    `path` has `{job}` where the id of a job stands. `answers` maps a status to the model of its body; a text
    instead of a model is a content type without a model. `errors` are the codes that may come. A `public`
    route needs no key, and a `metered` one counts for the rate limit of its key.
    """

    method: Method
    path: str
    handler: Handler
    about: str
    answers: Mapping[int, type[BaseModel] | str]
    body: type[BaseModel] | None = None
    uploads: bool = False
    most_bytes: int = SMALL
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[str, ...] = ()
    public: bool = False
    metered: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """The route of a request, and what its path says of it."""

    route: Route
    names: Mapping[str, str]


class Routes:
    """Finds routes; a trailing slash makes no difference, and HEAD goes where GET does."""

    def __init__(self, table: Iterable[Route]) -> None:
        self.table = tuple(table)
        self._patterns = [(_pattern(route.path), route) for route in self.table]

    def find(self, method: str, path: str) -> Match:
        """Raises `Fault`: `NOT_FOUND`, or `METHOD_NOT_ALLOWED` with the methods that there are."""
        found = [(match, route) for pattern, route in self._patterns if (match := pattern.fullmatch(path))]
        if not found:
            raise Fault("NOT_FOUND", "There is nothing at this path; /openapi.json lists what there is.")
        wanted = "GET" if method == "HEAD" else method
        for match, route in found:
            if route.method == wanted:
                return Match(route, {name: _decoded(text) for name, text in match.groupdict().items()})
        allowed = {route.method for _, route in found}
        methods = ", ".join(sorted({*allowed, *(["HEAD"] if "GET" in allowed else [])}))
        raise Fault(
            "METHOD_NOT_ALLOWED", f"{method[:20]} is not allowed here, only {methods}.", {"Allow": methods}
        )


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/]+)", re.escape(path)) + "/?")


def _decoded(text: str) -> str:
    return unquote(text, errors="replace")
