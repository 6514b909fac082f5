"""The strict subset: what is asked, and the way back to the client's own form."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.llm.strict import compile_strict, join
from tests import strict_cases
from tests.strict_subset import strict_faults

THOROUGHLY = settings(
    max_examples=1_000,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@THOROUGHLY
@given(strict_cases.plain_schemas, st.data())
def test_random_schemas_go_there_and_back(plain: Json, data: st.DataObject) -> None:
    document = strict_cases.disguised(data.draw, plain)
    (compiled,) = compile_strict(document)
    assert strict_faults(compiled.schema) == []

    value = strict_cases.instance(data.draw, plain)
    assert strict_cases.is_valid(document, value)
    written = strict_cases.encoded_root(plain, value)
    assert strict_cases.is_valid(compiled.schema, written)
    assert compiled.decode(written) == strict_cases.without_lost_nulls(plain, value)

    answer = strict_cases.instance(data.draw, compiled.schema)
    assert strict_cases.is_valid(document, compiled.decode(answer))


def record(**properties: Json) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


TEXT = {"type": "string"}
NUMBER = {"type": "number"}
ENTRY = record(key=TEXT, value=NUMBER)

FORMS: list[tuple[Json, Json]] = [
    ({"type": "boolean"}, {"type": "boolean"}),
    ({"type": ["string", "integer"]}, {"anyOf": [TEXT, {"type": "integer"}]}),
    ({"type": ["integer", "number", "null"]}, {"type": ["number", "null"]}),
    ({"const": "EUR"}, {"type": "string", "enum": ["EUR"]}),
    ({"enum": ["a", 1, None]}, {"type": ["string", "integer", "null"], "enum": ["a", 1, None]}),
    ({"type": "string", "enum": ["a", 1]}, {"type": "string", "enum": ["a"]}),
    ({"enum": [{"a": 1}, "b"]}, {"type": "string", "enum": ['{"a": 1}', '"b"']}),
    ({"oneOf": [TEXT, {"type": "null"}]}, {"type": ["string", "null"]}),
    ({"oneOf": [TEXT, NUMBER]}, {"anyOf": [TEXT, NUMBER]}),
    ({"allOf": [{"minimum": 0}, {"minimum": 2, "type": "integer"}]}, {"type": "integer", "minimum": 2}),
    ({"allOf": [{"type": "number", "maximum": 9}, {"maximum": 7}]}, {"type": "number", "maximum": 7}),
    ({"$ref": "#/$defs/text", "description": "A title"}, {"type": "string", "description": "A title"}),
    ({"type": "string", "format": "uri"}, {"type": "string", "description": '(format "uri")'}),
    ({"type": "string", "format": "date"}, {"type": "string", "format": "date"}),
    ({"type": "string", "pattern": "^[A-Z]+$"}, {"type": "string", "pattern": "^[A-Z]+$"}),
    ({"type": "string", "title": "A name"}, {"type": "string", "description": "A name"}),
    ({"type": "string", "default": "none"}, TEXT),
    ({"type": "object", "additionalProperties": NUMBER}, {"type": "array", "items": ENTRY}),
    (
        {"type": "array", "prefixItems": [TEXT, NUMBER], "minItems": 2},
        record(item_1=TEXT, item_2=NUMBER),
    ),
    ({"properties": {"a": TEXT}, "required": ["a"]}, record(a=TEXT)),
    ({"properties": {"a": TEXT, "b": False}, "required": ["a"]}, record(a=TEXT)),
    ({"properties": {"a": NUMBER}}, record(a={"type": ["number", "null"]})),
    (
        {"properties": {"a": TEXT, "b": TEXT}, "anyOf": [{"required": ["a"]}, {"required": ["b"]}]},
        {
            "anyOf": [
                record(a=TEXT, b={"type": ["string", "null"]}),
                record(a={"type": ["string", "null"]}, b=TEXT),
            ]
        },
    ),
]


@pytest.mark.parametrize(("schema", "strict"), FORMS)
def test_a_value_is_asked_in_its_strict_form(schema: Json, strict: Json) -> None:
    document = record(value=schema) | {"$defs": {"text": TEXT}}
    (compiled,) = compile_strict(document)
    assert compiled.schema == record(value=strict)


LIST = {"type": "array", "items": TEXT}
PAIR = {"type": "object", "properties": {"a": TEXT}}


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string", "minLength": 3, "maxLength": 9}, "minLength 3; maxLength 9"),
        ({"type": "string", "pattern": "^(?!x)"}, 'pattern "^(?!x)"'),
        ({"type": "string", "contentEncoding": "base64"}, 'contentEncoding "base64"'),
        (LIST | {"uniqueItems": True}, "uniqueItems true"),
        (LIST | {"contains": {"const": "a"}}, 'allOf [{"contains": {"const": "a"}}]'),
        (PAIR | {"minProperties": 1}, "minProperties 1"),
        (PAIR | {"dependentRequired": {"a": ["b"]}}, 'dependentRequired {"a": ["b"]}'),
        ({"type": "string", "not": {"const": "a"}}, 'not {"const": "a"}'),
        ({"type": "string", "not": {"$ref": "#/$defs/short"}}, 'not {"maxLength": 2}'),
        (
            {"type": "string", "if": {"const": "a"}, "then": {"minLength": 2}},
            'allOf [{"if": {"const": "a"}, "then": {"minLength": 2}}]',
        ),
        ({"type": "string", "examples": ["Gouda"]}, 'examples ["Gouda"]'),
        ({"allOf": [{"type": "string", "pattern": "^a"}, {"pattern": "b$"}]}, 'allOf [{"pattern": "b$"}]'),
        ({"type": "integer", "unit": "kg"}, 'unit "kg"'),
    ],
)
def test_what_the_subset_cannot_say_stands_in_the_description(schema: Json, told: str) -> None:
    document = record(value=schema | {"description": "What it is."}) | {"$defs": {"short": {"maxLength": 2}}}
    (compiled,) = compile_strict(document)
    assert strict_faults(compiled.schema) == []
    assert compiled.schema["properties"]["value"]["description"] == f"What it is. ({told})"


def test_a_long_list_of_values_is_told_instead_of_enforced() -> None:
    cities = [f"city {number}" for number in range(1_001)]
    (compiled,) = compile_strict(record(city={"enum": cities}))
    assert compiled.schema["properties"]["city"].keys() == {"type", "description"}
    assert '"city 1000"' in compiled.schema["properties"]["city"]["description"]


@pytest.mark.parametrize(
    ("root", "written", "value"),
    [
        ({"type": "array", "items": TEXT}, {"items": ["a"]}, ["a"]),
        ({"type": "array", "items": TEXT}, ["a"], ["a"]),
        (
            {"type": "object", "additionalProperties": TEXT},
            {"items": [{"key": "a", "value": "b"}]},
            {"a": "b"},
        ),
        ({"anyOf": [record(a=TEXT), record(b=TEXT)]}, {"value": {"b": "c"}}, {"b": "c"}),
        (record(a=TEXT), {"a": "b"}, {"a": "b"}),
    ],
)
def test_the_root_is_always_an_object(root: Json, written: Json, value: Json) -> None:
    (compiled,) = compile_strict(root)
    assert strict_faults(compiled.schema) == []
    assert compiled.decode(written) == value


@given(strict_cases.plain_schemas, strict_cases.ANYTHING)
@settings(max_examples=200, deadline=None, derandomize=True)
def test_an_answer_of_any_form_is_decoded_without_an_error(schema: Json, answer: Json) -> None:
    (compiled,) = compile_strict(schema)
    json.dumps(compiled.decode(answer), allow_nan=False)


@pytest.mark.parametrize("text", ["NaN", "9" * 5_000, "[" * 100_000, '{"a"', "Gouda"])
def test_a_text_that_is_no_json_stays_a_text(text: str) -> None:
    (compiled,) = compile_strict(record(value={}))
    assert compiled.decode({"value": text}) == {"value": text}


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        (record(a={"$ref": "#"}), "nested deeper"),
        (
            record(a={"$ref": "#/$defs/loop"}) | {"$defs": {"loop": {"$ref": "#/$defs/loop"}}},
            "/properties/a/$ref",
        ),
        (record(a={"$ref": "#/$defs/none"}), "/properties/a/$ref"),
        (record(a={"$ref": "https://example.com/a.json"}), "/properties/a/$ref"),
        (record(a={"patternProperties": {"^a": TEXT}}), "/properties/a/patternProperties"),
        (record(a={"allOf": [TEXT, NUMBER]}), "/properties/a"),
        (record(a={"enum": []}), "/properties/a"),
        (record(a=False), "/properties/a"),
        (record(**{"a/b": "text"}), "/properties/a~1b"),
        (False, "at /"),
        (
            record(a={"allOf": [{"anyOf": [{"minimum": low} for low in range(8)]}] * 6}),
            "/properties/a: written out",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_with_its_place(schema: Json, path: str) -> None:
    with pytest.raises(SchemaError, match="malformed") as caught:
        compile_strict(schema)
    assert path in str(caught.value)


def countries(name: str) -> Json:
    return {"type": "string", "enum": [f"{name} {number}" for number in range(240)]}


WIDE = {f"country_{number}": countries("land") for number in range(9)}


@pytest.mark.parametrize(
    ("document", "parts"),
    [
        (record(**WIDE), 3),
        (record(title=TEXT, trade=record(**WIDE), price=NUMBER), 3),
        (record(title=TEXT, trade={"anyOf": [record(**WIDE), {"type": "null"}]}), 3),
        ({"type": ["object", "null"], "properties": WIDE}, 3),
        (record(**{f"number_{number}": NUMBER for number in range(5_001)}), 2),
        (record(**{f"number_{number}".ljust(1_000): NUMBER for number in range(121)}), 2),
    ],
)
def test_an_over_wide_record_is_asked_in_parts_and_joined(document: Json, parts: int) -> None:
    compiled = compile_strict(document)
    assert [strict_faults(part.schema) for part in compiled] == [[]] * parts
    value = filled(document)
    answers = [part.decode(picked(part.schema, value)) for part in compiled]
    assert join(answers) == value


def test_entries_without_a_name_are_asked_once() -> None:
    document = {"type": "object", "properties": WIDE, "additionalProperties": NUMBER}
    asked = ["other_entries" in part.schema["properties"] for part in compile_strict(document)]
    assert asked == [False, False, True]


def filled(schema: Json) -> Json:
    """A value that fits a record whose leaves are lists of values and numbers."""
    if "anyOf" in schema:
        return filled(schema["anyOf"][0])
    if "properties" in schema:
        return {name: filled(child) for name, child in schema["properties"].items()}
    return schema["enum"][-1] if "enum" in schema else "text" if schema == TEXT else 1.5


def picked(schema: Json, value: Json) -> Json:
    """The part of a value that a strict schema asks for."""
    if "properties" not in schema:
        return value
    if schema["properties"].keys() == {"value"}:
        return {"value": picked(schema["properties"]["value"], value)}
    return {name: picked(child, value.get(name)) for name, child in schema["properties"].items()}


def test_parts_are_as_few_as_fit() -> None:
    assert len(compile_strict(record(**dict(list(WIDE.items())[:4])))) == 1
    assert len(compile_strict(record(**dict(list(WIDE.items())[:5])))) == 2


@pytest.mark.parametrize(
    "root", [{"type": "array", "items": record(**WIDE)}, {"anyOf": [record(**WIDE), TEXT]}]
)
def test_an_over_wide_schema_that_is_no_record_is_refused(root: Json) -> None:
    with pytest.raises(SchemaError, match="2160 enum values, over 1000, and cannot be split"):
        compile_strict(root)


def test_a_null_in_one_part_does_not_hide_what_another_one_found() -> None:
    assert join([{"offer": None, "title": "a"}, {"offer": {"price": 1}}, {"offer": None}]) == {
        "offer": {"price": 1},
        "title": "a",
    }
