"""The answers for the parts of a page become one: nothing twice that is one thing, nothing lost."""

from __future__ import annotations

from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.extract.merge import merge
from runo_spiders.items import Json
from runo_spiders.schema.json_schema import read_json_schema
from runo_spiders.schema.model import Field

TEXT = {"type": "string"}


def list_of(*names: str) -> Field:
    properties = dict.fromkeys(names, TEXT)
    return read_json_schema({"type": "array", "items": {"type": "object", "properties": properties}}).root


@pytest.mark.parametrize(
    ("names", "parts", "merged"),
    [
        # Nothing in common.
        (("name",), [[{"name": "a"}], [{"name": "b"}]], [{"name": "a"}, {"name": "b"}]),
        # The same address, wherever: one record, completed by the second telling.
        (
            ("url", "name", "price"),
            [
                [{"url": "/a", "name": "A", "price": None}, {"url": "/b", "name": "B", "price": "1"}],
                [{"url": "/c", "name": "C", "price": "2"}, {"url": "/a", "name": "a ", "price": "3"}],
            ],
            [
                {"url": "/a", "name": "A", "price": "3"},
                {"url": "/b", "name": "B", "price": "1"},
                {"url": "/c", "name": "C", "price": "2"},
            ],
        ),
        # One number of its own with two prices: two offers.
        (
            ("sku", "price"),
            [[{"sku": "1", "price": "5"}], [{"sku": "1", "price": "6"}]],
            [{"sku": "1", "price": "5"}, {"sku": "1", "price": "6"}],
        ),
        # The same picture tells nothing.
        (
            ("image_url", "name"),
            [
                [{"image_url": "/x", "name": "A"}, {"image_url": "/x", "name": "B"}],
                [{"image_url": "/x", "name": "A"}],
            ],
            [
                {"image_url": "/x", "name": "A"},
                {"image_url": "/x", "name": "B"},
                {"image_url": "/x", "name": "A"},
            ],
        ),
        # Without a key: neighbours across the cut are one torn record.
        (
            ("name", "price"),
            [[{"name": "A", "price": "1"}, {"name": "B", "price": None}], [{"name": "B", "price": "2"}]],
            [{"name": "A", "price": "1"}, {"name": "B", "price": "2"}],
        ),
        # Equal rows within one part are two rows.
        (
            ("name",),
            [[{"name": "A"}, {"name": "A"}], [{"name": "B"}]],
            [{"name": "A"}, {"name": "A"}, {"name": "B"}],
        ),
        (("name",), [None, [{"name": "A"}]], [{"name": "A"}]),
        (("name",), [None, None], None),
    ],
)
def test_lists_of_records(names: tuple[str, ...], parts: list[Json], merged: Json) -> None:
    assert merge(parts, list_of(*names)) == merged


def test_an_object_takes_the_first_value_and_joins_its_lists() -> None:
    schema = read_json_schema(
        {
            "type": "object",
            "properties": {
                "title": TEXT,
                "open": {"type": "boolean"},
                "tags": {"type": "array", "items": TEXT},
                "seller": {"type": "object", "properties": {"name": TEXT, "city": TEXT}},
            },
        }
    )
    first = {
        "title": None,
        "open": {"value": None, "quote": None},
        "tags": ["a", "b"],
        "seller": {"name": "N", "city": None},
    }
    second = {
        "title": "T",
        "open": {"value": True, "quote": "Open"},
        "tags": ["B ", "c"],
        "seller": {"name": "M", "city": "C"},
    }
    assert merge([first, second], schema.root) == {
        "title": "T",
        "open": {"value": True, "quote": "Open"},
        "tags": ["a", "b", "c"],
        "seller": {"name": "N", "city": "C"},
    }


@given(st.lists(st.lists(st.integers(0, 5), max_size=4), max_size=5))
def test_each_key_is_told_once_in_the_order_of_the_page(parts: list[list[int]]) -> None:
    told = [[{"id": str(number)} for number in dict.fromkeys(part)] for part in parts]
    merged = cast("list[dict[str, str]]", merge(told, list_of("id")) or [])
    assert [record["id"] for record in merged] == list(
        dict.fromkeys(str(each) for part in parts for each in part)
    )
