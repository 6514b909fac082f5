"""Where on a page a known value stands: whole pieces first, then parts of longer ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from runo_spiders.learn.page_index import LONGEST, PageIndex, Piece, fold
from runo_spiders.learn.transforms import WHOLE, Transform, transforms_for
from runo_spiders.learn.values import Key, Reader

MOST_PIECES = 14
_MOST_PARTS = 8
_BESIDE = 60
"""Characters that may stand beside a number or a date in the text that it is read from."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A piece of a page, and how the value is cut from it."""

    piece: Piece
    transforms: tuple[Transform, ...]


def sightings(key: Key, raw: str, reader: Reader, index: PageIndex) -> list[Sighting]:
    """`raw` is the value as the teacher told it, `key` what it means to the field."""
    whole = _whole(key, len(raw) + _BESIDE, reader, index)
    found = [Sighting(piece, (WHOLE,)) for piece in islice(whole, MOST_PIECES)]
    return [*found, *islice(_parts(raw, key, reader, index), _MOST_PARTS)]


def _whole(key: Key, longest: int, reader: Reader, index: PageIndex) -> Iterator[Piece]:
    if reader.is_text:
        yield from index.keyed.get(str(key), ())
        return
    digits = _digits(key)
    for piece in index.pieces:
        near = len(piece.text) <= longest and digits in _squeezed(piece.text)
        if near and reader.key(piece.text) == key:
            yield piece


def _digits(key: Key) -> str:
    """Digits that stand in each spelling of a typed value; empty where there are none."""
    text = str(key).removesuffix(".0")
    return text if text.isdigit() else ""


def _squeezed(text: str) -> str:
    return text.replace(",", "").replace(".", "").replace(" ", "") if any(map(str.isdigit, text)) else text


def _parts(raw: str, key: Key, reader: Reader, index: PageIndex) -> Iterator[Sighting]:
    """Pieces that hold the value between other words, the shortest first."""
    words = fold(raw)
    if not words:
        return
    holding = [
        piece for piece in index.pieces if len(piece.text) <= LONGEST and words in piece.text.casefold()
    ]
    for piece in sorted(holding, key=lambda piece: len(piece.text)):
        fitting = part_of(piece, raw, key, reader)
        if fitting:
            yield Sighting(piece, fitting)


def part_of(piece: Piece, raw: str, key: Key, reader: Reader) -> tuple[Transform, ...]:
    """The ways to cut a value from a longer piece; none where it doesn't stand between borders of words."""
    span = _span(piece.text, fold(raw))
    if span is None or span == (0, len(piece.text)):
        return ()
    cuts = dict.fromkeys(transforms_for(piece.text, *span))
    return tuple(cut for cut in cuts if _means(cut, piece, key, reader))


def _means(cut: Transform, piece: Piece, key: Key, reader: Reader) -> bool:
    part = cut.cut(piece.text)
    return part is not None and reader.key(part) == key


def _span(text: str, words: str) -> tuple[int, int] | None:
    """Where the words stand in a text, between borders of words."""
    folded = text.casefold()
    if not words or len(folded) != len(text):
        return None
    start = folded.find(words)
    while start >= 0:
        end = start + len(words)
        if not _joins(text, start) and not _joins(text, end):
            return start, end
        start = folded.find(words, start + 1)
    return None


def _joins(text: str, at: int) -> bool:
    return 0 < at < len(text) and text[at - 1].isalnum() and text[at].isalnum()
