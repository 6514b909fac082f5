"""What is cut from a located text: all of it, the part between words, a part of a list, what has a shape."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

DELIMITERS = (
    " | ",
    " - ",
    " – ",
    " — ",
    " · ",
    " • ",
    " › ",
    " > ",
    " » ",
    ": ",
    ", ",
    "; ",
    " by ",
    " / ",
    "|",
    "/",
    ",",
    "(",
    ")",
)
"""Signs that set the parts of a text apart."""

_LONGEST_AFFIX = 40
_LONGEST_SHAPED = 600
_MOST_WORDS = 4


@dataclass(frozen=True, slots=True)
class Whole:
    """The text as it stands."""

    def cut(self, text: str) -> str | None:
        return text


@dataclass(frozen=True, slots=True)
class Between:
    """What follows the first `after` up to the next `before`; an empty one means the end of the text."""

    after: str = ""
    before: str = ""

    def cut(self, text: str) -> str | None:
        start = text.find(self.after)
        if start < 0:
            return None
        start += len(self.after)
        end = text.find(self.before, start) if self.before else len(text)
        return None if end < 0 else text[start:end].strip()


@dataclass(frozen=True, slots=True)
class Part:
    """One of the parts that a sign sets apart; they are counted from 0, or from -1 backwards."""

    sign: str
    number: int

    def cut(self, text: str) -> str | None:
        parts = text.split(self.sign)
        if len(parts) < 2 or not -len(parts) <= self.number < len(parts):
            return None
        return parts[self.number].strip()


@dataclass(frozen=True, slots=True)
class Shaped:
    """The only words whose signs have this shape: `9-a-9` for `16-cv-1014`, see `shape_of`."""

    shape: str

    def cut(self, text: str) -> str | None:
        if len(text) > _LONGEST_SHAPED:
            return None
        found = {
            words for words in _windows(text, self.shape.count(" ") + 1) if shape_of(words) == self.shape
        }
        return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Outside:
    """What stands before the first digit of the text, or after the last one: a currency, a unit."""

    side: Literal["before", "after"]

    def cut(self, text: str) -> str | None:
        digits = [place for place, char in enumerate(text[:_LONGEST_SHAPED]) if char.isdigit()]
        if not digits:
            return None
        part = text[: digits[0]] if self.side == "before" else text[digits[-1] + 1 :]
        return part.strip() or None


Transform: TypeAlias = Whole | Between | Part | Shaped | Outside

WHOLE = Whole()


@lru_cache(maxsize=4096)
def shape_of(text: str) -> str:
    """The signs of a text: runs of digits as 9, of letters as a, other signs as they are."""
    shape = ""
    for char in text:
        sign = "9" if char.isdigit() else "a" if char.isalpha() else char
        if sign not in "9a" or not shape.endswith(sign):
            shape += sign
    return shape


def transforms_for(text: str, start: int, end: int) -> Iterator[Transform]:
    """The ways to cut `text[start:end]`, a part of a text, from it."""
    value = text[start:end]
    for before, after in ((text[:start], text[end:]), (_last_word(text[:start]), _first_word(text[end:]))):
        if len(before) <= _LONGEST_AFFIX and len(after) <= _LONGEST_AFFIX:
            yield from _checked(text, value, Between(before, after))
    if len(text[:start]) <= _LONGEST_AFFIX:
        yield from _checked(text, value, Between(text[:start], text[end : end + 1]))
    for sign in DELIMITERS:
        parts = [part.strip() for part in text.split(sign)]
        if len(parts) > 1 and value in parts:
            number = parts.index(value)
            yield Part(sign, number)
            yield Part(sign, number - len(parts))
    yield from _checked(text, value, Outside("before"))
    yield from _checked(text, value, Outside("after"))
    if any(char.isdigit() for char in value) and value.count(" ") < _MOST_WORDS:
        yield from _checked(text, value, Shaped(shape_of(value)))


def _checked(text: str, value: str, transform: Transform) -> Iterator[Transform]:
    if transform.cut(text) == value:
        yield transform


def _windows(text: str, size: int) -> Iterator[str]:
    words = [word.strip("(),;") for word in text.split()]
    for start in range(len(words) - size + 1):
        yield " ".join(words[start : start + size])


def _last_word(text: str) -> str:
    """The last word with the white space around it."""
    bare = text.rstrip()
    return bare[bare.rfind(" ") + 1 :] + text[len(bare) :]


def _first_word(text: str) -> str:
    bare = text.lstrip()
    return text[: len(text) - len(bare)] + bare.split(" ", 1)[0]
