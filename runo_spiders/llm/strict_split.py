"""Cuts an over-wide record in two by its properties, inner records too, so that each part can be asked."""

from __future__ import annotations

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.llm.strict_limits import Weight, named, weigh
from runo_spiders.llm.strict_merge import Flat
from runo_spiders.llm.strict_nodes import Nodes
from runo_spiders.schema.model import escape


def cut(nodes: Nodes, node: Json, schema: Json) -> tuple[Flat, Flat]:
    """A schema of as many properties as fit, and one of the others; `schema` is the strict form of `node`.

    Raises `SchemaError` where a value cannot be cut: an array, or a choice among several objects.
    """
    return _cut(nodes, "", node, schema, Weight())


def _cut(nodes: Nodes, path: str, node: Json, schema: Json, taken: Weight) -> tuple[Flat, Flat]:
    """The same for a node within a part that already weighs `taken`."""
    record = _record(nodes, path, node, schema)
    weights = {name: _weight(schema, name) for name in record["properties"]}
    large = next((name for name, weight in weights.items() if weight.fault), None)
    if large is not None:
        return _cut_through(nodes, path, record, schema, taken, large)
    fitting: list[str] = []
    for name, weight in weights.items():
        taken += weight
        if taken.fault:
            break
        fitting.append(name)
    if not fitting:
        raise SchemaError(path, "its names alone are too many to be asked")
    return _part(record, {name: record["properties"][name] for name in fitting}), _rest(record, fitting)


def _cut_through(
    nodes: Nodes, path: str, record: Flat, schema: Json, taken: Weight, name: str
) -> tuple[Flat, Flat]:
    """The cut goes through the property that alone is too large; all others are left for the rest."""
    child, strict = record["properties"][name], schema["properties"][name]
    place = f"{path}/properties/{escape(name)}"
    head, tail = _cut(nodes, place, child, strict, taken + named(name))
    others = {**record["properties"], name: tail}
    return _part(record, {name: head}), {**record, "properties": others}


def _weight(schema: Json, name: str) -> Weight:
    if name not in schema["properties"]:
        return Weight()
    return named(name) + weigh(schema["properties"][name])


def _record(nodes: Nodes, path: str, node: Json, schema: Json) -> Flat:
    """The node as the one record that it is; what it requires without naming it is named."""
    flats = [flat for flat in nodes.alternatives(path, node) if flat.get("type") != ["null"]]
    if len(flats) != 1 or not flats[0].get("properties") or "properties" not in schema:
        raise SchemaError(path, f"{weigh(schema).fault}, and cannot be split")
    nulls = ["null"] if "null" in schema["type"] else []
    return {**flats[0], "type": ["object", *nulls]}


def _part(record: Flat, properties: dict[str, Json]) -> Flat:
    required = [name for name in record.get("required", ()) if name in properties]
    return {**record, "properties": properties, "required": required, "additionalProperties": False}


def _rest(record: Flat, taken: list[str]) -> Flat:
    properties = {name: child for name, child in record["properties"].items() if name not in taken}
    required = [name for name in record.get("required", ()) if name not in taken]
    return {**record, "properties": properties, "required": required}
