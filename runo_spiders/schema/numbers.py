"""Reads the number out of a text: "$1.2M", "1.299,00 €", "35 years old", "$470,000 - $500,000"."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from unicodedata import category

from price_parser.parser import OTHER_CURRENCY_SYMBOLS, SAFE_CURRENCY_SYMBOLS

from runo_spiders.schema.locale import decimal_mark
from runo_spiders.schema.reading import Coerced, CoercionError
from runo_spiders.schema.text import plain_digits

LONGEST_TEXT = 300
"""Characters of a text that is still looked at for a number; longer ones are prose."""
_LONGEST_UNIT = 30

_FAST = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,2}|\.[0-9]{4,12})?(?:[eE][+-]?[0-9]{1,2})?")
_NUMBER = re.compile(r"\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d+)?|\d+(?:[.,]\d+)*|(?<!\w)\.\d+")
_GROUPED = re.compile(r"\d{1,3}(?:[.,]\d{2,3})*[.,]\d{3}")
_WORD = r"([^\s\d,;:()/+*=~<>|\[\]–—−-]{1,5}+)"
_WORD_BEFORE = re.compile(_WORD + r"\s?$")
# What stands before a digit belongs to the next number.
_WORD_AFTER = re.compile(r"(?:,[-–—]+)?\s?" + _WORD + r"(?!\d)")
_RANGE = re.compile(r"\s*(?:[-–—~]|\b(?:to|bis|à|a|hasta|tot|do|до)\b)\s*", re.IGNORECASE)
_SCALE_LETTER = re.compile(r"([kKmMB])(?![^\W\d_])|\s?([万億亿])")
_SCALE_WORD = re.compile(r"\s?([^\W\d_]{2,10})\b\.?")

_LETTERS = {"k": 3, "K": 3, "M": 6, "m": 6, "B": 9, "万": 4, "億": 8, "亿": 8}
_WORDS = {
    word: power
    for power, words in {
        3: "thousand tausend tsd mil mille mila duizend tusen tys тыс",
        5: "lakh lakhs lac",
        6: "million millions millionen mio mln mn mill millón millones milhão milhões milione milioni млн",
        7: "crore crores",
        9: "billion billions bn mrd mld milliard milliards milliarde milliarden miliardo miliardi млрд",
    }.items()
    for word in words.split()
}
_CURRENCIES = frozenset((*SAFE_CURRENCY_SYMBOLS, *OTHER_CURRENCY_SYMBOLS, "Rs", "руб", "грн"))
_THREE_DECIMALS = frozenset(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"))
_FREE = frozenset(
    ("free", "gratis", "kostenlos", "gratuit", "gratuito", "grátis", "бесплатно", "無料", "免费")
)


@dataclass(frozen=True, slots=True)
class _Amount:
    """A number within a text. `begin` and `end` take in the currency and the scale that belong to it."""

    value: Decimal
    power: int
    currency: str
    begin: int
    end: int
    inside_word: bool

    @property
    def scaled(self) -> Decimal:
        return self.value.scaleb(self.power)


def read_number(raw: str | float, locale: str | None) -> Coerced:
    """A float. Of several numbers the one beside a currency is read, else the first; of a range its start."""
    if not isinstance(raw, str):
        return Coerced(_finite(raw))
    if _FAST.fullmatch(raw):
        return Coerced(float(raw))
    text = _short(raw)
    if text.casefold() in _FREE:
        return Coerced(0.0, derived=True)
    amounts = list(_amounts(text, decimal_mark(locale) or "."))
    chosen = next((amount for amount in amounts if amount.currency), None) or _first(amounts)
    value, warnings = _told(chosen, amounts, text)
    return Coerced(_finite(value), warnings)


def read_integer(raw: str | float) -> Coerced:
    """An int. `4.0` is one, `4.5` is none; a mark before three digits groups, so "4.500" is 4500."""
    if not isinstance(raw, str):
        return Coerced(_whole(raw))
    if raw.isascii() and raw.isdigit() and len(raw) <= LONGEST_TEXT:
        return Coerced(int(raw))
    text = _short(raw)
    amounts = list(_amounts(text, ""))
    value, warnings = _told(_first(amounts), amounts, text)
    return Coerced(_whole(value), warnings)


def _short(raw: str) -> str:
    text = plain_digits(raw[: 4 * LONGEST_TEXT])
    if len(text) > LONGEST_TEXT:
        raise CoercionError("the text is too long for a number")
    return text


def _first(amounts: list[_Amount]) -> _Amount:
    """The first number that is no part of a word, as the 14 of "iPhone14" is."""
    if not amounts:
        raise CoercionError("there is no number in the text")
    return next((amount for amount in amounts if not amount.inside_word), amounts[0])


def _amounts(text: str, mark: str) -> Iterator[_Amount]:
    for match in _NUMBER.finditer(text):
        amount = _amount(text, match, mark)
        if amount is not None:
            yield amount


def _amount(text: str, match: re.Match[str], mark: str) -> _Amount | None:
    """The number at a match; None when its marks make no number, as in 01.02.2024 or 1.2.3."""
    before, minus = _without_minus(text[: match.start()])
    power, end = _scale(text, match.end())
    word_before, word_after = _WORD_BEFORE.search(before), _WORD_AFTER.match(text, end)
    begin, currency = match.start(), ""
    if word_before and _is_currency(word_before[1]):
        begin, currency = word_before.start(), word_before[1]
        before, outer_minus = _without_minus(before[:begin])
        minus = minus or outer_minus
    elif word_after and _is_currency(word_after[1]):
        end, currency = word_after.end(), word_after[1]
    digits = _decimal(match[0], _mark_beside(currency, mark))
    if digits is None:
        return None
    negative = minus and (not before or before[-1] in " (:" or begin < match.start())
    return _Amount(
        value=-Decimal(digits) if negative else Decimal(digits),
        power=power,
        currency=currency,
        begin=begin,
        end=end,
        inside_word=not currency and before[-1:].isalpha(),
    )


def _without_minus(before: str) -> tuple[str, bool]:
    return (before[:-1], True) if before[-1:] in ("-", "−") else (before, False)


def _scale(text: str, end: int) -> tuple[int, int]:
    """The power of ten that a word after the number stands for, and where that word ends."""
    letter = _SCALE_LETTER.match(text, end)
    if letter:
        return _LETTERS[letter[1] or letter[2]], letter.end()
    word = _SCALE_WORD.match(text, end)
    if word and word[1].casefold() in _WORDS:
        return _WORDS[word[1].casefold()], word.end()
    return 0, end


def _is_currency(word: str) -> bool:
    bare = word.strip(".")
    return bool(bare) and (bare in _CURRENCIES or "Sc" in (category(bare[0]), category(bare[-1])))


def _mark_beside(currency: str, mark: str) -> str:
    """Prices have no three decimals, so that "1.299 €" is read alike in every locale."""
    return mark if not currency or currency in _THREE_DECIMALS else ""


def _decimal(token: str, mark: str) -> str | None:
    """Digits as Python reads them. `mark` is the decimal mark where three digits could be either."""
    number = token.replace(" ", "").replace("'", "")
    marks = [char for char in number if char in ".,"]
    if not marks:
        return number
    head, last, tail = number.rpartition(marks[-1])
    if len(marks) == 1:
        fraction = len(tail) != 3 or len(head) > 3 or head in ("", "0") or number != token or last == mark
        return f"{head or 0}.{tail}" if fraction else head + tail
    if last in marks[:-1]:
        return _ungrouped(number)
    whole = _ungrouped(head)
    return whole and f"{whole}.{tail}"


def _ungrouped(number: str) -> str | None:
    one_mark = len({char for char in number if char in ".,"}) == 1
    return re.sub("[.,]", "", number) if one_mark and _GROUPED.fullmatch(number) else None


def _told(chosen: _Amount, amounts: list[_Amount], text: str) -> tuple[Decimal, tuple[str, ...]]:
    """The value of the chosen number, and what else its text says."""
    warnings = [f'the currency "{chosen.currency}" is dropped'] if chosen.currency else []
    upper = _upper_end(chosen, amounts, text)
    if upper is not None:
        power = chosen.power or upper.power
        return chosen.value.scaleb(power), (*warnings, "a range: its lower end is kept")
    rest = text[chosen.end :].strip(" .,;:)!*-–—")
    if rest and len(rest) <= _LONGEST_UNIT and not any(char.isdigit() for char in rest):
        warnings.append(f'"{rest}" is dropped')
    return chosen.scaled, tuple(warnings)


def _upper_end(lower: _Amount, amounts: list[_Amount], text: str) -> _Amount | None:
    following = next((amount for amount in amounts if amount.begin >= lower.end), None)
    if following is None or not _RANGE.fullmatch(text, lower.end, following.begin):
        return None
    return following if following.scaled > lower.scaled else None


def _finite(number: float | Decimal) -> float:
    try:
        value = float(number)
    except OverflowError:
        value = math.inf
    if not math.isfinite(value):
        raise CoercionError("the number is not finite")
    return value


def _whole(number: float | Decimal) -> int:
    if isinstance(number, float):
        _finite(number)
    if number != int(number):
        raise CoercionError(f"{number} is no whole number")
    return int(number)
