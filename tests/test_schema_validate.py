"""Data against the client's schema with every leaf nullable, and data built from findings."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.items import Evidence, Finding, Json, Scalar
from runo_spiders.schema.assemble import assemble, leaves
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.validate import LONGEST_MESSAGE, Validator


def faults(properties: Json, data: Json, **root: Json) -> list[str]:
    schema = load_schema({"type": "object", "properties": properties, **root})
    return [violation.pointer for violation in Validator(schema).check(data)]


OFFERS = {
    "type": "array",
    "minItems": 2,
    "items": {"type": "object", "properties": {"price": {"minimum": 1}}},
}


@pytest.mark.parametrize(
    ("node", "value", "valid"),
    [
        ({"type": "string"}, None, True),
        ({"type": "string"}, 1, False),
        ({"enum": ["a"]}, None, True),
        ({"enum": ["a"]}, "b", False),
        ({"const": "a"}, None, True),
        ({"type": "array", "items": {"type": "integer"}}, [1, None], True),
        ({"type": "integer", "minimum": 3}, 2, False),
        ({"type": "string", "pattern": "^a+$"}, "aab", False),
        ({"type": "string", "pattern": r"^\p{Lu}"}, "Éa", True),
        ({"oneOf": [{"type": "string"}, {"maxLength": 5}]}, "abc", True),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, 5, False),
        ({"type": "array", "minItems": 2}, [], True),
        ({"type": "array", "minItems": 2}, ["a"], False),
        ({"type": "string", "format": "date"}, "2024-02-30", False),
        ({"type": "string", "format": "date"}, "20240228", False),
        ({"type": "string", "format": "date-time"}, "2024-02-28T10:00:00", True),
        ({"type": "string", "format": "date-time"}, "2024-02-28", False),
        ({"type": "string", "format": "time"}, "25:00", False),
        ({"type": "string", "format": "duration"}, "PT1H30M", True),
        ({"type": "string", "format": "duration"}, "P", False),
        ({"type": "string", "format": "email"}, "a@b.example", True),
        ({"type": "string", "format": "email"}, "a at b", False),
        ({"type": "string", "format": "uri"}, "https://a.example/b?c#d", True),
        ({"type": "string", "format": "uri"}, "/b", False),
        ({"type": "string", "format": "uri"}, "https://a.example/b c", False),
        ({"type": "string", "format": "ipv6"}, "::1", True),
        ({"type": "string", "format": "hostname"}, "a_b", False),
        ({"type": "string", "format": "unheard-of"}, "x", True),
    ],
)
def test_a_leaf_is_valid_or_not(node: Json, value: Json, valid: bool) -> None:
    assert faults({"x": node}, {"x": value}) == ([] if valid else ["/x"])


def test_a_fault_is_pointed_at_where_it_is() -> None:
    choice = {"anyOf": [{"type": "null"}, {"type": "object", "properties": {"a/b": {"type": "integer"}}}]}
    assert faults({"offers": OFFERS}, {"offers": [{"price": 0}, {"price": 2}]}) == ["/offers/0/price"]
    assert faults({"x": choice}, {"x": {"a/b": "no"}}) == ["/x/a~1b"]
    assert faults({"x": {}}, {"x": 1, "y": 2}, additionalProperties=False) == [""]


def test_missing_keys_are_no_fault() -> None:
    assert faults({"x": {"type": "string"}}, {}, required=["x"]) == []


def test_messages_are_short() -> None:
    schema = load_schema([{"field": "x", "type": "integer"}])
    (violation,) = Validator(schema).check({"x": "a" * 5000})
    assert len(violation.message) == LONGEST_MESSAGE
    assert violation.keyword == "type"


@pytest.mark.parametrize("pattern", ["^(a+)+$", "(a|aa)+$", "(.*)*x$"])
def test_a_pattern_cannot_stop_the_job(pattern: str) -> None:
    started = time.process_time()
    assert faults({"x": {"type": "string", "pattern": pattern}}, {"x": "a" * 60 + "!"}) == ["/x"]
    assert time.process_time() - started < 5


SHOP = load_schema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "seller": {
                "type": "object",
                "properties": {"a/b": {"type": "string"}, "rating": {"type": "number"}},
            },
            "tags": {"type": "array", "items": {"type": "string"}},
            "offers": OFFERS,
        },
    }
)


def found(values: dict[str, Scalar]) -> dict[str, Finding]:
    return {
        pointer: Finding(value, Evidence("local", str(value), "/html")) for pointer, value in values.items()
    }


def test_data_has_the_shape_of_the_schema() -> None:
    assert assemble(SHOP, {}) == {
        "name": None,
        "seller": {"a/b": None, "rating": None},
        "tags": [],
        "offers": [],
    }
    values: dict[str, Scalar] = {
        "/seller/a~1b": "x",
        "/offers/1/price": 2.0,
        "/offers/0/price": 1.0,
        "/tags/0": "t",
    }
    data = assemble(SHOP, found(values))
    assert data["offers"] == [{"price": 1.0}, {"price": 2.0}]
    assert dict(leaves(data)) == values


def test_findings_outside_the_schema_are_left_out() -> None:
    assert assemble(SHOP, found({"/name/0": "x", "/nowhere": "y", "/offers/x/price": 1})) == assemble(
        SHOP, {}
    )


def test_many_records_are_a_list() -> None:
    records = load_schema(
        {"type": "array", "items": {"type": "object", "properties": {"n": {"type": "integer"}}}}
    )
    assert assemble(records, found({f"/{place}/n": place for place in range(11)})) == [
        {"n": n} for n in range(11)
    ]
    assert assemble(records, {}) == []


@given(
    st.dictionaries(st.sampled_from(["/name", "/seller/a~1b", "/seller/rating"]), st.text(min_size=1)),
    st.lists(st.integers(1, 9), max_size=12),
)
def test_leaves_take_apart_what_assemble_built(texts: dict[str, str], prices: list[int]) -> None:
    values: dict[str, Scalar] = {
        **texts,
        **{f"/offers/{place}/price": price for place, price in enumerate(prices)},
    }
    assert dict(leaves(assemble(SHOP, found(values)))) == values
