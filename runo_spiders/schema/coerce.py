"""Turns a raw value, as it stands on a page, into a value that fits its field."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from runo_spiders.items import Scalar
from runo_spiders.schema.booleans import read_boolean
from runo_spiders.schema.dates import read_date, read_moment
from runo_spiders.schema.durations import as_iso, duration, unit_seconds
from runo_spiders.schema.enums import read_member
from runo_spiders.schema.links import means_link, read_link
from runo_spiders.schema.model import Field
from runo_spiders.schema.numbers import read_integer, read_number
from runo_spiders.schema.reading import Coerced, CoercionError, Reading
from runo_spiders.schema.text import clean

__all__ = ["Coerced", "CoercionError", "Reading", "coerce"]

LONGEST_STRING = 1_000_000
"""Characters of a string value; longer ones are no values but whole files."""

# What templates and databases write where there is no value.
_PLACEHOLDER = re.compile(
    r"\{\{.*\}\}|\$\{.*\}|<%.*%>|undefined|null|NaN|\[object Object\]|%[A-Z_]{3,}%|[Nn]/[Aa]|[-–—.]*"
)
_EMAIL = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"()]+\.[^\s@<>,;:\"()]+")


def coerce(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    """The raw value as its field wants it. Raises `CoercionError`, and nothing else.

    A field with an `enum` takes one of its members; otherwise type and format decide.
    """
    if isinstance(raw, str) and _PLACEHOLDER.fullmatch(raw.strip()):
        raise CoercionError("the text is a placeholder, no value" if raw.strip() else "the text is empty")
    if field.enum:
        return read_member(raw, field.enum)
    return _READERS.get(field.type, _refuse)(raw, field, reading)


def _refuse(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    raise CoercionError(f"a single value is no {field.type}")


def _boolean(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    return read_boolean(raw, field.name)


def _integer(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    counted = _counted(raw, field)
    if counted is None:
        return read_integer(_no_boolean(raw))
    return Coerced(round(counted), derived=True)


def _number(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    counted = _counted(raw, field)
    if counted is None:
        return read_number(_no_boolean(raw), reading.locale)
    return Coerced(counted, derived=True)


def _no_boolean(raw: Scalar) -> str | float:
    if isinstance(raw, bool):
        raise CoercionError("yes or no is no number")
    return raw


def _counted(raw: Scalar, field: Field) -> float | None:
    """A length of time in the unit of a field that counts time: 90 for "PT1H30M" in `cook_time`."""
    if not isinstance(raw, str) or raw.isdigit():
        return None
    unit = unit_seconds(field.name, field.hint)
    length = duration(raw) if unit else None
    return None if length is None or not unit else length / timedelta(seconds=unit)


def _string(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    read = _FORMATS.get(field.format or "", _text)
    return read(raw, field, reading)


def _text(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    if not isinstance(raw, str):
        return Coerced(json.dumps(raw))
    if len(raw) > LONGEST_STRING:
        raise CoercionError("the text is too long for a value")
    text = clean(raw)
    if not text:
        raise CoercionError("the text is empty")
    return read_link(text, reading.base_url) if means_link(field.name, text) else Coerced(text)


def _link(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    text = _text(raw, field, reading).value
    return read_link(str(text), reading.base_url)


def _date(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    return read_date(_no_boolean(raw), reading)


def _moment(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    return read_moment(_no_boolean(raw), reading)


def _duration(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    text = str(_text(raw, field, reading).value)
    if re.match(r"P[T\d]", text):
        return Coerced(text)
    length = duration(text)
    if length is None:
        raise CoercionError("there is no length of time in the text")
    return Coerced(as_iso(length), derived=True)


def _email(raw: Scalar, field: Field, reading: Reading) -> Coerced:
    match = _EMAIL.search(str(_text(raw, field, reading).value).removeprefix("mailto:").partition("?")[0])
    if match is None:
        raise CoercionError("there is no e-mail address in the text")
    return Coerced(match[0])


_Reader = Callable[[Scalar, Field, Reading], Coerced]
_READERS: Mapping[str, _Reader] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
}
_FORMATS: Mapping[str, _Reader] = {
    "date": _date,
    "date-time": _moment,
    "duration": _duration,
    "email": _email,
    "iri": _link,
    "uri": _link,
    "uri-reference": _link,
    "url": _link,
}
