"""The JSON in scripts and attributes, read as leniently as browsers and crawlers are used to.

Strict JSON is tried first, because it is quick; what it refuses (comments, trailing commas, bare keys, single
quotes) chompjs reads. Reading is a pure function of the text, so that a JSON pointer found once leads to the
same leaf again.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from itertools import islice

import chompjs

from runo_spiders.items import Json

MAX_LENGTH = 4_000_000
"""Longer scripts are not read: no page needs them for its own record, and parsing would cost seconds."""

_MAX_VALUES = 100
_MAX_REPAIRED = 8_000_000
"""Repairing reads up to the end of the script each time; past this sum of characters it is given up."""

_DECODER = json.JSONDecoder(strict=False)
_WRAPPING = re.compile(r"(?:\s|\ufeff|\u200b|<!--|-->|(?://\s*)?<!\[CDATA\[|/\*.*?\*/|//[^\n]*\n)*", re.S)
_SEPARATOR = re.compile(r"[\s,;]*")
_OPENING = re.compile(r"[=(]\s*(?=[{\['\"])")
_TAKING = (".push", "JSON.parse", "define")
_QUOTED_START = re.compile(r"\s*(?:[{\[]|\\x7[bB]|\\u007[bB]|\\x5[bB])")
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*["]""", re.S)
_HEX = re.compile(r"(?<=\\)x(?=[0-9a-fA-F]{2})")


def json_in(text: str) -> Json:
    """The JSON of a script: its value when it is one, else the list of the values in it, [] for none.

    A script of code holds the objects and arrays that are assigned, pushed onto a list or given to
    `JSON.parse`; they count in their order.
    """
    if len(text) > MAX_LENGTH:
        return []
    if "&quot;" in text and '"' not in text:
        text = html.unescape(text)
    start = _WRAPPING.match(text)
    begin = start.end() if start else 0
    if text[begin : begin + 1] in ("{", "["):
        values = list(_values_from(text, begin))
        return values[0] if len(values) == 1 else values
    return list(_assigned_values(text))


def _values_from(text: str, begin: int) -> Iterator[Json]:
    """The values that stand one after the other."""
    end: int | None = begin
    while end is not None and text[end : end + 1] in ("{", "["):
        value, end = _value_at(text, end)
        if value is not None:
            yield value
        if end is not None and (gap := _SEPARATOR.match(text, end)):
            end = gap.end()


def _assigned_values(text: str) -> Iterator[Json]:
    """What follows an equals sign, or is the argument of a function that takes data."""
    end, repaired = 0, 0
    for head in islice(_heads(text), _MAX_VALUES):
        if head < end or repaired > _MAX_REPAIRED:
            continue
        value, stop = _value_at(text, head)
        if stop is None:
            repaired += len(text) - head
        end = stop or end
        if value:
            yield value


def _heads(text: str) -> Iterator[int]:
    """Where values may begin. A quoted one must look like JSON."""
    for opening in _OPENING.finditer(text):
        begin = opening.end()
        if text[begin] in "'\"" and not _QUOTED_START.match(text, begin + 1):
            continue
        if opening[0][0] == "=" or text.endswith(_TAKING, 0, opening.start()):
            yield begin


def _value_at(text: str, begin: int) -> tuple[Json, int | None]:
    """The object, array or quoted JSON that begins here, and where it ends (None when that is not known)."""
    if text[begin] in "'\"":
        return _quoted_value(text, begin)
    try:
        return _DECODER.raw_decode(text, begin)
    except (ValueError, RecursionError):
        return _repaired(text[begin:]), None


def _repaired(text: str) -> Json:
    try:
        return chompjs.parse_js_object(text, loader_kwargs={"strict": False})
    except (ValueError, RecursionError):
        return None


def _quoted_value(text: str, begin: int) -> tuple[Json, int | None]:
    """JSON within a JavaScript string, as `JSON.parse` gets it."""
    quoted = _QUOTED.match(text, begin)
    if quoted is None:
        return None, None
    inner = _repaired(f"[{_HEX.sub('u00', quoted[0])}]") or [""]
    return _repaired(inner[0]) if isinstance(inner[0], str) else None, quoted.end()
