"""Reads dates: ISO 8601, RFC 2822, numeric ones by locale, month names of many languages, relative ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache

from runo_spiders.schema.calendar import absolute_moment, date_order, month_names, relative_moment
from runo_spiders.schema.locale import language_of
from runo_spiders.schema.reading import Coerced, CoercionError, Reading
from runo_spiders.schema.text import plain_digits

LONGEST_TEXT = 200
"""Characters of a text that is still looked at for a date; longer ones are prose."""

_YEARS = range(1000, 2201)
_YEARS_AHEAD = 20
_LONGEST_RELATIVE = 7
_WORDS_SKIPPED = 3
_EPOCHS = range(100_000_000, 4_102_444_800)
"""Unix times that are taken for one: from 1973 to 2100."""

# A day that every month has needs no check by the calendar.
_PLAIN_DAY = re.compile(r"[12][0-9]{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])")
_YEAR_FIRST = re.compile(r"(?<!\d)(\d{4})\s?[-./年년]\s?(\d{1,2})\s?[-./月월]\s?(\d{1,2})(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:T?\d{4,6}Z?)?")
_YEAR_LAST = re.compile(r"(?<![\d.,])(\d{1,2})\s?([-./])\s?(\d{1,2})\s?\2\s?(\d{4}|\d{2})(?![\d,])")
_YEAR_MONTH = re.compile(r"(?<![\d/.-])(\d{4})[-./年](\d{1,2})月?(?![\d/.-])")
_MONTH_YEAR = re.compile(r"(?<![\d/.-])(\d{1,2})[./](\d{4})(?![\d/.-])")
_YEAR = re.compile(r"(?:\D{0,20}[\s(:,©])?(1[89]\d{2}|20\d{2})(?:年|\W{0,3})")
_LONG_YEAR = re.compile(r"(?<!\d)[12]\d{3}(?!\d)")
_EPOCH = re.compile(r"\d{9,10}(?:\d{3})?(?:\.\d+)?")
_CLOCK = re.compile(
    r"(?<![\d:])(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]\d+)?)?"
    r"\s*(?:([AaPp])\.?[Mm]\b\.?)?\s*(?:(Z|UTC|GMT)\b|([+-]\d{2}):?(\d{2})(?!\d))?"
)


@dataclass(frozen=True, slots=True)
class _Day:
    """A day that a text tells, and what had to be filled in. `moment`: the time of day is known with it."""

    date: date
    warnings: tuple[str, ...] = ()
    derived: bool = False
    moment: datetime | None = None


def read_date(raw: str | float, reading: Reading) -> Coerced:
    """`YYYY-MM-DD`, as the text has it: a time zone never moves the day."""
    if isinstance(raw, str) and _PLAIN_DAY.match(raw) and not raw[10:11].isdigit():
        return Coerced(raw[:10])
    day = _day(_short(raw), reading)
    return Coerced(day.date.isoformat(), day.warnings, day.derived)


def read_moment(raw: str | float, reading: Reading) -> Coerced:
    """ISO 8601 with a time, and with an offset only if the text has one: no time zone is made up."""
    text = _short(raw)
    day = _day(text, reading)
    if day.moment is not None:
        return Coerced(day.moment.isoformat(), derived=True)
    clock = _clock(text)
    warnings = day.warnings if clock else (*day.warnings, "no time of day is given: midnight is used")
    return Coerced(datetime.combine(day.date, clock or time()).isoformat(), warnings, day.derived)


def _short(raw: str | float) -> str:
    text = plain_digits(str(raw)[: 4 * LONGEST_TEXT])
    if len(text) > LONGEST_TEXT:
        raise CoercionError("the text is too long for a date")
    return text


def _day(text: str, reading: Reading) -> _Day:
    for read in _WAYS:
        day = read(text, reading)
        if day is not None:
            return day
    raise CoercionError("there is no date in the text")


def _epoch(text: str, reading: Reading) -> _Day | None:
    if not _EPOCH.fullmatch(text):
        return None
    stamp = float(text)
    seconds = int(stamp / 1000 if stamp >= _EPOCHS.stop else stamp)
    if seconds not in _EPOCHS:
        return None
    moment = datetime.fromtimestamp(seconds, UTC)
    return _Day(moment.date(), derived=True, moment=moment)


def _year_first(text: str, reading: Reading) -> _Day | None:
    match = _YEAR_FIRST.search(text) or _COMPACT.fullmatch(text)
    return _checked(int(match[1]), int(match[2]), int(match[3])) if match else None


def _year_last(text: str, reading: Reading) -> _Day | None:
    match = _YEAR_LAST.search(text)
    if match is None:
        return None
    first, second, year = int(match[1]), int(match[3]), _full_year(match[4], reading)
    order = "DMY" if match[2] == "." else date_order(reading.locale)
    if second > 12 or (order == "MDY" and first <= 12):
        return _checked(year, first, second)
    day = _checked(year, second, first)
    if day and order is None and first != second and first <= 12:
        return replace(day, warnings=("day and month could be the other way round",))
    return day


def _rfc_2822(text: str, reading: Reading) -> _Day | None:
    if ":" not in text:
        return None
    try:
        day = parsedate_to_datetime(text).date()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return _checked(day.year, day.month, day.day)


def _month_named(text: str, reading: Reading) -> _Day | None:
    """With the month's name in the page's language or English, else in any widely read one."""
    languages = (language_of(reading.locale) or "en", None)
    days = (_by_names(text.casefold(), language, _with_year(language), reading) for language in languages)
    return next((day for day in days if day), None)


def _month_named_without_year(text: str, reading: Reading) -> _Day | None:
    language = language_of(reading.locale) or "en"
    return _by_names(text.casefold(), language, _without_year(language), reading)


def _by_names(
    text: str, language: str | None, patterns: tuple[re.Pattern[str], ...], reading: Reading
) -> _Day | None:
    match = next((match for match in (pattern.search(text) for pattern in patterns) if match), None)
    return _named(match.groupdict(), month_names(language), reading) if match else None


def _named(parts: Mapping[str, str], names: Mapping[str, int], reading: Reading) -> _Day | None:
    month = names[parts["month"]]
    if "year" not in parts:
        return _latest(month, int(parts["day"]), reading)
    year = _full_year(parts["year"], reading)
    return _checked(year, month, int(parts["day"])) if "day" in parts else _first_of_month(year, month)


def _month_pattern(language: str | None) -> str:
    names = sorted(month_names(language), key=len, reverse=True)
    return rf"(?<![^\W\d_])(?P<month>{'|'.join(map(re.escape, names))})(?![^\W\d_])\.?"


_NAMED_DAY = r"(?<![\d:])(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|\.)?(?![\d:])"
_LINK = r"[\s,./-]*(?:(?:de|del|of|di|do|da|den)\s+)?"


@lru_cache(maxsize=64)
def _with_year(language: str | None) -> tuple[re.Pattern[str], ...]:
    """Day, month, year; month, day, year; year, month, day; month and year alone."""
    month, year = _month_pattern(language), r"'?(?P<year>\d{4}|\d{2})(?![\d:])"
    orders = (
        _NAMED_DAY + _LINK + month + _LINK + year,
        month + r"[\s./-]*" + _NAMED_DAY + r"[\s,./-]+" + year,
        r"(?<!\d)(?P<year>\d{4})[\s,./-]*" + month + r"[\s,./-]*" + _NAMED_DAY,
        month + r"[\s,.]*(?:(?:de|del|of)\s+)?(?P<year>\d{4})(?!\d)",
    )
    return tuple(re.compile(order) for order in orders)


@lru_cache(maxsize=64)
def _without_year(language: str | None) -> tuple[re.Pattern[str], ...]:
    month = _month_pattern(language)
    return re.compile(_NAMED_DAY + _LINK + month), re.compile(
        month + r"[\s.]*" + _NAMED_DAY + r"(?![^\W\d_])"
    )


def _relative(text: str, reading: Reading) -> _Day | None:
    """Counted from the date of the fetch. Words before it, as in "Posted 3 days ago", are skipped."""
    words = text.strip(" .()").split()
    if len(words) > _LONGEST_RELATIVE or _LONG_YEAR.search(text):
        return None
    for start in range(min(_WORDS_SKIPPED, len(words))):
        moment = relative_moment(" ".join(words[start:]), language_of(reading.locale), reading.now)
        if moment is not None:
            return _Day(moment.date(), derived=True, moment=moment.replace(tzinfo=reading.now.tzinfo))
    return None


def _unusual(text: str, reading: Reading) -> _Day | None:
    """A full date in an order that no pattern here reads, "Thu Jan 02 10:00:00 UTC 2024"."""
    if not _LONG_YEAR.search(text) or not any(char.isalpha() for char in text):
        return None
    moment = absolute_moment(text, language_of(reading.locale), reading.now)
    return _checked(moment.year, moment.month, moment.day) if moment else None


def _partial(text: str, reading: Reading) -> _Day | None:
    match = _YEAR_MONTH.search(text)
    if match:
        return _first_of_month(int(match[1]), int(match[2]))
    match = _MONTH_YEAR.search(text)
    if match:
        return _first_of_month(int(match[2]), int(match[1]))
    match = _YEAR.fullmatch(text)
    day = _checked(int(match[1]), 1, 1) if match else None
    return replace(day, warnings=("only the year is given: January 1 is used",)) if day else None


_WAYS: tuple[Callable[[str, Reading], _Day | None], ...] = (
    _epoch,
    _year_first,
    _year_last,
    _month_named,
    _rfc_2822,
    _relative,
    _month_named_without_year,
    _unusual,
    _partial,
)


def _first_of_month(year: int, month: int) -> _Day | None:
    day = _checked(year, month, 1)
    return replace(day, warnings=("no day is given: the first of the month is used",)) if day else None


def _latest(month: int, day: int, reading: Reading) -> _Day | None:
    """The last such day before the fetch: pages leave out the year of recent dates."""
    tomorrow = reading.now.date() + timedelta(days=1)
    years = (tomorrow.year - back for back in range(5))
    days = (found for found in (_checked(year, month, day) for year in years) if found)
    latest = next((found for found in days if found.date <= tomorrow), None)
    return latest and replace(latest, warnings=("no year is given: the latest is used",), derived=True)


def _checked(year: int, month: int, day: int) -> _Day | None:
    """The day, if the calendar has it and its year is no placeholder such as 1."""
    try:
        return _Day(date(year, month, day)) if year in _YEARS else None
    except ValueError:
        return None


def _full_year(digits: str, reading: Reading) -> int:
    """Two digits stand for the century in which they are at most 20 years ahead."""
    if len(digits) > 2:
        return int(digits)
    century = reading.now.year // 100 * 100
    year = century + int(digits)
    return year if year <= reading.now.year + _YEARS_AHEAD else year - 100


def _clock(text: str) -> time | None:
    match = _CLOCK.search(text)
    if match is None:
        return None
    hour, minute, second, half, *zone = match.groups()
    try:
        return time(_hour(int(hour), half), int(minute), int(second or 0), tzinfo=_zone(*zone))
    except ValueError:
        return None


def _hour(hour: int, half: str | None) -> int:
    if half is None or not 1 <= hour <= 12:
        return hour
    return hour % 12 + (12 if half in "Pp" else 0)


def _zone(universal: str | None, hours: str | None, minutes: str | None) -> timezone | None:
    if universal:
        return UTC
    if hours is None:
        return None
    offset = timedelta(hours=abs(int(hours)), minutes=int(minutes or 0))
    return timezone(-offset if hours.startswith("-") else offset)
