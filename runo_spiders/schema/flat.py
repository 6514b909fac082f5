"""The flat form of a schema: a list of fields, each with `field`, `type`, and maybe `example` and `hint`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from difflib import get_close_matches
from typing import cast

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.schema.model import Field, Schema, Type

MOST_FIELDS = 500
LONGEST_NAME = 200

_KEYS = ("field", "type", "example", "hint")
_TYPES: Mapping[str, Json] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "float": {"type": "number"},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "array<string>": {"type": "array", "items": {"type": "string"}},
    "array<integer>": {"type": "array", "items": {"type": "integer"}},
    "array<float>": {"type": "array", "items": {"type": "number"}},
}


def read_fields(entries: list[Json]) -> Schema:
    """The schema of a field list: one flat record. Raises `SchemaError` with the path of the first fault."""
    if not entries:
        raise SchemaError("", "the list of fields is empty")
    if len(entries) > MOST_FIELDS:
        raise SchemaError("", f"it has more than {MOST_FIELDS} fields")
    fields: dict[str, Field] = {}
    for place, entry in enumerate(entries):
        field = _field(entry, f"/{place}")
        if field.name in fields:
            raise SchemaError(f"/{place}/field", f'the field "{field.name}" was named before')
        fields[field.name] = field
    document = _document(cast("list[dict[str, Json]]", entries))
    return Schema(Field("", "object", properties=tuple(fields.values())), document, flat=True)


def suggestion(word: str, known: Iterable[str]) -> str:
    """`, did you mean "float"?` if a known word is near, else nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f', did you mean "{near[0]}"?' if near else ""


def _field(entry: Json, path: str) -> Field:
    if not isinstance(entry, dict):
        raise SchemaError(path, 'a field is an object such as {"field": "price", "type": "float"}')
    for key in entry:
        if key not in _KEYS:
            raise SchemaError(path, f'unknown key "{key[:80]}"{suggestion(key, _KEYS)}')
    name, kind = _text(entry, "field", path), _text(entry, "type", path)
    if not name.strip() or len(name) > LONGEST_NAME:
        raise SchemaError(f"{path}/field", f"a name has 1 to {LONGEST_NAME} characters")
    if kind not in _TYPES:
        raise SchemaError(f"{path}/type", f'unknown type "{kind[:80]}"{suggestion(kind, _TYPES)}')
    hint = _text(entry, "hint", path) if entry.get("hint") is not None else ""
    example = entry.get("example")
    if example is not None and not _fits(example, _TYPES[kind]):
        raise SchemaError(f"{path}/example", f"the example is not of type {kind}")
    return _typed(name, _TYPES[kind], hint, example)


def _text(entry: Mapping[str, Json], key: str, path: str) -> str:
    if key not in entry:
        raise SchemaError(path, f'the key "{key}" is missing')
    if not isinstance(entry[key], str):
        raise SchemaError(f"{path}/{key}", "it has to be a string")
    return str(entry[key])


def _typed(name: str, kind: Json, hint: str, example: Json) -> Field:
    items = _typed(name, kind["items"], "", None) if "items" in kind else None
    return Field(name, cast(Type, kind["type"]), hint, example, kind.get("format"), items=items)


def _fits(example: Json, kind: Json) -> bool:
    if kind.get("format") == "date":
        return isinstance(example, str) and _is_date(example)
    if kind["type"] == "array":
        return isinstance(example, list) and all(_fits(item, kind["items"]) for item in example)
    if isinstance(example, bool):
        return bool(kind["type"] == "boolean")
    return isinstance(example, _PYTHON[kind["type"]])


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


_PYTHON: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}


def _document(entries: list[dict[str, Json]]) -> Json:
    """What the list means in JSON Schema."""
    return {
        "type": "object",
        "properties": {entry["field"]: _described(entry) for entry in entries},
        "additionalProperties": False,
    }


def _described(entry: Mapping[str, Json]) -> Json:
    told = {
        "description": entry.get("hint") or None,
        "examples": None if entry.get("example") is None else [entry["example"]],
    }
    return _TYPES[entry["type"]] | {key: value for key, value in told.items() if value is not None}
