"""Values out of a list: `enum` and `const` in the strict subset."""

from __future__ import annotations

import json

from runo_spiders.items import Json
from runo_spiders.llm.strict_forms import Compiled, described, labelled, leaf
from runo_spiders.llm.strict_keywords import sentence
from runo_spiders.llm.strict_limits import is_long_enum
from runo_spiders.llm.strict_merge import Flat


def takes_null(flat: Flat) -> bool:
    """Whether null fits a node."""
    types = flat.get("type", ["null"] if "enum" in flat else [])
    return "null" in types and None in flat.get("enum", [None])


def enumeration(flat: Flat) -> Compiled | None:
    """The form of a value out of a list, or None if the list has nothing but null."""
    distinct = {json.dumps(member): member for member in flat["enum"]}.values()
    members = [member for member in distinct if member is not None and _is_of(member, flat.get("type"))]
    if not members:
        return None
    if any(isinstance(member, dict | list) for member in members):
        return labelled(members)
    kinds = list(dict.fromkeys(_kind(member) for member in members))
    schema = {"type": kinds[0] if len(kinds) == 1 else kinds}
    if is_long_enum(members):
        return described(leaf(schema), sentence({"enum": members}))
    return leaf(schema | {"enum": members})


def _is_of(member: Json, types: list[str] | None) -> bool:
    kinds = {_kind(member)}
    if kinds <= {"integer", "number"} and member == int(member):
        kinds = {"integer", "number"}
    return types is None or not kinds.isdisjoint(types)


def _kind(value: Json) -> str:
    return _KINDS[type(value)]


_KINDS = {
    str: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    dict: "object",
    list: "array",
}
