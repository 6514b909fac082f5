"""Rows as Runo's answers spell them."""

from __future__ import annotations

from dataclasses import dataclass

from runo_spiders.items import Json, Row
from runo_spiders.rows_json import to_json

_ALWAYS = ("url", "status", "render_mode", "data", "images_processed", "warnings", "error")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a client wants of each row beside Runo's own keys."""

    evidence: bool = False
    usage: bool = False

    @property
    def keys(self) -> tuple[str, ...]:
        return _ALWAYS + ("evidence",) * self.evidence + ("usage",) * self.usage


def result_of(row: Row, wanted: Wanted) -> dict[str, Json]:
    """An element of `results`: a success with its data, or a URL with its error."""
    record = to_json(row)
    if row.error is not None:
        extra = {key: record[key] for key in wanted.keys if key in record and key in ("evidence", "usage")}
        return {
            "url": row.url,
            "status": "error",
            "error": _error(record["error"]),
            **extra,
            **_carried(record),
        }
    return {key: record[key] for key in wanted.keys if key in record} | _carried(record)


def answer_of(row: Row, wanted: Wanted) -> dict[str, Json]:
    """The answer of `/v1/extract`: a failure is told without the URL, which the client knows."""
    result = result_of(row, wanted)
    if row.error is not None:
        del result["url"]
    return result


def full_result_of(row: Row, wanted: Wanted) -> dict[str, Json]:
    """A row of our own routes: the same, with its place in the request."""
    return {"index": row.index, **result_of(row, wanted)}


def _error(error: dict[str, Json]) -> dict[str, Json]:
    if error["code"] == "JOB_CANCELLED":
        return {"code": error["code"], "retryable": error["retryable"]}
    return error


def _carried(record: dict[str, Json]) -> dict[str, Json]:
    """The other columns of an uploaded list."""
    return {"extra": record["extra"]} if record.get("extra") else {}
