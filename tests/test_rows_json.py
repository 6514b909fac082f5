"""A row survives its way to JSON and back, and is spelled as clients expect."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.items import ErrorInfo, Evidence, Json, Row, Usage
from runo_spiders.rows_json import from_json, to_json

FETCHED = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)
PRICE = Evidence("structured", "19.99", "/html/head/script", pointer="/offers/price")
STOCK = Evidence("local", "Add to basket", "/html/body/button", derived=True)

FULL = Row(
    url="https://example.com/p/1",
    status="success",
    index=3,
    render_mode="fetch",
    data={"title": "Tea", "price": 19.99},
    warnings=("/price: the currency was dropped",),
    final_url="https://example.com/p/1?a",
    http_status=200,
    fetched_at=FETCHED,
    evidence={"/price": PRICE, "/stock": STOCK},
    usage=Usage(fetches=1),
    extra={"id": "A-1"},
)
BLOCKED = ErrorInfo("FETCH_BLOCKED", "The site refused the request.", retryable=True)

small_ints = st.integers(0, 10**9)
texts = st.text(max_size=20)
leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | texts
documents = st.recursive(leaves, lambda inner: st.lists(inner) | st.dictionaries(texts, inner), max_leaves=8)
evidence = st.builds(Evidence, texts, texts, texts, pointer=st.none() | texts, derived=st.booleans())
rows = st.builds(
    Row,
    url=texts,
    status=st.sampled_from(["success", "error"]),
    index=st.none() | small_ints,
    render_mode=st.none() | st.sampled_from(["fetch", "headless", "structured", "cache"]),
    data=documents,
    error=st.none() | st.builds(ErrorInfo, texts, texts, st.booleans()),
    warnings=st.lists(texts, max_size=3).map(tuple),
    images_processed=st.none() | small_ints,
    final_url=st.none() | texts,
    http_status=st.none() | small_ints,
    fetched_at=st.none() | st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=2))])),
    evidence=st.dictionaries(texts, evidence, max_size=3),
    usage=st.builds(Usage, small_ints, small_ints, small_ints, small_ints),
    extra=st.dictionaries(texts, texts, max_size=3),
)


@given(rows)
def test_a_row_comes_back_as_it_was(row: Row) -> None:
    assert from_json(json.loads(json.dumps(to_json(row)))) == row


def test_a_success_is_spelled_in_full() -> None:
    assert to_json(FULL) == {
        "index": 3,
        "url": "https://example.com/p/1",
        "status": "success",
        "render_mode": "fetch",
        "data": {"title": "Tea", "price": 19.99},
        "images_processed": None,
        "warnings": ["/price: the currency was dropped"],
        "final_url": "https://example.com/p/1?a",
        "http_status": 200,
        "fetched_at": "2026-11-23T10:30:00Z",
        "evidence": {
            "/price": {
                "rung": "structured",
                "text": "19.99",
                "xpath": "/html/head/script",
                "pointer": "/offers/price",
            },
            "/stock": {
                "rung": "local",
                "text": "Add to basket",
                "xpath": "/html/body/button",
                "derived": True,
            },
        },
        "usage": {"fetches": 1, "llm_calls": 0, "input_tokens": 0, "output_tokens": 0},
        "extra": {"id": "A-1"},
    }


@pytest.mark.parametrize(
    ("row", "beside_url_status_and_error"),
    [
        (Row("u", "error", error=BLOCKED), {}),
        (Row("u", "error", 0, error=BLOCKED, http_status=403), {"index": 0, "http_status": 403}),
        (Row("u", "error", error=BLOCKED, data={"a": 1}, usage=Usage(2)), {"data": {"a": 1}, "usage": ...}),
    ],
)
def test_an_error_says_only_what_is_known(row: Row, beside_url_status_and_error: dict[str, Json]) -> None:
    record = to_json(row)
    assert record.pop("error") == {
        "code": "FETCH_BLOCKED",
        "message": "The site refused the request.",
        "retryable": True,
    }
    assert (record.pop("url"), record.pop("status")) == ("u", "error")
    assert record.keys() == beside_url_status_and_error.keys()


def test_a_success_leaves_out_only_what_has_nothing_to_say() -> None:
    assert to_json(Row("u", "success")).keys() == to_json(FULL).keys() - {"index", "warnings", "extra"}


def test_a_time_without_a_zone_is_utc() -> None:
    naive = Row("u", "success", fetched_at=FETCHED.replace(tzinfo=None))
    assert to_json(naive)["fetched_at"] == "2026-11-23T10:30:00Z"
