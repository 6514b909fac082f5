"""A row as JSON and back: the one place that knows how a `Row` is spelled outside of Python."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from runo_spiders.items import ErrorInfo, Evidence, Json, Row, Usage

_ALWAYS_IN_A_SUCCESS = ("render_mode", "data", "images_processed", "final_url", "http_status", "fetched_at")


def to_json(row: Row) -> dict[str, Json]:
    """The JSON object of a row, keys in the order that people read them.

    A success has every key but `index`, `warnings` and `extra`, which are left out when there is nothing to
    say; an error row has `error` and only those facts that were known when it happened.
    """
    facts: dict[str, Json] = {
        "index": row.index,
        "url": row.url,
        "status": row.status,
        "error": row.error and _error_to_json(row.error),
        "render_mode": row.render_mode,
        "data": row.data,
        "images_processed": row.images_processed,
        "warnings": list(row.warnings) or None,
        "final_url": row.final_url,
        "http_status": row.http_status,
        "fetched_at": row.fetched_at and _time_to_json(row.fetched_at),
    }
    kept = _ALWAYS_IN_A_SUCCESS if row.status == "success" else ()
    known = {key: value for key, value in facts.items() if value is not None or key in kept}
    return known | _evidence_and_cost(row)


def from_json(record: Mapping[str, Json]) -> Row:
    """The row that `to_json` wrote. Raises `KeyError` or `ValueError` when it did not."""
    return Row(
        url=record["url"],
        status=record["status"],
        index=record.get("index"),
        render_mode=record.get("render_mode"),
        data=record.get("data"),
        error=ErrorInfo(**record["error"]) if "error" in record else None,
        warnings=tuple(record.get("warnings", ())),
        images_processed=record.get("images_processed"),
        final_url=record.get("final_url"),
        http_status=record.get("http_status"),
        fetched_at=_time_from_json(record.get("fetched_at")),
        evidence={pointer: Evidence(**facts) for pointer, facts in record.get("evidence", {}).items()},
        usage=Usage(**record.get("usage", {})),
        extra=record.get("extra", {}),
    )


def evidence_to_json(evidence: Evidence) -> dict[str, Json]:
    """Evidence as an object; `pointer`, `derived` and `confidence` only where they say something."""
    record: dict[str, Json] = {"rung": evidence.rung, "text": evidence.text, "xpath": evidence.xpath}
    if evidence.pointer is not None:
        record["pointer"] = evidence.pointer
    if evidence.derived:
        record["derived"] = True
    if evidence.confidence is not None:
        record["confidence"] = evidence.confidence
    return record


def _evidence_and_cost(row: Row) -> dict[str, Json]:
    record: dict[str, Json] = {}
    if row.status == "success" or row.evidence:
        record["evidence"] = {pointer: evidence_to_json(found) for pointer, found in row.evidence.items()}
    if row.status == "success" or row.usage != Usage():
        record["usage"] = _usage_to_json(row.usage)
    if row.extra:
        record["extra"] = dict(row.extra)
    return record


def _error_to_json(error: ErrorInfo) -> dict[str, Json]:
    return {"code": error.code, "message": error.message, "retryable": error.retryable}


def _usage_to_json(usage: Usage) -> dict[str, Json]:
    return {
        "fetches": usage.fetches,
        "llm_calls": usage.llm_calls,
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
    }


def _time_to_json(moment: datetime) -> str:
    """ISO 8601 in UTC with a `Z`; a time without a zone is taken for UTC."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return aware.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _time_from_json(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
