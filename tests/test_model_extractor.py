"""The rung alone: what it asks, and what it makes of answers that the client's schema objects to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from runo_spiders.extract.ladder import Climb
from runo_spiders.extract.model_question import asked_schema
from runo_spiders.schema.load import load_schema
from tests.asking import climbs
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests

KETTLE = (
    "<h1>Blue kettle</h1><p>Code KS-17</p><p>Paint: tone 399 and tone 3</p><p>Rated 9 by us</p>"
    "<p>Made on 3 May 2024, see <a href=/manual.pdf>the manual</a>.</p>"
)
TRUTH = {
    "Blue kettle": {
        "title": "Blue kettle",
        "code": "KS-17",
        "rating": {"value": 9, "quote": "Rated 9"},
        "outside": {"value": "tone 399", "quote": "tone 399"},
        "inside": {"value": "tone 3", "quote": "tone 3"},
        "rim": None,
        "manual": "/manual.pdf",
        "made": "3 May 2024",
    }
}
TONES = [f"tone {number}" for number in range(400)]


@pytest.fixture(scope="module")
def server() -> Iterator[ModelServer]:
    with ModelServer(TRUTH) as server, only_valid_requests(server):
        yield server


def values(came: Climb) -> dict[str, Any]:
    return {pointer: found.value for pointer, found in came.findings.items()}


def test_an_answer_that_breaks_the_schema_is_asked_for_once_more_and_the_rest_of_it_is_kept(
    server: ModelServer,
) -> None:
    properties = {
        "title": {"type": "string"},
        "code": {"type": "string", "pattern": "^[0-9]+$"},
        "rating": {"type": "integer", "maximum": 5},
    }
    (came,) = climbs(server, "honest:ok", [KETTLE], {"type": "object", "properties": properties})
    assert came.failure is None
    assert values(came)["/title"] == "Blue kettle"
    assert came.usage.llm_calls == server.count("honest:ok") == 2
    again = server.requests("honest:ok")[1]["messages"][-1]["content"]
    assert "code" in again
    assert "rating" in again


def test_a_value_that_is_only_written_otherwise_than_the_schema_says_is_not_asked_for_again(
    server: ModelServer,
) -> None:
    properties = {
        "title": {"type": "string"},
        "manual": {"type": "string", "format": "uri"},
        "made": {"type": "string", "format": "date"},
    }
    (came,) = climbs(server, "honest:ok,ok", [KETTLE], {"type": "object", "properties": properties})
    assert values(came) == {
        "/title": "Blue kettle",
        "/manual": "https://shop.example/manual.pdf",
        "/made": "2024-05-03",
    }
    assert came.usage.llm_calls == server.count("honest:ok,ok") == 1


def test_a_schema_beyond_the_limits_is_asked_in_parts_that_make_one_answer(server: ModelServer) -> None:
    fields = {name: {"type": "string", "enum": TONES} for name in ("outside", "inside", "rim")}
    (came,) = climbs(server, "honest", [KETTLE], {"type": "object", "properties": fields})
    assert values(came) == {"/outside": "tone 399", "/inside": "tone 3"}
    assert came.usage.llm_calls > 1


@pytest.mark.parametrize(
    ("wanted", "pointers"),
    [
        (["/a/b"], {"/a/b"}),
        (["/list", "/a/c/d~1e"], {"/list", "/a/c/d~1e"}),
        (["/a/b", "/a/c/d~1e", "/list"], {"/a/b", "/a/c/d~1e", "/list"}),
    ],
)
def test_only_the_open_slots_are_part_of_what_is_asked(wanted: list[str], pointers: set[str]) -> None:
    schema = load_schema(
        {
            "type": "object",
            "properties": {
                "a": {
                    "type": "object",
                    "properties": {
                        "b": {"type": "integer", "minimum": 3},
                        "c": {"$ref": "#/$defs/inner"},
                    },
                },
                "list": {"type": "array", "maxItems": 5, "items": {"type": "boolean"}},
            },
            "$defs": {"inner": {"type": "object", "properties": {"d/e": {"type": "string", "enum": ["x"]}}}},
        }
    )
    document = asked_schema(schema, [slot for slot in schema.slots if slot.pointer in wanted])
    assert {slot.pointer for slot in load_schema(_without_quotes(document)).slots} == pointers
    if "/a/b" in wanted:
        assert document["properties"]["a"]["properties"]["b"]["minimum"] == 3


def _without_quotes(node: Any) -> Any:
    """A document in which a leaf that is asked for with its quote is the leaf alone."""
    if not isinstance(node, dict):
        return node
    if set(node.get("properties", ())) == {"value", "quote"}:
        return node["properties"]["value"]
    return {key: _without_quotes(value) for key, value in node.items()}
