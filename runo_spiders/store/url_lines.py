"""Many lines into `urls` at once: lists are long, and a statement made anew for each line is what costs.

Both statements leave alone what is there already, and tell how many lines they added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TypeAlias

from sqlalchemy import Connection

from runo_spiders.inputs import Target
from runo_spiders.urls import key_of

Line: TypeAlias = tuple[str, int | None, str, str | None, int, int, int, int]

_COLUMNS = "INSERT INTO urls (job, idx, url, extra, key, hops, attempt, round) "
_SQLITE = _COLUMNS + "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
_POSTGRESQL = (
    _COLUMNS  # noqa: S608 (nothing of a client's)
    + "SELECT * FROM unnest(%s::text[], %s::int[], %s::text[], %s::text[], %s::bigint[], %s::int[],"
    " %s::int[], %s::int[]) ON CONFLICT DO NOTHING"
)


def lines_of(job: str, targets: Iterable[Target], round_: int) -> list[Line]:
    """The lines of targets that have an index."""
    return [(job, t.index, t.url, _extra(t.extra), key_of(t.url), t.hops, 0, round_) for t in targets]


def insert_lines(link: Connection, lines: list[Line]) -> int:
    """How many there were not."""
    if not lines:
        return 0
    if link.dialect.name == "sqlite":
        return link.exec_driver_sql(_SQLITE, lines).rowcount
    columns = tuple(list(column) for column in zip(*lines, strict=True))
    return link.exec_driver_sql(_POSTGRESQL, columns).rowcount


def _extra(extra: dict[str, str]) -> str | None:
    return json.dumps(extra, ensure_ascii=False) if extra else None
