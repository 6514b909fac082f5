"""The JSON Schema form of a schema, read into the field tree."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import cast

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.schema.limits import as_dict, as_list, check_document
from runo_spiders.schema.model import Field, Schema, Type, escape, unescape

MOST_NODES = 500
DEEPEST = 12


def read_json_schema(source: Mapping[str, Json]) -> Schema:
    """The schema of a JSON Schema document. Raises `SchemaError` with the path of the first fault.

    Besides JSON Schema's own types, `url`, `date`, `datetime` and `email` are understood. The root is
    an object (one record a page) or an array (many). Nothing outside the document is ever fetched.
    """
    document = copy.deepcopy(dict(source))
    check_document(document)
    return Schema(_Builder(document).root(), document)


class _Builder:
    """Reads the field tree; references are followed, each node counted."""

    def __init__(self, document: dict[str, Json]) -> None:
        self._document = document
        self._nodes = 0

    def root(self) -> Field:
        field = self._field("", "", self._document, 0, False)
        if field.is_leaf:
            raise SchemaError("/type", "the root is an object (one record) or an array (many records)")
        return field

    def _field(self, name: str, path: str, node: Json, depth: int, required: bool) -> Field:
        self._count(path, depth)
        shape = self._shape(path, node, ())
        kind = _type_of(path, shape)
        return Field(
            name=name,
            type=kind,
            hint=str(shape.get("description") or shape.get("title") or ""),
            example=_example(shape),
            format=shape.get("format"),
            enum=tuple([shape["const"]] if "const" in shape else shape.get("enum", ())),
            required=required,
            properties=self._properties(path, shape, depth) if kind == "object" else (),
            items=self._field(name, f"{path}/items", shape.get("items", {}), depth + 1, False)
            if kind == "array"
            else None,
        )

    def _count(self, path: str, depth: int) -> None:
        self._nodes += 1
        if depth > DEEPEST:
            raise SchemaError(path, f"it is nested deeper than {DEEPEST} levels, or a $ref leads back")
        if self._nodes > MOST_NODES:
            raise SchemaError(path, f"the schema has more than {MOST_NODES} nodes")

    def _properties(self, path: str, shape: Mapping[str, Json], depth: int) -> tuple[Field, ...]:
        required = as_list(shape.get("required"))
        properties = as_dict(shape.get("properties"))
        if not properties:
            raise SchemaError(path, "an object without properties has nothing to look for")
        return tuple(
            self._field(name, f"{path}/properties/{escape(name)}", child, depth + 1, name in required)
            for name, child in properties.items()
        )

    def _shape(self, path: str, node: Json, followed: tuple[str, ...]) -> dict[str, Json]:
        """Keywords that hold at a node: its own, before those of what it refers to, combines or chooses."""
        if node is False:
            raise SchemaError(path, "false allows no value")
        if not isinstance(node, dict):
            return {}
        shape: dict[str, Json] = {}
        if "$ref" in node:
            shape = _merged(shape, self._referred(path, node["$ref"], followed))
        for place, part in enumerate(node.get("allOf", ())):
            shape = _merged(shape, self._shape(f"{path}/allOf/{place}", part, followed))
        for key in ("anyOf", "oneOf"):
            if key in node:
                shape = _merged(shape, self._choice(f"{path}/{key}", node[key], followed))
        return _merged(shape, node)

    def _referred(self, path: str, reference: str, followed: tuple[str, ...]) -> dict[str, Json]:
        if reference in followed:
            raise SchemaError(f"{path}/$ref", f"{reference[:80]} refers to itself")
        return self._shape(path, self._target(path, reference), (*followed, reference))

    def _target(self, path: str, reference: str) -> Json:
        node: Json = self._document
        for token in reference.split("/")[1:]:
            children = dict(enumerate(node)) if isinstance(node, list) else as_dict(node)
            key: Json = int(token) if isinstance(node, list) and token.isdigit() else unescape(token)
            if key not in children:
                raise SchemaError(f"{path}/$ref", f"there is no {reference[:80]} in the document")
            node = children[key]
        return node

    def _choice(self, path: str, choices: list[Json], followed: tuple[str, ...]) -> dict[str, Json]:
        """The first alternative that is not null; enumerations of scalars are joined."""
        shapes = [self._shape(f"{path}/{place}", choice, followed) for place, choice in enumerate(choices)]
        real = [shape for shape in shapes if not _only_null(shape)]
        if not real:
            return {"type": "null"}
        members = [member for shape in real for member in _members(shape)]
        if len(real) == 1 or not all(_members(shape) for shape in real):
            return real[0]
        return {**{key: value for key, value in real[0].items() if key != "const"}, "enum": members}


def _merged(first: Mapping[str, Json], second: Mapping[str, Json]) -> dict[str, Json]:
    """The keywords of both; the second wins, but properties and required names are joined."""
    merged = {**first, **second}
    if "properties" in first and "properties" in second:
        merged["properties"] = {**first["properties"], **second["properties"]}
    if "required" in first and "required" in second:
        merged["required"] = [*first["required"], *second["required"]]
    return merged


def _members(shape: Mapping[str, Json]) -> list[Json]:
    return [shape["const"]] if "const" in shape else list(shape.get("enum", ()))


def _only_null(shape: Mapping[str, Json]) -> bool:
    return shape.get("type") in ("null", ["null"]) or _members(shape) == [None]


def _type_of(path: str, shape: Mapping[str, Json]) -> Type:
    types = shape.get("type")
    named = [types] if isinstance(types, str) else as_list(types)
    kinds = [name for name in named if name != "null"] or ([] if named else [_guessed(shape)])
    if not kinds:
        raise SchemaError(f"{path}/type", "it allows nothing but null")
    return cast(Type, kinds[0])


def _guessed(shape: Mapping[str, Json]) -> str:
    """The type that a node without one must mean."""
    if "properties" in shape:
        return "object"
    if "items" in shape:
        return "array"
    member = next((member for member in _members(shape) if member is not None), "")
    return {bool: "boolean", int: "integer", float: "number"}.get(type(member), "string")


def _example(shape: Mapping[str, Json]) -> Json:
    examples = shape.get("examples")
    if isinstance(examples, list) and examples:
        return examples[0]
    return shape.get("example", shape.get("default"))
