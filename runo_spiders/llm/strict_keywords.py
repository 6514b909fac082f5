"""Which keywords the strict subset has; the others are told to the model in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from runo_spiders.items import Json
from runo_spiders.llm.strict_merge import Flat

FORMATS = frozenset(["date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"])
"""The formats of the strict subset."""

_NUMBER = frozenset(["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"])
_OF_KIND: Mapping[str, frozenset[str]] = {
    "object": frozenset(
        [
            "properties",
            "required",
            "additionalProperties",
            "propertyNames",
            "minProperties",
            "maxProperties",
            "dependentRequired",
            "dependentSchemas",
            "unevaluatedProperties",
        ]
    ),
    "array": frozenset(["items", "prefixItems", "minItems", "maxItems", "uniqueItems", "unevaluatedItems"]),
    "string": frozenset(
        [
            "minLength",
            "maxLength",
            "pattern",
            "format",
            "contentEncoding",
            "contentMediaType",
            "contentSchema",
        ]
    ),
    "number": _NUMBER,
    "integer": _NUMBER,
}
_OF_ANY_KIND = frozenset[str]().union(*_OF_KIND.values())
_OBJECTS_IN_THE_FORM = frozenset(["properties", "required", "additionalProperties"])
_ARRAYS_IN_THE_FORM = frozenset(["items", "prefixItems", "minItems", "maxItems"])
_IN_THE_FORM = frozenset(["type", "enum", "description"]) | _OBJECTS_IN_THE_FORM | _ARRAYS_IN_THE_FORM
# Look-around, back-references, word borders, Unicode classes: not every endpoint's grammar knows them.
_DIFFICULT = re.compile(r"\(\?(?!:)|\\(?![dDwWsSnrt])\w")


def kinds_of(flat: Flat) -> list[str]:
    """The types of JSON that a node is about, null left out; `any` for a node that says nothing of it."""
    if "type" in flat:
        wide = "number" in flat["type"]
        return [name for name in flat["type"] if name != "null" and not (wide and name == "integer")]
    return next(([kind] for kind, keys in _OF_KIND.items() if keys & flat.keys()), ["any"])


def leaf_keywords(kind: str, flat: Flat) -> Flat:
    """Those keywords of a string, number or boolean that the strict subset has too."""
    keys = (_OF_KIND.get(kind, frozenset()) & flat.keys()) - {"minLength", "maxLength"}
    return {key: flat[key] for key in sorted(keys) if _is_strict(key, flat[key])}


def told_of_kind(kind: str, flat: Flat, schema: Json) -> Flat:
    """The keywords about values of one type that neither a strict schema nor its form shows."""
    told = (_OF_KIND.get(kind, frozenset()) & flat.keys()) - _IN_THE_FORM - schema.keys()
    return {key: flat[key] for key in flat if key in told}


def told_of_any(flat: Flat) -> Flat:
    """The keywords about values of any type that a strict schema cannot show."""
    return {key: value for key, value in flat.items() if key not in _OF_ANY_KIND | _IN_THE_FORM}


def sentence(told: Mapping[str, Json]) -> str:
    """Keywords as a remark: `(minLength 3; uniqueItems true)`."""
    said = "; ".join(f"{key} {json.dumps(value, ensure_ascii=False)}" for key, value in told.items())
    return f"({said})" if said else ""


def _is_strict(key: str, value: Json) -> bool:
    if key == "format":
        return value in FORMATS
    return not key.startswith("content") and not (key == "pattern" and _DIFFICULT.search(value))
