"""Long pages in chunks: cut only where a repeated record starts, each with the headings it stands under."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runo_spiders.page.rendering import Heading
from runo_spiders.page.text import PageText

_LONGEST_HEAD = 600
"""So many characters of headings and the title go before a chunk."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A part of a page's text, from offset `start` up to, not with, `end`.

    `text` is that part after its headings. `torn` tells that a single record is longer than a chunk may be,
    so that the cut at `start` goes through it.
    """

    text: str
    start: int
    end: int
    notes: tuple[str, ...]
    torn: bool = False


@dataclass(frozen=True, slots=True)
class _Cut:
    start: int
    torn: bool = False


def chunks(page: PageText, most_chars: int) -> tuple[Chunk, ...]:
    """The text in parts of at most `most_chars` characters (headings not counted); one part if it fits.

    Cuts are made where records start. A record that is too long for a chunk, and a text without records, is
    cut between lines, and a line between words.
    """
    cuts = list(_cuts(page, most_chars))
    ends = [*(cut.start for cut in cuts[1:]), len(page.text)]
    return tuple(
        Chunk(
            text=_headed(page, cut.start) + page.text[cut.start : end],
            start=cut.start,
            end=end,
            notes=page.notes if len(cuts) == 1 else (*page.notes, _numbered(number, len(cuts))),
            torn=cut.torn,
        )
        for number, (cut, end) in enumerate(zip(cuts, ends, strict=True), 1)
    )


def _numbered(number: int, count: int) -> str:
    return f"This is part {number} of {count} of the page, after the headings above it."


def _cuts(page: PageText, most: int) -> Iterator[_Cut]:
    cut = _Cut(0)
    while True:
        yield cut
        if len(page.text) - cut.start <= most:
            return
        cut = _next_cut(page, cut.start, cut.start + most)


def _next_cut(page: PageText, start: int, limit: int) -> _Cut:
    border = _last_within(page.borders, start, limit)
    if border is not None:
        return _Cut(border)
    torn = bool(page.borders) and page.borders[0] <= start and page.borders[-1] > limit
    for mark in ("\n", " "):
        at = page.text.rfind(mark, start + 1, limit)
        if at > start:
            return _Cut(at + 1, torn)
    return _Cut(limit, torn)


def _last_within(borders: Sequence[int], start: int, limit: int) -> int | None:
    """The last border after `start` up to `limit`."""
    last = bisect_right(borders, limit)
    return borders[last - 1] if last > bisect_right(borders, start) else None


def _headed(page: PageText, start: int) -> str:
    """The headings that hold at an offset, as lines: the title, one of each level, the table's head."""
    lines = [page.text[each.start : each.end] + "\n" for each in _headings_at(page, start)]
    head = "".join(dict.fromkeys(lines))
    return head if len(head) <= _LONGEST_HEAD else head[:_LONGEST_HEAD].rpartition("\n")[0] + "\n"


def _headings_at(page: PageText, offset: int) -> list[Heading]:
    holding: list[Heading] = []
    for heading in page.headings:
        if heading.end > offset:
            break
        holding = [*(each for each in holding if each.level < heading.level), heading]
    return holding
