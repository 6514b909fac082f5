"""What a page says about how many records it shows: "1-20 of 345", in many languages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from runo_spiders.page.characters import seen
from runo_spiders.page.visible import Visible
from runo_spiders.page.zones import HIDDEN

_LONGEST = 160
"""A longer text is prose, whose numbers count other things."""

_NUMBER = r"(\d{1,3}(?:[.,'\u00a0\u202f ]\d{3})+|\d{1,9})"
_TO = r"\s*(?:[-~\u2010-\u2014\u301c\uff5e]|to|bis|a|à|al|til|till|t/m|do|до|到|至)\s*"
_RANGE = _NUMBER + _TO + _NUMBER
_OF = (
    r"(?:of|out of|von|insgesamt|de|sur|di|van|av|af|z|ze|din|dari|из|з|από|trong|מתוך|من|/"
    r"|over|about|around|more than|total|mehr als|über|plus de|más de|mais de|più di|cerca|ca\.?)"
)
_ALONE = r"(?<![\d.,/-])"
_ENDS = r"(?![\d/-])"
_COUNTED = r"[^\d\n]{0,24}?"
"""What is counted, between its number and the next word."""

_PATTERNS = (
    # 1-20 of 345, 1 bis 20 von insgesamt 345
    (rf"(?i){_ALONE}{_RANGE}{_COUNTED}(?<![a-z]){_OF}(?![a-z])(?:\s{_OF})*\s*{_NUMBER}{_ENDS}", (1, 2, 3)),
    # 345件中 1-20件
    (rf"{_ALONE}{_NUMBER}\s*[件条條个個개건]\s*[中중]?[^\d\n]{{0,8}}?{_RANGE}{_ENDS}", (2, 3, 1)),
    # 345 üründen 1-20
    (rf"(?i){_ALONE}{_NUMBER}{_COUNTED}(?:den|dan|ten|tan)\s+{_RANGE}{_ENDS}", (2, 3, 1)),
)
_READ = tuple((re.compile(pattern), order) for pattern, order in _PATTERNS)
_MARKS = re.compile(r"\D")


@dataclass(frozen=True, slots=True)
class Count:
    """The first and the last of the records that a page shows, counted from 1, and how many there are."""

    first: int
    last: int
    total: int

    @property
    def shown(self) -> int:
        """How many records are on this page."""
        return self.last - self.first + 1


def count_in(text: str) -> Count | None:
    """What a text says of how many records are shown; None if it says nothing that can be true."""
    for pattern, order in _READ:
        for found in pattern.finditer(text):
            count = Count(*(int(_MARKS.sub("", found[group])) for group in order))
            if 1 <= count.first <= count.last <= count.total:
                return count
    return None


def count_on(page: Visible) -> Count | None:
    """The first such statement on a page; it often stands among the links to other pages."""
    return next(filter(None, map(count_in, _lines(page))), None)


def _lines(page: Visible) -> Iterator[str]:
    index = 0
    while index < len(page.texts):
        end = page.line_end(index, len(page.texts))
        if not page.zones[index] & HIDDEN:
            line = seen(page.read(index, end))
            if len(line) <= _LONGEST and any(map(str.isdigit, line)):
                yield line
        index = end
