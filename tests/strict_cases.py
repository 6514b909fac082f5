"""Random JSON Schemas, their instances, and how an instance is written in the strict subset.

`plain_schemas` draws schemas that need no reading; `disguised` writes the same schema with `$ref`, `allOf`,
`const` and `oneOf`. `encoded` is written from the table in `runo_spiders.llm.strict`, apart from its code.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runo_spiders.items import Json

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]

NAMES = st.sampled_from(
    ["price", "title", "a/b", "~", "key", "value", "item_1", "other_entries", "json", "$ref"]
)
WORDS = st.text(alphabet='abc "{}0', max_size=6)
NUMBERS = st.floats(-1e6, 1e6).map(lambda number: round(number, 3))
SCALARS = st.one_of(st.booleans(), st.integers(-9, 9), WORDS, st.sampled_from([0.5, -2.25]))
ANYTHING = st.recursive(
    st.none() | SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=4,
)
LEAVES: st.SearchStrategy[Json] = st.one_of(
    st.builds(dict, type=st.just("string")),
    st.builds(dict, type=st.just("string"), pattern=st.just("^[abc]*$"), description=WORDS),
    st.builds(dict, type=st.just("string"), maxLength=st.just(99), title=WORDS),
    st.builds(dict, type=st.just("integer"), minimum=st.integers(-9, 0)),
    st.builds(dict, type=st.just("number"), maximum=st.integers(0, 9)),
    st.builds(dict, type=st.just("boolean")),
    st.just({"type": ["integer", "null"]}),
    st.just({"type": ["string", "null"]}),
    st.just({"type": "null"}),
    st.builds(dict, enum=st.lists(SCALARS | st.none(), min_size=1, max_size=4, unique_by=json.dumps)),
    st.builds(dict, enum=st.lists(ANYTHING, min_size=1, max_size=4, unique_by=json.dumps)),
    st.just({}),
    st.just({"type": "object"}),
)


def _records(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    properties = st.dictionaries(NAMES, inner, min_size=1, max_size=4)
    return properties.flatmap(
        lambda named: st.builds(
            dict,
            type=st.just("object"),
            properties=st.just(named),
            required=st.lists(st.sampled_from(sorted(named)), unique=True),
            additionalProperties=st.sampled_from([False, False, False, {"type": "integer"}, True]),
        )
    )


def _tuples(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, min_size=1, max_size=3).flatmap(
        lambda prefix: st.builds(
            dict,
            type=st.just("array"),
            prefixItems=st.just(prefix),
            items=st.sampled_from([False, {"type": "integer"}]),
            minItems=st.sampled_from([len(prefix), len(prefix), 0]),
        )
    )


_BY_TYPE: tuple[Json, ...] = ({"type": "string"}, {"type": "boolean"}, {"type": "number"})


def _choices(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    """Alternatives of which a value fits one only: by its type, an array, an object or a map."""
    several = st.tuples(
        _records(inner) | st.builds(dict, type=st.just("object"), additionalProperties=inner),
        st.builds(dict, type=st.just("array"), items=inner),
        *map(st.just, _BY_TYPE),
    )
    some = several.flatmap(lambda all_: st.lists(st.sampled_from(all_), min_size=2, max_size=4, unique_by=id))
    return some.flatmap(st.permutations).map(lambda choices: {"anyOf": list(choices)})


def _containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.one_of(
        _records(inner),
        _tuples(inner),
        _choices(inner),
        st.builds(dict, type=st.just("object"), additionalProperties=inner),
        st.builds(dict, type=st.just("array"), items=inner, minItems=st.integers(0, 2)),
        inner.map(lambda schema: {"anyOf": [schema, {"type": "null"}]}),
    )


plain_schemas = st.recursive(LEAVES, _containers, max_leaves=6).flatmap(
    lambda schema: st.just(schema) | _records(st.just(schema) | LEAVES)
)


def is_valid(schema: Json, value: Json) -> bool:
    return Draft202012Validator(schema).is_valid(value)


def instance(draw: Draw, schema: Json) -> Json:
    """A random value that fits a plain schema, or a strict one."""
    if "anyOf" in schema:
        return instance(draw, draw(st.sampled_from(schema["anyOf"])))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    if "type" not in schema:
        return draw(ANYTHING)
    types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    return _INSTANCES[draw(st.sampled_from(types))](draw, schema)


def _string(draw: Draw, schema: Json) -> Json:
    if schema.get("description", "").endswith("(any JSON object, written as JSON text)"):
        return json.dumps(_object(draw, {}))
    return draw(st.text(alphabet="abc", max_size=6) if "pattern" in schema else WORDS)


def _array(draw: Draw, schema: Json) -> Json:
    prefix = schema.get("prefixItems", [])
    many = draw(st.integers(schema.get("minItems", 0), min(schema.get("maxItems", 9), len(prefix) + 3)))
    items = [instance(draw, child) for child in prefix[:many]]
    if schema.get("items") is False:
        return items
    return items + [instance(draw, schema["items"]) for _ in range(many - len(items))]


def _object(draw: Draw, schema: Json) -> Json:
    properties, others = (
        schema.get("properties", {}),
        schema.get("additionalProperties", "properties" not in schema),
    )
    present = [name for name in properties if name in schema.get("required", []) or draw(st.booleans())]
    value = {name: instance(draw, properties[name]) for name in present}
    if others is False:
        return value
    unnamed = draw(st.lists(WORDS.filter(lambda name: name not in properties), max_size=2, unique=True))
    return value | {name: instance(draw, {} if others is True else others) for name in unnamed}


_INSTANCES: dict[str, Callable[[Draw, Json], Json]] = {
    "string": _string,
    "integer": lambda draw, schema: draw(st.integers(schema.get("minimum", -99), schema.get("maximum", 99))),
    "number": lambda draw, schema: draw(
        NUMBERS.map(lambda number: min(number, schema.get("maximum", number)))
    ),
    "boolean": lambda draw, schema: draw(st.booleans()),
    "null": lambda draw, schema: None,
    "array": _array,
    "object": _object,
}


def encoded_root(schema: Json, value: Json) -> Json:
    """The same for the whole document, whose root is always an object."""
    written = encoded(schema, value)
    if (schema.get("type") == "object" and schema.get("properties")) or (
        "prefixItems" in schema and not _is_of_many_lengths(schema)
    ):
        return written
    return {"items" if "prefixItems" not in schema and _is_list(schema) else "value": written}


def _is_list(schema: Json) -> bool:
    return schema.get("type") == "array" or isinstance(schema.get("additionalProperties"), dict)


def encoded(schema: Json, value: Json) -> Json:
    """A value that fits a plain schema, as it is written in the strict subset."""
    if "anyOf" in schema:
        return _encoded_choice(schema["anyOf"], value)
    if value is None and ("enum" in schema or "null" in schema.get("type", ())):
        return None
    if _is_json_text(schema):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, list) and schema.get("type") == "array":
        return (
            _encoded_places(schema, value)
            if "prefixItems" in schema
            else [encoded(schema["items"], item) for item in value]
        )
    return _encoded_object(schema, value) if schema.get("type") == "object" else value


def _is_json_text(schema: Json) -> bool:
    """Whether values stand as JSON texts: there is no form for them, or a list has more than scalars."""
    if "enum" in schema:
        return any(isinstance(member, dict | list) for member in schema["enum"])
    return schema in ({}, {"type": "object"})


def _encoded_choice(choices: list[Json], value: Json) -> Json:
    choice = next(choice for choice in choices if is_valid(choice, value))
    real = [choice for choice in choices if choice != {"type": "null"}]
    written = encoded(choice, value)
    if len(real) == 1 or value is None:
        return written
    if _is_json_text(choice):
        return {"json": written}
    if choice.get("type") == "object" and "properties" not in choice:
        return {"entries": written}
    is_fixed = "prefixItems" in choice and not _is_of_many_lengths(choice)
    return {"places": written} if is_fixed else written


def _encoded_places(schema: Json, value: list[Json]) -> Json:
    prefix = schema["prefixItems"]
    written = [encoded(child, item) for child, item in zip(prefix, value, strict=False)]
    places = {f"item_{place}": item for place, item in enumerate(written, 1)}
    if schema["items"] is not False and len(value) >= len(prefix):
        places["further_items"] = [encoded(schema["items"], item) for item in value[len(prefix) :]]
    return {"places": places} if _is_of_many_lengths(schema) else places


def _is_of_many_lengths(schema: Json) -> bool:
    return "prefixItems" in schema and schema["minItems"] < len(schema["prefixItems"])


def _encoded_object(schema: Json, value: Json) -> Json:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    named = {
        name: encoded(child, value[name]) if name in value else None for name, child in properties.items()
    }
    if others is False:
        return named
    unnamed = [
        {"key": name, "value": encoded({} if others is True else others, child)}
        for name, child in value.items()
        if name not in properties
    ]
    if not properties:
        return unnamed
    return named | {"other_entries_2" if "other_entries" in properties else "other_entries": unnamed}


def without_lost_nulls(schema: Json, value: Json) -> Json:
    """What is left of a value on the way there and back: optional properties that are null are lost."""
    if "anyOf" in schema:
        choice = next(choice for choice in schema["anyOf"] if is_valid(choice, value))
        return without_lost_nulls(choice, value)
    if isinstance(value, dict) and (
        "properties" in schema or isinstance(schema.get("additionalProperties"), dict)
    ):
        return _kept_properties(schema, value)
    if isinstance(value, list) and schema.get("type") == "array":
        return _kept_items(schema, value)
    return value


def _kept_properties(schema: Json, value: Json) -> Json:
    properties, others = schema.get("properties", {}), schema.get("additionalProperties")
    unnamed = others if isinstance(others, dict) else {}
    return {
        name: without_lost_nulls(properties.get(name, unnamed), child)
        for name, child in value.items()
        if name not in properties
        or name in schema["required"]
        or encoded(properties[name], child) is not None
    }


def _kept_items(schema: Json, value: list[Json]) -> list[Json]:
    schemas = [*schema.get("prefixItems", []), *[schema["items"]] * len(value)]
    return [without_lost_nulls(child, item) for child, item in zip(schemas, value, strict=False)]


def disguised(draw: Draw, schema: Json) -> Json:
    """The same schema as a document with references, conjunctions and other words for the same."""
    definitions: dict[str, Json] = {}
    root = _disguised(draw, schema, definitions)
    return {"$defs": definitions, **root}


def _disguised(draw: Draw, schema: Json, definitions: dict[str, Json]) -> Json:
    plain = {key: _disguised_part(draw, key, child, definitions) for key, child in schema.items()}
    way = draw(st.sampled_from(["plain", "plain", "ref", "allOf", "synonym"]))
    if way == "ref":
        name = f"d/{len(definitions)}"
        definitions[name] = plain
        return {"$ref": f"#/$defs/d~1{name[2:]}", "description": "as defined"}
    if way == "allOf":
        return _conjunction(plain)
    if way == "synonym":
        return {"oneOf": plain["anyOf"]} if _is_exclusive(schema) else _synonym(plain)
    return plain


def _disguised_part(draw: Draw, key: str, child: Json, definitions: dict[str, Json]) -> Json:
    if key in ("anyOf", "prefixItems"):
        return [_disguised(draw, each, definitions) for each in child]
    if key == "properties":
        return {name: _disguised(draw, each, definitions) for name, each in child.items()}
    if key in ("items", "additionalProperties") and isinstance(child, dict):
        return _disguised(draw, child, definitions)
    return child


def _conjunction(schema: Json) -> Json:
    """The keywords apart; the properties are named once more, as a closed object needs it."""
    apart = [{key: value} for key, value in schema.items() if key not in ("additionalProperties", "items")]
    together = {key: schema[key] for key in ("additionalProperties", "items") if key in schema}
    if "properties" in schema:
        together["properties"] = dict.fromkeys(schema["properties"], True)
    if "prefixItems" in schema:
        together["prefixItems"] = [{} for _ in schema["prefixItems"]]
    return {"allOf": [*apart, together]}


def _is_exclusive(schema: Json) -> bool:
    """Whether a schema is a choice of which no two alternatives fit."""
    return "anyOf" in schema and {"type": "null"} not in schema["anyOf"]


def _synonym(schema: Json) -> Json:
    if len(schema.get("enum", ())) == 1:
        return {**{key: value for key, value in schema.items() if key != "enum"}, "const": schema["enum"][0]}
    return {"anyOf": [schema]}
