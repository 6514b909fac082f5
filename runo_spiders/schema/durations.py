"""Reads lengths of time: "PT1H30M", "1 hr 30 min", "2 Stunden"."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import lru_cache

from runo_spiders.schema.text import plain_digits

_ISO = re.compile(
    r"P(?:(?P<weeks>\d+(?:[.,]\d+)?)W)?(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?",
    re.IGNORECASE,
)
_NUMBER = r"(\d+(?:[.,]\d+)?)"
_PART = re.compile(rf"{_NUMBER}(?:\s?[-–—]\s?\d+(?:[.,]\d+)?)?\s?([^\W\d_]+)\.?")
_HOURS_THEN_MINUTES = re.compile(r"(\d)\s?h\s?(\d{2})\b(?!\s?m)")
_LONGEST_TEXT = 100

_UNITS = {
    word: unit
    for unit, words in {
        "days": "d day days tag tage tagen jour jours día días dia dias giorno giorni dag dagen dagar dni",
        "hours": "h hr hrs hour hours std stunde stunden heure heures hora horas ora ore uur uren timme"
        " timmar time timer godz godzina godziny godzin ч час часа часов 時間 小时",
        "minutes": "m min mins minute minutes minuten minuto minutos minuti minuut minuter minutter minuta"
        " minuty minut мин минут минуты 分 分钟",
        "seconds": "s sec secs second seconds sek sekunde sekunden seconde segundo segundos secondi сек 秒",
    }.items()
    for word in words.split()
}
_SECONDS = {"days": 86_400, "hours": 3600, "minutes": 60, "seconds": 1}
_NAMED_UNITS = re.compile(r"\b(day|hour|minute|second)s?\b")
_TIMELY = re.compile(r"\b(?:time|duration|length|runtime)\b")


def iso_duration(text: str) -> timedelta | None:
    """An ISO 8601 duration without years and months, whose length is not fixed."""
    match = _ISO.fullmatch(text.strip())
    parts = (
        {unit: float(part.replace(",", ".")) for unit, part in match.groupdict().items() if part}
        if match
        else {}
    )
    return _length(parts) if parts else None


def spoken_duration(text: str) -> timedelta | None:
    """The sum of all parts of "1 hr 30 min"; the start of "20-30 minutes"."""
    if len(text) > _LONGEST_TEXT:
        return None
    parts: dict[str, float] = {}
    lowered = _HOURS_THEN_MINUTES.sub(r"\1 h \2 min", plain_digits(text).lower())
    for number, word in _PART.findall(lowered):
        unit = _UNITS.get(word)
        if unit:
            parts.setdefault(unit, float(number.replace(",", ".")))
    return _length(parts) if parts else None


def duration(text: str) -> timedelta | None:
    """The length of time that a text tells, in either notation."""
    return iso_duration(text) or spoken_duration(text)


def as_iso(length: timedelta) -> str:
    """ISO 8601: `PT1H30M`."""
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    parts = "".join(
        f"{count}{unit}" for count, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if count
    )
    return f"PT{parts or '0S'}"


@lru_cache(maxsize=1024)
def unit_seconds(name: str, hint: str) -> int | None:
    """How many seconds the unit of a numeric field has; None if the field counts no time.

    The unit is the one in the field's name or else its hint; a field called `*_time` counts minutes.
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).lower()
    named = _NAMED_UNITS.search(words) or (
        _NAMED_UNITS.search(hint.lower()) if _TIMELY.search(words) else None
    )
    if named:
        return _SECONDS[f"{named[1]}s"]
    return _SECONDS["minutes"] if _TIMELY.search(words) else None


def _length(parts: dict[str, float]) -> timedelta | None:
    try:
        return timedelta(**parts)
    except OverflowError:
        return None
