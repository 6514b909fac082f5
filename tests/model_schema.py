"""What the stand-in model sees in a schema that it is asked to fill."""

from __future__ import annotations

from typing import Any

Json = Any

WRAPPER = {"value", "quote"}
"""The properties of a value that comes with the words that it rests on."""


def variants(schema: Json) -> list[Json]:
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return list(schema[word])
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return [{**schema, "type": kind} for kind in kinds]
    return [schema]


def type_of(schema: Json) -> str:
    kind = schema.get("type")
    if kind is None and "properties" in schema:
        return "object"
    return str(kind or "string")


def nullable(schema: Json) -> bool:
    return any(type_of(variant) == "null" or None in variant.get("enum", ()) for variant in variants(schema))


def is_wrapper(schema: Json) -> bool:
    return set(schema.get("properties", {})) == WRAPPER


def is_record(schema: Json) -> bool:
    return type_of(schema) == "object" and not is_wrapper(schema)


def fits(schema: Json, value: Json) -> bool:
    kind = type_of(schema)
    if isinstance(value, dict | list):
        return kind in ("object", "array")
    if isinstance(value, bool):
        return kind == "boolean" or is_wrapper(schema)
    if isinstance(value, int | float):
        return kind in ("number", "integer") or is_wrapper(schema)
    return kind == "string" or is_wrapper(schema)
