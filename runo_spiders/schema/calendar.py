"""What dateparser knows of calendars: month names, the order of numeric dates, relative expressions.

dateparser is imported at the first date that needs it; many jobs never do.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from runo_spiders.schema.locale import language_of

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

_LANGUAGE = re.compile(r"[a-z]{2,3}")
_LENGTH_OF_TIME = re.compile(r"[\d.,]+\s*[a-zà-ž]+\.?", re.IGNORECASE)
_SHORT_FORMS = r"\d\s?[dhmwy]\b|\bjust now\b"
_WORD = re.compile(r"[^\W\d_]+")
_FIRST_HALF = ("january", "february", "march", "april", "may", "june")
_SECOND_HALF = ("july", "august", "september", "october", "november", "december")
_LONGEST_ABBREVIATION = 3
_WIDELY_READ = (
    "en",
    "de",
    "fr",
    "es",
    "it",
    "pt",
    "nl",
    "pl",
    "ru",
    "sv",
    "da",
    "nb",
    "fi",
    "cs",
    "tr",
    "id",
)


@lru_cache(maxsize=256)
def date_order(locale: str | None) -> str | None:
    """`DMY`, `MDY` or `YMD`, or None when the locale is not known."""
    language = language_of(locale)
    info = _translations(language) if language else {}
    regional = info.get("locale_specific", {}).get(locale, {})
    order = regional.get("date_order") or info.get("date_order")
    return str(order) if order else None


@lru_cache(maxsize=64)
def month_names(language: str | None) -> Mapping[str, int]:
    """Month by its name or abbreviation in lower case, in a language and in English.

    With None, the long names of widely read languages: a page does not always say which one it is in.
    """
    if language:
        return {**dict(_months_of("en")), **dict(_months_of(language))}
    everywhere = [pair for code in reversed(_WIDELY_READ) for pair in _months_of(code)]
    return {name: month for name, month in everywhere if len(name) > _LONGEST_ABBREVIATION}


def relative_moment(text: str, language: str | None, now: datetime) -> datetime | None:
    """The moment that "yesterday" or "vor 2 Tagen" means. A bare length of time, "30 min", means none.

    dateparser takes half a millisecond to find out, so it is asked only about texts with a word of time.
    """
    if _LENGTH_OF_TIME.fullmatch(text) or not _words_of_time(language).search(text):
        return None
    return _moment(text, _parser(language, "relative-time", now.replace(second=0, microsecond=0)))


def absolute_moment(text: str, language: str | None, now: datetime) -> datetime | None:
    """The moment of a text with day, month and year in an order that no pattern of ours reads."""
    return _moment(text, _parser(language, "absolute-time", now.replace(minute=0, second=0, microsecond=0)))


def _moment(text: str, parser: DateDataParser) -> datetime | None:
    try:
        found = parser.get_date_data(text).date_obj
    except (ValueError, OverflowError, TypeError, AttributeError, RecursionError):
        return None  # dateparser stumbles over some texts that are no dates
    return found if isinstance(found, datetime) else None


@lru_cache(maxsize=64)
def _words_of_time(language: str | None) -> re.Pattern[str]:
    words = {word for code in {"en", language or "en"} for word in _relative_words(code)}
    return re.compile("|".join((_SHORT_FORMS, *map(re.escape, sorted(words)))), re.IGNORECASE)


def _relative_words(language: str) -> Iterator[str]:
    """What relative expressions are made of, but for "now", which stands on many a button."""
    info = _translations(language)
    types = {**info.get("relative-type", {}), **info.get("relative-type-regex", {})}
    listed = [phrases for meaning, phrases in types.items() if meaning != "0 second ago"]
    for phrase in (*(phrase for phrases in listed for phrase in phrases), *info.get("ago", ())):
        yield from (word for word in _WORD.findall(phrase) if len(word) > 2 or not word.isascii())


@lru_cache(maxsize=32)
def _parser(language: str | None, kind: str, now: datetime) -> DateDataParser:
    from dateparser.date import DateDataParser

    known = language if language and _translations(language) else "en"
    return DateDataParser(
        languages=list(dict.fromkeys((known, "en"))),
        settings={
            "PARSERS": [kind],
            "RELATIVE_BASE": now.replace(tzinfo=None),
            "REQUIRE_PARTS": ["day", "month", "year"] if kind == "absolute-time" else [],
        },
    )


def _months_of(language: str) -> Iterator[tuple[str, int]]:
    info = _translations(language)
    for number, month in enumerate((*_FIRST_HALF, *_SECOND_HALF), start=1):
        for name in info.get(month, ()):
            if not any(char.isdigit() for char in name):
                yield name.casefold().rstrip("."), number


@lru_cache(maxsize=64)
def _translations(language: str) -> Mapping[str, Any]:
    if not _LANGUAGE.fullmatch(language):
        return {}
    try:
        module = importlib.import_module(f"dateparser.data.date_translation_data.{language}")
    except ModuleNotFoundError:
        return {}
    return module.info  # type: ignore[no-any-return]
