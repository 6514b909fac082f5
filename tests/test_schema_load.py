"""Schemas by name, path and JSON: what they become, and how a malformed one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.errors import SchemaError, UsageMistake
from runo_spiders.items import Json
from runo_spiders.schema.load import load_schema, schema_names
from runo_spiders.schema.model import Field, Schema, field_at
from runo_spiders.schema.validate import Validator

NAMES = ["article", "job-posting", "product", "product-flat", "recipe"]


def one(node: Json, **root: Json) -> Field:
    """The field `x` of an object schema with this node."""
    return load_schema({"type": "object", "properties": {"x": node}, **root}).root.properties[0]


@pytest.mark.parametrize("name", NAMES)
def test_shipped_schemas_load_by_name_and_their_examples_are_valid(name: str, tmp_path: Path) -> None:
    schema = load_schema(name, tmp_path)
    examples = {field.name: field.example for field in schema.root.properties if field.example is not None}
    assert schema.name == name
    assert examples
    assert Validator(schema).check(examples) == []


def test_a_name_is_looked_up_in_the_folder_first(tmp_path: Path) -> None:
    (tmp_path / "product.json").write_text('[{"field": "mine", "type": "string"}]')
    assert [field.name for field in load_schema("product", tmp_path).root.properties] == ["mine"]
    assert set(NAMES) <= set(schema_names(tmp_path))


def test_a_path_inline_json_and_parsed_json_are_the_same(tmp_path: Path) -> None:
    fields = [{"field": "price", "type": "float", "example": 1.5, "hint": "now"}]
    path = tmp_path / "shop.json"
    path.write_text("\ufeff" + json.dumps(fields))
    by_path = load_schema(str(path))
    assert by_path.name == "shop"
    assert by_path.root == load_schema(json.dumps(fields)).root == load_schema(fields).root


def test_the_flat_form_means_a_json_schema() -> None:
    types = [
        "string",
        "integer",
        "float",
        "boolean",
        "date",
        "array<string>",
        "array<integer>",
        "array<float>",
    ]
    schema = load_schema([{"field": kind, "type": kind} for kind in types])
    assert schema.flat
    assert [
        (field.type, field.format, field.items and field.items.type) for field in schema.root.properties
    ] == [
        ("string", None, None),
        ("integer", None, None),
        ("number", None, None),
        ("boolean", None, None),
        ("string", "date", None),
        ("array", None, "string"),
        ("array", None, "integer"),
        ("array", None, "number"),
    ]
    assert load_schema(schema.document).root == schema.root


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        ({"type": ["null", "integer"]}, ("integer", None, ())),
        ({"anyOf": [{"type": "null"}, {"type": "number"}]}, ("number", None, ())),
        ({"oneOf": [{"const": "a"}, {"const": "b"}, {"type": "null"}]}, ("string", None, ("a", "b"))),
        ({"enum": [1, 2]}, ("integer", None, (1, 2))),
        ({"type": "url"}, ("string", "uri", ())),
        ({"type": "date"}, ("string", "date", ())),
        ({"type": ["datetime", "null"]}, ("string", "date-time", ())),
        ({"$ref": "#/$defs/d~1ay"}, ("string", "date", ())),
        ({"allOf": [{"$ref": "#/$defs/d~1ay"}], "description": "when"}, ("string", "date", ())),
        ({}, ("string", None, ())),
        (True, ("string", None, ())),
    ],
)
def test_json_schema_nodes(node: Json, expected: tuple[Json, ...]) -> None:
    field = one(node, **{"$defs": {"d/ay": {"type": "string", "format": "date"}}})
    assert (field.type, field.format, field.enum) == expected


def test_objects_nest_and_merge() -> None:
    schema = load_schema(
        {
            "type": "array",
            "items": {
                "allOf": [
                    {"$ref": "#/$defs/named"},
                    {"properties": {"offers": {"items": {"$ref": "#/$defs/offer"}}}},
                ]
            },
            "$defs": {
                "named": {
                    "properties": {"name": {"type": "string", "examples": ["a"]}},
                    "required": ["name"],
                },
                "offer": {"type": "object", "properties": {"price": {"type": "number"}}},
            },
        }
    )
    name, price = field_at(schema.root, "/0/name"), field_at(schema.root, "/0/offers/3/price")
    assert schema.many
    assert name is not None and name.required and name.example == "a"
    assert price is not None and price.type == "number"


def nested(levels: int) -> Json:
    return {"type": "string"} if levels == 0 else {"type": "object", "properties": {"a": nested(levels - 1)}}


WRAPPED = {"type": "object", "properties": {}}
FAULTS: list[tuple[Json, str]] = [
    ("{", "line 1, column 2"),
    ('{"type": "object", "type": "array"}', '"type" stands twice'),
    ('{"type": "object", "maximum": NaN}', "NaN"),
    ('{"type": "object", "maximum": 1e999}', "out of range"),
    ("[" * 30_000 + "]" * 30_000, "nested too deep"),
    ('{"title": "\\ud800"}', "Unicode"),
    ("{}" + " " * 70_000, "larger than"),
    ({"properties": {"a": object()}}, "not made of JSON"),
    ([], "empty"),
    ([1], "malformed at /0: a field is an object"),
    ([{"type": "string"}], '/0: the key "field" is missing'),
    ([{"field": "a", "type": "string"}, {"field": "a", "type": "float"}], "/1/field: "),
    ([{"field": "a", "type": "flaot"}], '/0/type: unknown type "flaot", did you mean "float"?'),
    ([{"field": "a", "type": "string", "exmaple": "x"}], 'did you mean "example"?'),
    ([{"field": "a", "type": "integer", "example": True}], "/0/example: "),
    ([{"field": "a", "type": "date", "example": "soon"}], "/0/example: "),
    ([{"field": " ", "type": "string"}], "/0/field: "),
    ([{"field": "a", "type": "string", "hint": 3}], "/0/hint: "),
    ({"type": "string"}, "/type: the root is an object"),
    ({"type": "object"}, "without properties"),
    ({"type": "null"}, "nothing but null"),
    (
        {"type": "object", "properties": {"a/b": {"type": "strnig"}}},
        '/properties/a~1b/type: unknown type "strnig"',
    ),
    ({"type": "object", "properties": {"a": {"minimum": "x"}}}, "/properties/a/minimum: "),
    ({"type": "object", "properties": {"a": {"pattern": "("}}}, "/properties/a/pattern: "),
    ({"type": "object", "properties": {"a": {"pattern": "a" * 300}}}, "longer than 256"),
    ({"type": "object", "properties": {"a": {"anyOf": [{}] * 9}}}, "more than 8"),
    ({"type": "object", "properties": {"a": {"$ref": "http://example.com/x"}}}, "/properties/a/$ref: "),
    ({"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}}, "there is no #/$defs/b"),
    ({"type": "object", "properties": {"a": {"$ref": "#/properties/a"}}}, "refers to itself"),
    ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "a $ref leads back"),
    ({"type": "object", "properties": {"a": {"$dynamicRef": "#x"}}}, "not supported"),
    ({"type": "object", "properties": {"a": {"$id": "x"}}}, "nested $id"),
    ({"type": "object", "properties": {"a": False}}, "allows no value"),
    ({"type": "array", "prefixItems": [{}]}, "prefixItems is not supported"),
    (nested(14), "deeper than 12"),
    ({"type": "object", "properties": {f"p{place}": {} for place in range(600)}}, "more than 500 nodes"),
    (
        {
            "$defs": {
                f"d{n}": {"properties": {k: {"$ref": f"#/$defs/d{n + 1}"} for k in "abcdef"}}
                for n in range(9)
            }
            | {"d9": {}},
            "$ref": "#/$defs/d0",
        },
        "more than 500 nodes",
    ),
]


@pytest.mark.parametrize(("source", "sentence"), FAULTS)
def test_a_malformed_schema_is_refused_with_the_path_of_the_fault(source: Json, sentence: str) -> None:
    with pytest.raises(SchemaError) as caught:
        load_schema(source)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        ("prodct", "known: article, job-posting"),
        ("missing/none.json", "cannot be read"),
        (".", "cannot be read"),
    ],
)
def test_a_schema_that_is_not_there_is_a_usage_mistake(source: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(UsageMistake, match=sentence):
        load_schema(source if source != "." else f"{tmp_path}/", tmp_path)


FLAT_TYPES = st.sampled_from(
    ["string", "integer", "float", "boolean", "date", "array<string>", "array<float>"]
)
NAMES_OF_FIELDS = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20).filter(str.strip)
FLAT = st.lists(
    st.fixed_dictionaries({"field": NAMES_OF_FIELDS, "type": FLAT_TYPES}),
    min_size=1,
    max_size=8,
    unique_by=lambda entry: entry["field"],
)
LEAVES = st.sampled_from(
    [
        {"type": "string"},
        {"type": ["null", "integer"]},
        {"enum": ["a", "b"]},
        {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
        {"type": "url"},
        {"$ref": "#/$defs/leaf"},
    ]
)
NODES: st.SearchStrategy[Json] = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda node: {"type": "array", "items": node}, inner),
        st.builds(
            lambda properties: {"type": "object", "properties": properties},
            st.dictionaries(NAMES_OF_FIELDS, inner, min_size=1, max_size=3),
        ),
    ),
    max_leaves=8,
)


@given(FLAT)
def test_any_flat_list_becomes_its_own_json_schema(entries: list[dict[str, str]]) -> None:
    schema = load_schema([*entries])
    assert [field.name for field in schema.root.properties] == [entry["field"] for entry in entries]
    assert load_schema(schema.document).root == schema.root


@given(st.dictionaries(NAMES_OF_FIELDS, NODES, min_size=1, max_size=4))
def test_any_json_schema_loads_and_accepts_nulls(properties: dict[str, Json]) -> None:
    schema = load_schema({"type": "object", "properties": properties, "$defs": {"leaf": {"type": "number"}}})
    assert isinstance(schema, Schema)
    assert [field.name for field in schema.root.properties] == list(properties)
    assert Validator(schema).check(dict.fromkeys(properties)) == []
