"""JSON from strangers: only what every reader of it reads in the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator

from runo_spiders.api.faults import Fault
from runo_spiders.items import Json

DEEPEST = 64
"""Objects and arrays within each other."""


def read_json(body: bytes) -> Json:
    """The value of a body. Raises `Fault` with `BODY_INVALID`, saying what is wrong and where."""
    try:
        value = json.loads(
            _text_of(body), object_pairs_hook=_object, parse_constant=_no_constant, parse_float=_finite
        )
    except RecursionError:
        raise _too_deep() from None
    except ValueError as fault:
        raise _invalid(str(fault)) from None
    if any(depth > DEEPEST for depth in _depths(value)):
        raise _too_deep()
    if b"\\u" in body:
        _check_surrogates(value)
    return value


def _text_of(body: bytes) -> str:
    if not body.strip():
        raise _invalid("it is empty, and a JSON object is needed")
    if body.startswith(b"\xef\xbb\xbf"):
        raise _invalid("it begins with a byte order mark")
    try:
        return body.decode()
    except UnicodeDecodeError as fault:
        raise _invalid(f"byte {fault.start} is not UTF-8") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:80]!r} stands twice in one object")
    return members


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


def _depths(value: Json) -> Iterator[int]:
    waiting = [(value, 1)]
    while waiting:
        inner, depth = waiting.pop()
        if isinstance(inner, dict | list):
            yield depth
            members = inner.values() if isinstance(inner, dict) else inner
            waiting += [(member, depth + 1) for member in members if isinstance(member, dict | list)]


def _check_surrogates(value: Json) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise _invalid("a string holds half of a surrogate pair") from None


def _too_deep() -> Fault:
    return _invalid(f"it is nested more than {DEEPEST} deep")


def _invalid(what: str) -> Fault:
    return Fault("BODY_INVALID", f"The body cannot be read as JSON: {what}.")
