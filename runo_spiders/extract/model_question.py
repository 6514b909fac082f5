"""What a model is asked about a page: the open slots as a JSON Schema, compiled once for the pages of a job.

The schema is made from the field tree, so that the answer has just the places that the ladder can fill. A
value that a model concludes and does not copy, a boolean or a member of an enumeration, is asked for together
with the words of the page that it rests on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from runo_spiders.items import Json
from runo_spiders.llm.strict import Compiled, compile_strict
from runo_spiders.page.asked import Asked, asked_by
from runo_spiders.schema.model import Field, Schema, Slot, escape
from runo_spiders.schema.validate import Validator

_BOUNDS = (
    *("pattern", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "minItems", "maxItems", "uniqueItems"),
)
_QUOTE = {"type": "string", "description": "the words of the page that the value rests on, copied exactly"}


@dataclass(frozen=True, slots=True)
class ModelQuestion:
    """The question for some open slots of a schema; `guidance` is what the client said in words.

    `forms` are asked one by one, and their answers joined: a wide schema has several.
    """

    schema: Schema
    open: tuple[Slot, ...]
    guidance: str = ""
    asked: Asked = field(init=False)
    forms: tuple[Compiled, ...] = field(init=False)
    validator: Validator = field(init=False)

    def __post_init__(self) -> None:
        document = asked_schema(self.schema, self.open)
        if self.guidance:
            document = {**document, "description": self.guidance}
        object.__setattr__(self, "asked", asked_by(self.open))
        object.__setattr__(self, "forms", compile_strict(document))
        object.__setattr__(self, "validator", Validator(self.schema))


def asked_schema(schema: Schema, slots: Iterable[Slot]) -> Json:
    """The part of a schema that some of its slots make up, as a JSON Schema."""
    return _part(schema.root, schema.document, "", frozenset(slot.pointer for slot in slots))


def _part(node: Field, document: Json, pointer: str, wanted: frozenset[str]) -> Json:
    """A node with only those of its descendants that are wanted."""
    if node.type != "object" or pointer in wanted:
        return _whole(node, document)
    inner = {
        child.name: _part(child, _child(document, child.name), f"{pointer}/{escape(child.name)}", wanted)
        for child in node.properties
        if _is_wanted(f"{pointer}/{escape(child.name)}", wanted)
    }
    return _object(node, inner)


def _is_wanted(pointer: str, wanted: frozenset[str]) -> bool:
    return any(each == pointer or each.startswith(pointer + "/") for each in wanted)


def _whole(node: Field, document: Json) -> Json:
    """A node as a schema, with the bounds that the client's document gives its value."""
    if node.type == "object":
        inner = {child.name: _whole(child, _child(document, child.name)) for child in node.properties}
        return _object(node, inner)
    if node.items is not None:
        items = document.get("items") if isinstance(document, dict) else None
        return {**_described(node), "type": "array", "items": _whole(node.items, items), **_bounds(document)}
    return _leaf(node, document)


def _object(node: Field, properties: dict[str, Json]) -> Json:
    # What is required of data is not on every page: to demand it of a model is to make it invent.
    return {**_described(node), "type": "object", "properties": properties, "additionalProperties": False}


def _leaf(node: Field, document: Json) -> Json:
    if node.enum:
        members = [member for member in node.enum if member is not None]
        return _with_quote(node, {"enum": members})
    if node.type == "boolean":
        return _with_quote(node, {"type": "boolean"})
    form = {"format": node.format} if node.format else {}
    return {**_described(node), "type": node.type, **form, **_bounds(document)}


def _with_quote(node: Field, value: Json) -> Json:
    return {
        **_described(node),
        "type": "object",
        "properties": {"quote": _QUOTE, "value": value},
        "required": ["quote", "value"],
        "additionalProperties": False,
    }


def _described(node: Field) -> Json:
    """Description and example in words: an example by itself could be taken for the answer."""
    example = "" if node.example is None else f"looks like {json.dumps(node.example, ensure_ascii=False)}"
    told = "; ".join(part for part in (node.hint, example) if part)
    return {"description": told} if told else {}


def _bounds(document: Json) -> Json:
    if not isinstance(document, dict):
        return {}
    return {key: document[key] for key in _BOUNDS if key in document}


def _child(document: Json, name: str) -> Json:
    properties = document.get("properties") if isinstance(document, dict) else None
    return properties.get(name) if isinstance(properties, dict) else None
