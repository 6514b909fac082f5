"""The forms that a value takes in a strict schema, each with its way back to the client's own form."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TypeAlias

from runo_spiders.items import Json
from runo_spiders.schema.conformity import misfits

Decode: TypeAlias = Callable[[Json], Json]


@dataclass(frozen=True, slots=True)
class Compiled:
    """A schema in OpenAI's strict subset, and what turns an answer in it into the client's own form.

    `decode` takes whatever a model may say: where an endpoint did not keep to the schema, the value stays as
    it is, for a validator to judge. It never raises. `written_as` names the form of a value that is not
    written as the JSON type that it is.
    """

    schema: Json
    decode: Decode
    written_as: str = ""


def leaf(schema: Json) -> Compiled:
    """A value that is written alike in both forms."""
    return Compiled(schema, _same)


def json_text(kind: str) -> Compiled:
    """A JSON `value` or `object` of any form, as its text: the strict subset has no schema for it."""
    description = f"(any JSON {kind}, written as JSON text)"
    return Compiled({"type": "string", "description": description}, _from_json_text, "json")


def labelled(members: Sequence[Json]) -> Compiled:
    """One of several values of which some are objects or arrays: each stands as its JSON text."""
    by_label = {json.dumps(member, ensure_ascii=False): member for member in members}
    return Compiled({"type": "string", "enum": list(by_label)}, partial(_labelled, by_label), "json")


def record(properties: Mapping[str, Compiled], optional: frozenset[str]) -> Compiled:
    """An object with named properties; the optional ones are nullable, and a null is dropped again."""
    shown = {name: nullable(form) if name in optional else form for name, form in properties.items()}
    return Compiled(_closed(shown), partial(_record, shown, optional))


def open_record(properties: Mapping[str, Compiled], optional: frozenset[str], others: Compiled) -> Compiled:
    """A record that may have more entries than those that are named; `others` is a form of `entries`."""
    name = _unused("other_entries", properties)
    named = record({**properties, name: others}, optional)
    return Compiled(named.schema, partial(_open_record, named.decode, name))


def entries(key: Compiled, value: Compiled) -> Compiled:
    """An object whose property names are not known beforehand: a list of its keys and values."""
    entry = _closed({"key": key, "value": value})
    return Compiled({"type": "array", "items": entry}, partial(_entries, value.decode), "entries")


def listing(items: Compiled) -> Compiled:
    """An array whose items have one form."""
    return Compiled({"type": "array", "items": items.schema}, partial(_listing, items.decode))


def positions(forms: Sequence[Compiled], more: Compiled | None) -> Compiled:
    """An array whose items have each their own form and are all there, as an object.

    `more` is the form of a list of all further items.
    """
    named = {f"item_{place}": form for place, form in enumerate(forms, 1)}
    shown = named if more is None else {**named, "further_items": more}
    return Compiled(_closed(shown), partial(_positions, named, more), "places")


def choice(forms: Sequence[Compiled]) -> Compiled:
    """A value in one of several forms; one that is not written as what it is stands in an object of its own,
    lest a JSON text be taken for a string and an object's entries for an array."""
    apart = [wrapped(form.written_as, form) if form.written_as else form for form in forms]
    return Compiled({"anyOf": [form.schema for form in apart]}, partial(_choice, apart))


def wrapped(name: str, form: Compiled) -> Compiled:
    """A value as the only property of an object."""
    return Compiled(_closed({name: form}), partial(_wrapped, name, form.decode))


def nullable(form: Compiled) -> Compiled:
    """A form that takes null besides."""
    schema = dict(form.schema)
    if "anyOf" in schema:
        schema["anyOf"] = [*(each for each in schema["anyOf"] if each != _NULL), _NULL]
        return replace(form, schema=schema)
    types = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    schema["type"] = list(dict.fromkeys([*types, "null"]))
    if "enum" in schema:
        schema["enum"] = [*(member for member in schema["enum"] if member is not None), None]
    return replace(form, schema=schema)


def described(form: Compiled, description: str) -> Compiled:
    """The form with a description before the one that it may have."""
    sentences = [text for text in (description, form.schema.get("description", "")) if text]
    if not sentences:
        return form
    return replace(form, schema={**form.schema, "description": " ".join(sentences)})


_NULL: Json = {"type": "null"}


def _closed(properties: Mapping[str, Compiled]) -> Json:
    return {
        "type": "object",
        "properties": {name: form.schema for name, form in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _unused(name: str, names: Mapping[str, Compiled]) -> str:
    numbered = (name if number == 1 else f"{name}_{number}" for number in count(1))
    return next(free for free in numbered if free not in names)


def _same(value: Json) -> Json:
    return value


def _from_json_text(value: Json) -> Json:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value, parse_constant=_refused)
    except (ValueError, RecursionError):
        return value


def _refused(constant: str) -> Json:
    raise ValueError(f"{constant} is no JSON")


def _labelled(by_label: Mapping[str, Json], value: Json) -> Json:
    return by_label.get(value, value) if isinstance(value, str) else value


def _record(forms: Mapping[str, Compiled], optional: frozenset[str], value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    return {
        name: form.decode(value[name])
        for name, form in forms.items()
        if name in value and not (value[name] is None and name in optional)
    }


def _open_record(named: Decode, name: str, value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    known = named(value)
    others = known.pop(name, None)
    return {**others, **known} if isinstance(others, dict) else known


def _entries(decode: Decode, value: Json) -> Json:
    if isinstance(value, dict):
        return {key: decode(child) for key, child in value.items()}
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        return value
    told = {entry["key"]: entry.get("value") for entry in value if isinstance(entry.get("key"), str)}
    return {key: decode(child) for key, child in told.items()}


def _listing(decode: Decode, value: Json) -> Json:
    return [decode(item) for item in value] if isinstance(value, list) else value


def _positions(forms: Mapping[str, Compiled], more: Compiled | None, value: Json) -> Json:
    if not isinstance(value, dict):
        return value
    further = value.get("further_items") if more is not None else None
    items = [form.decode(value.get(name)) for name, form in forms.items()]
    return [*items, *more.decode(further)] if more is not None and isinstance(further, list) else items


def _choice(forms: Sequence[Compiled], value: Json) -> Json:
    return next((form.decode(value) for form in forms if not misfits(form.schema, value)), value)


def _wrapped(name: str, decode: Decode, value: Json) -> Json:
    inside = isinstance(value, dict) and name in value
    return decode(value[name] if inside else value)
