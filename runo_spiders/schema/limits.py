"""What a JSON Schema document may hold: draft 2020-12, nothing outside the document, bounded in every way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import SchemaError as MetaschemaError

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.schema.flat import suggestion
from runo_spiders.schema.model import escape
from runo_spiders.schema.patterns import LONGEST_PATTERN, compiled

MOST_CHOICES = 8
_DEEPEST_JSON = 60

_ALIASES: Mapping[str, Json] = {
    "url": {"type": "string", "format": "uri"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "email": {"type": "string", "format": "email"},
}
_TYPES = ("string", "integer", "number", "boolean", "object", "array", "null")
_ONE = ("items", "additionalProperties", "contains", "propertyNames", "not", "if", "then", "else")
_LIST = ("anyOf", "oneOf", "allOf")
_MAP = ("properties", "$defs", "definitions", "dependentSchemas")
_REFUSED = {
    "$dynamicRef": "only plain references within the document are followed",
    "$recursiveRef": "only plain references within the document are followed",
    "$anchor": "references are JSON pointers, such as #/$defs/name",
    "$dynamicAnchor": "references are JSON pointers, such as #/$defs/name",
    "patternProperties": "properties need names",
    "prefixItems": "the items of an array have one schema",
    "unevaluatedProperties": "use additionalProperties",
    "unevaluatedItems": "use items",
}


def check_document(document: dict[str, Json]) -> None:
    """Writes the types `url`, `date`, `datetime` and `email` as strings with a format, in place, then checks.

    Raises `SchemaError` with the path of the first fault.
    """
    if _depth(document) > _DEEPEST_JSON:
        raise SchemaError("", "it is nested too deep")
    for place, node in _subschemas("", document):
        _expand_alias(node)
        _check_limits(place, node)
    _check_form(document)


def _depth(value: Json) -> int:
    level, depth = [value], 0
    while level and depth <= _DEEPEST_JSON:
        children = (list(node.values()) if isinstance(node, dict) else node for node in level)
        level = [child for inner in children if isinstance(inner, list) for child in inner]
        depth += 1
    return depth


def _subschemas(path: str, node: Json) -> Iterator[tuple[str, dict[str, Json]]]:
    """Each schema object in the document, with its path; what is no schema (`enum`, `examples`) is left."""
    if not isinstance(node, dict):
        return
    yield path, node
    for key in _ONE:
        yield from _subschemas(f"{path}/{key}", node.get(key))
    for key in _LIST:
        for place, child in enumerate(as_list(node.get(key))):
            yield from _subschemas(f"{path}/{key}/{place}", child)
    for key in _MAP:
        for name, child in list(as_dict(node.get(key)).items()):
            yield from _subschemas(f"{path}/{key}/{escape(name)}", child)


def as_list(value: Json) -> list[Json]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_dict(value: Json) -> dict[str, Json]:
    """The value if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _expand_alias(node: dict[str, Json]) -> None:
    types = node.get("type")
    named = [types] if isinstance(types, str) else as_list(types)
    aliases = [name for name in named if isinstance(name, str) and name in _ALIASES]
    if aliases:
        plain = list(dict.fromkeys("string" if name in aliases else name for name in named))
        node.update({"format": node.get("format", _ALIASES[aliases[0]]["format"])})
        node["type"] = plain if isinstance(types, list) else "string"


def _check_limits(path: str, node: Mapping[str, Json]) -> None:
    for key, reason in _REFUSED.items():
        if key in node:
            raise SchemaError(f"{path}/{key}", f"{key} is not supported: {reason}")
    if path and "$id" in node:
        raise SchemaError(f"{path}/$id", "a nested $id is not supported")
    reference = node.get("$ref")
    if isinstance(reference, str) and reference != "#" and not reference.startswith("#/"):
        raise SchemaError(f"{path}/$ref", "only references within the document, #/..., are followed")
    _check_pattern(f"{path}/pattern", node.get("pattern", ""))
    for key in _LIST:
        if len(as_list(node.get(key))) > MOST_CHOICES:
            raise SchemaError(f"{path}/{key}", f"it has more than {MOST_CHOICES} members")
    _check_types(path, node.get("type"))


def _check_pattern(path: str, pattern: Json) -> None:
    if not isinstance(pattern, str):
        raise SchemaError(path, "it has to be a string")
    if len(pattern) > LONGEST_PATTERN:
        raise SchemaError(path, f"it is longer than {LONGEST_PATTERN} characters")
    try:
        compiled(pattern)
    except ValueError as exc:
        raise SchemaError(path, f"it is no regular expression ({exc})") from None


def _check_types(path: str, types: Json) -> None:
    for name in [types] if isinstance(types, str) else as_list(types):
        if name not in _TYPES:
            near = suggestion(str(name), (*_TYPES, *_ALIASES))
            raise SchemaError(f"{path}/type", f'unknown type "{str(name)[:80]}"{near}')


def _check_form(document: Json) -> None:
    try:
        Draft202012Validator.check_schema(document, format_checker=FormatChecker(formats=()))
    except MetaschemaError as exc:
        path = "".join(f"/{escape(str(token))}" for token in exc.absolute_path)
        raise SchemaError(path, exc.message[:200]) from None
