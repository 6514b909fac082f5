"""JSON Schema's formats, each as a predicate; none needs more than the standard library."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit
from uuid import UUID

from jsonschema import FormatChecker

_EMAIL = re.compile(r"[^\s@<>,;:\"()]+@[^\s@<>,;:\"().]+(?:\.[^\s@<>,;:\"().]+)+")
_HOSTNAME = re.compile(
    r"(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*", re.I
)
_DURATION = re.compile(
    r"P(?!$)(?:\d+Y)?(?:\d+M)?(?:\d+W)?(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?)?"
)
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NO_URI = re.compile(r"[\s<>\"{}|\\^`]")


def _parses(parse: Callable[[str], object]) -> Callable[[str], bool]:
    def holds(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return holds


def _uri(text: str) -> str:
    if not urlsplit(text).scheme or not text.isascii():
        raise ValueError(text)
    return _reference(text)


def _iri(text: str) -> str:
    if not urlsplit(text).scheme:
        raise ValueError(text)
    return _reference(text)


def _reference(text: str) -> str:
    urlsplit(text)
    if _NO_URI.search(text):
        raise ValueError(text)
    return text


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError(text)
    return date.fromisoformat(text)


def _moment(text: str) -> datetime:
    """ISO 8601; the offset that RFC 3339 wants may be missing, because pages leave it out."""
    if "T" not in text[:11].upper():
        raise ValueError(text)
    return datetime.fromisoformat(text)


FORMATS: Mapping[str, Callable[[str], bool]] = {
    "date": _parses(_day),
    "date-time": _parses(_moment),
    "time": _parses(time.fromisoformat),
    "duration": lambda text: bool(_DURATION.fullmatch(text)),
    "email": lambda text: bool(_EMAIL.fullmatch(text)),
    "idn-email": lambda text: bool(_EMAIL.fullmatch(text)),
    "hostname": lambda text: bool(_HOSTNAME.fullmatch(text)),
    "ipv4": _parses(IPv4Address),
    "ipv6": _parses(IPv6Address),
    "iri": _parses(_iri),
    "iri-reference": _parses(_reference),
    "uri": _parses(_uri),
    "uri-reference": _parses(_reference),
    "uuid": _parses(UUID),
}


def format_checker() -> FormatChecker:
    """A checker of these formats and no others; values that are no strings pass, as JSON Schema has it."""
    checker = FormatChecker(formats=())
    for name, holds in FORMATS.items():
        checker.checks(name)(_of_strings(holds))
    return checker


def _of_strings(holds: Callable[[str], bool]) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or holds(value)
