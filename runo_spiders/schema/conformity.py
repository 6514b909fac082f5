"""Whether an answer has the shape of the schema that a model was asked with, and what can be saved of it."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.protocols import Validator
from jsonschema.validators import extend
from referencing import Registry

from runo_spiders.items import Json
from runo_spiders.schema.patterns import matches

MOST_FAULTS = 10
LONGEST_FAULT = 200


def misfits(schema: Json, answer: Json) -> list[str]:
    """What is wrong with an answer, each with its place, at most `MOST_FAULTS`; empty if it fits."""
    errors = _errors(schema, answer)
    return [_sentence(error) for error, _ in zip(errors, range(MOST_FAULTS), strict=False)]


def without_misfits(schema: Json, answer: Json) -> Json:
    """A copy with null for each value that does not fit, or None if that does not make it fit either."""
    pruned = copy.deepcopy(answer)
    for path in [list(error.absolute_path) for error in _errors(schema, answer)]:
        if not path:
            return None
        _forget(pruned, path)
    return None if misfits(schema, pruned) else pruned


def _errors(schema: Json, answer: Json) -> Iterator[ValidationError]:
    return _Shape(schema, registry=Registry()).iter_errors(answer)


def _sentence(error: ValidationError) -> str:
    message = error.message
    if len(message) > LONGEST_FAULT:
        message = f"{message[: LONGEST_FAULT - 3]}..."
    return f"{error.json_path}: {message}"


def _forget(answer: Json, path: list[str | int]) -> None:
    """Null at a path; a fault around it may have taken the place already."""
    for token in path[:-1]:
        answer = answer[token] if answer is not None else None
    if answer is not None:
        answer[path[-1]] = None


def _pattern(validator: object, pattern: str, value: Json, schema: Json) -> Iterable[ValidationError]:
    if isinstance(value, str) and not matches(pattern, value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_Shape = cast("type[Validator]", extend(Draft202012Validator, {"pattern": _pattern}))  # type: ignore[no-untyped-call]
