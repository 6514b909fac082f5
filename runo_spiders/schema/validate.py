"""Checks data against the client's own schema, with every leaf made nullable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator as AnyValidator
from jsonschema.validators import extend
from referencing import Registry

from runo_spiders.items import Json
from runo_spiders.schema.formats import format_checker
from runo_spiders.schema.model import Schema, escape
from runo_spiders.schema.patterns import matches

LONGEST_MESSAGE = 200

_Errors = Iterator[ValidationError]


@dataclass(frozen=True, slots=True)
class Violation:
    """A value that the schema does not allow: its JSON pointer in the data, the keyword, and a sentence."""

    pointer: str
    message: str
    keyword: str


class Validator:
    """A schema, compiled once for a whole job.

    Null stands for "not found" and is valid everywhere, as is an empty array; keys may be missing. An
    alternative of `oneOf` may hold beside another one, since nulls fit them all.
    """

    def __init__(self, schema: Schema) -> None:
        document = {key: value for key, value in schema.document.items() if key not in ("$schema", "$id")}
        self._validator = _Nullable(document, format_checker=format_checker(), registry=Registry())

    def check(self, data: Json) -> list[Violation]:
        """What is wrong with data, each fault at the deepest value that shows it; empty if all is well."""
        return [_violation(error) for fault in self._validator.iter_errors(data) for error in _deepest(fault)]


def _violation(error: ValidationError) -> Violation:
    pointer = "".join(f"/{escape(str(token))}" for token in error.absolute_path)
    message = error.message
    if len(message) > LONGEST_MESSAGE:
        message = f"{message[: LONGEST_MESSAGE - 3]}..."
    return Violation(pointer, message, str(error.validator))


def _deepest(error: ValidationError) -> _Errors:
    """The faults of the alternative that the value came closest to, instead of "none of them fits"."""
    alternatives: dict[Any, list[ValidationError]] = {}
    for inner in error.context or ():
        alternatives.setdefault(inner.relative_schema_path[0], []).append(inner)
    nearest = max(alternatives.values(), key=_depth, default=[])
    if not nearest or _depth(nearest) == 0:
        yield error
        return
    for inner in nearest:
        yield from _deepest(inner)


def _depth(errors: list[ValidationError]) -> int:
    return min(len(error.relative_path) for error in errors)


def _properties(validator: Any, properties: Mapping[str, Json], instance: Json, schema: Json) -> _Errors:
    if not isinstance(instance, dict):
        return
    for name, value in instance.items():
        if value is not None and name in properties:
            yield from validator.descend(value, properties[name], path=name, schema_path=name)


def _items(validator: Any, items: Json, instance: Json, schema: Json) -> _Errors:
    if not isinstance(instance, list):
        return
    for place, value in enumerate(instance):
        if value is not None:
            yield from validator.descend(value, items, path=place)


def _additional(validator: Any, extras: Json, instance: Json, schema: Json) -> _Errors:
    if not isinstance(instance, dict) or extras is True:
        return
    for name, value in instance.items():
        if name in schema.get("properties", {}):
            continue
        if extras is False:
            yield ValidationError(f"{name!r} is no property of the schema")
        elif value is not None:
            yield from validator.descend(value, extras, path=name)


def _min_items(validator: Any, least: int, instance: Json, schema: Json) -> _Errors:
    if isinstance(instance, list) and 0 < len(instance) < least:
        yield ValidationError(f"there are {len(instance)} items, and {least} are needed")


def _pattern(validator: Any, pattern: str, instance: Json, schema: Json) -> _Errors:
    if isinstance(instance, str) and not matches(pattern, instance):
        yield ValidationError(f"{instance!r} does not match {pattern!r}")


def _nothing(validator: Any, keyword: Json, instance: Json, schema: Json) -> _Errors:
    return iter(())


def _nullable_type(validator: Any, types: Json, instance: Json, schema: Json) -> _Errors:
    if instance is not None:
        yield from cast(
            _Errors, Draft202012Validator.VALIDATORS["type"](validator, types, instance, schema) or ()
        )


_Nullable = cast(
    "type[AnyValidator]",
    extend(  # type: ignore[no-untyped-call]
        Draft202012Validator,
        {
            "additionalProperties": _additional,
            "contains": _nothing,
            "dependentRequired": _nothing,
            "items": _items,
            "minItems": _min_items,
            "oneOf": Draft202012Validator.VALIDATORS["anyOf"],
            "pattern": _pattern,
            "properties": _properties,
            "propertyNames": _nothing,
            "required": _nothing,
            "type": _nullable_type,
        },
    ),
)
