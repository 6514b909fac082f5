"""The conjunction of two schemas that have neither references nor alternatives: what `allOf` means."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from runo_spiders.items import Json

Flat: TypeAlias = dict[str, Json]
"""The keywords that hold at one node. `type` is a list, `const` an `enum`; `$ref`, `anyOf` and `oneOf` are
written out; `allOf` holds only what could not be merged. What lies below is as the client wrote it."""


def both(first: Flat, second: Flat) -> Flat | None:
    """The schema of what fits both, or None if nothing does."""
    merged = first | {key: value for key, value in second.items() if key not in first}
    leftover: Flat = {}
    for key in first.keys() & second.keys() - _STRUCTURE:
        if key in _RULES:
            merged[key] = _RULES[key](first[key], second[key])
        elif first[key] != second[key]:
            leftover[key] = second[key]
    if leftover:
        merged["allOf"] = [*merged.get("allOf", ()), leftover]
    merged |= _properties(first, second) | _items(first, second)
    return None if merged.get("type") == [] or merged.get("enum") == [] else merged


def joint(first: Json, second: Json) -> Json:
    """The schema of what fits both of two schemas that are not read yet."""
    if first is False or second is False:
        return False
    if first is True or first == second:
        return second
    return first if second is True else {"allOf": [first, second]}


def _properties(first: Flat, second: Flat) -> Flat:
    names = [*first.get("properties", ()), *second.get("properties", ())]
    merged = {name: joint(_property(first, name), _property(second, name)) for name in dict.fromkeys(names)}
    return ({"properties": merged} if merged else {}) | _remaining("additionalProperties", first, second)


def _property(flat: Flat, name: str) -> Json:
    return flat.get("properties", {}).get(name, flat.get("additionalProperties", True))


def _items(first: Flat, second: Flat) -> Flat:
    places = range(max(len(flat.get("prefixItems", ())) for flat in (first, second)))
    merged = [joint(_item(first, place), _item(second, place)) for place in places]
    return ({"prefixItems": merged} if merged else {}) | _remaining("items", first, second)


def _item(flat: Flat, place: int) -> Json:
    prefix = flat.get("prefixItems", ())
    return prefix[place] if place < len(prefix) else flat.get("items", True)


def _remaining(key: str, first: Flat, second: Flat) -> Flat:
    """The schema of all that has no schema of its own; a node that is silent about it allows anything."""
    if key not in first and key not in second:
        return {}
    return {key: joint(first.get(key, True), second.get(key, True))}


def _types(first: list[str], second: list[str]) -> list[str]:
    wide = [{*names, "integer"} if "number" in names else {*names} for names in (first, second)]
    return [name for name in dict.fromkeys([*first, *second]) if name in wide[0] and name in wide[1]]


def _members(first: list[Json], second: list[Json]) -> list[Json]:
    return [member for member in first if any(_equal(member, other) for other in second)]


def _equal(first: Json, second: Json) -> bool:
    """JSON's equality: true is not 1."""
    return bool(first == second) and isinstance(first, bool) == isinstance(second, bool)


def _texts(first: str, second: str) -> str:
    return first if second in first else f"{first} {second}"


def _union(first: list[Json], second: list[Json]) -> list[Json]:
    return [*first, *(value for value in second if value not in first)]


_RULES: Mapping[str, Callable[[Json, Json], Json]] = {
    "type": _types,
    "enum": _members,
    "description": _texts,
    "required": _union,
    "examples": _union,
    "allOf": _union,
    "propertyNames": joint,
    "uniqueItems": lambda first, second: first or second,
    **dict.fromkeys(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"), max),
    **dict.fromkeys(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"), min),
}
_STRUCTURE = {"properties", "additionalProperties", "prefixItems", "items"}
