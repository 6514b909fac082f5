"""OpenAI's rules for strict structured outputs, written down from its guide and apart from our compiler."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from runo_spiders.items import Json

MOST_PROPERTIES = 5_000
MOST_LEVELS = 10
MOST_CHARACTERS = 120_000
MOST_ENUM_VALUES = 1_000
MANY_ENUM_VALUES = 250
MOST_CHARACTERS_OF_MANY = 15_000

TYPES: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "null": type(None),
    "object": dict,
    "array": list,
}
FORMATS = {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
KEYWORDS = {
    "string": {"pattern", "format"},
    "number": {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"},
    "array": {"items", "minItems", "maxItems"},
    "object": {"properties", "required", "additionalProperties"},
}
KEYWORDS["integer"] = KEYWORDS["number"]
ANYWHERE = {"type", "description", "enum"}


def strict_faults(schema: Json) -> list[str]:
    """What keeps a schema from being a valid strict one, each fault with its place; empty if all is well."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        return ["$: the root is no object"]
    faults = list(_node_faults("$", schema))
    return faults or list(_limit_faults(schema))


def _node_faults(place: str, node: Json) -> Iterator[str]:
    if not isinstance(node, dict):
        yield f"{place}: no schema"
    elif "anyOf" in node:
        yield from _choice_faults(place, node)
    elif "type" not in node:
        yield f"{place}: neither type nor anyOf"
    else:
        yield from _typed_faults(place, node)


def _choice_faults(place: str, node: Json) -> Iterator[str]:
    yield from (f"{place}: {key} beside anyOf" for key in node.keys() - {"anyOf", "description"})
    if not isinstance(node["anyOf"], list) or not node["anyOf"]:
        yield f"{place}: anyOf is no list of schemas"
        return
    for number, choice in enumerate(node["anyOf"]):
        yield from _node_faults(f"{place}.anyOf[{number}]", choice)


def _typed_faults(place: str, node: Json) -> Iterator[str]:
    types = [node["type"]] if isinstance(node["type"], str) else node["type"]
    if not isinstance(types, list) or not types or any(name not in TYPES for name in types):
        yield f"{place}: the type is {node['type']!r}"
        return
    allowed = ANYWHERE.union(*(KEYWORDS.get(name, set()) for name in types))
    yield from (f"{place}: {key} is not allowed" for key in node.keys() - allowed)
    if node.get("format", "date") not in FORMATS:
        yield f"{place}: the format is {node['format']!r}"
    if "enum" in node:
        yield from _enum_faults(place, node["enum"], types)
    if "object" in types:
        yield from _object_faults(place, node)
    if "array" in types:
        yield from _node_faults(f"{place}.items", node.get("items"))


def _enum_faults(place: str, members: Json, types: list[str]) -> Iterator[str]:
    if not isinstance(members, list) or not members:
        yield f"{place}: the enum has no members"
        return
    for member in members:
        if not any(_is_of(member, name) for name in types):
            yield f"{place}: the member {member!r} is none of {types}"
    if len({repr(member) for member in members}) < len(members):
        yield f"{place}: the enum repeats a member"
    length = sum(len(member) for member in members if isinstance(member, str))
    if len(members) > MANY_ENUM_VALUES and length > MOST_CHARACTERS_OF_MANY:
        yield f"{place}: the enum has {len(members)} members of {length} characters"


def _is_of(value: Json, name: str) -> bool:
    if isinstance(value, bool):
        return name == "boolean"
    return isinstance(value, TYPES[name])


def _object_faults(place: str, node: Json) -> Iterator[str]:
    properties = node.get("properties")
    if not isinstance(properties, dict):
        yield f"{place}: the object has no properties"
        return
    if node.get("additionalProperties") is not False:
        yield f"{place}: additionalProperties is not false"
    if sorted(node.get("required", ())) != sorted(properties):
        yield f"{place}: required is not all of the properties"
    for name, child in properties.items():
        yield from _node_faults(f"{place}.{name}", child)


def _limit_faults(schema: Json) -> Iterator[str]:
    nodes = list(_nodes(schema, 0))
    names = [name for node, _ in nodes for name in node.get("properties", ())]
    members = [member for node, _ in nodes for member in node.get("enum", ())]
    characters = sum(map(len, names)) + sum(len(member) for member in members if isinstance(member, str))
    measured = {
        "properties": (len(names), MOST_PROPERTIES),
        "levels": (max(level for _, level in nodes), MOST_LEVELS),
        "characters of names and enums": (characters, MOST_CHARACTERS),
        "enum values": (len(members), MOST_ENUM_VALUES),
    }
    yield from (f"$: {many} {what}, over {most}" for what, (many, most) in measured.items() if many > most)


def _nodes(node: Json, level: int) -> Iterator[tuple[Json, int]]:
    """Each schema with its level: how many objects and arrays it is in, itself counted."""
    level += "properties" in node or "items" in node
    yield node, level
    children = [*node.get("anyOf", ()), *node.get("properties", {}).values()]
    for child in children + ([node["items"]] if "items" in node else []):
        yield from _nodes(child, level)
