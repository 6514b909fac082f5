"""A page's text as lines that are searched at once, with the way back from each match to its nodes.

What stands in one block of the page is one line, whatever inline markup it is split by. Searching is blind
to case, to the kinds of spaces, quotes and dashes, and to the script that digits are written in.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, compress
from typing import NamedTuple

from runo_spiders.page.document import collapse
from runo_spiders.page.places import Element, Origin, Place, place_of

LONG_TEXT = 12
"""Letters and digits of a text that may run over several lines: a shorter one would be found by chance."""

LONGEST_LITERAL = 200
"""Characters of a text that is searched for token by token."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
_NO_WORD = re.compile(r"[\W_]+")


class Piece(NamedTuple):
    """A text of the page. `opens` tells that it begins a line; `zone` is that of `page.zones`."""

    raw: str
    origin: Origin
    opens: bool = True
    zone: int = 0


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the text of `Lines`, by its offsets."""

    start: int
    end: int


class Lines:
    """The text of some pieces. `text` holds them line by line, `folded` the same as it is searched.

    Both have the same length, so that a span of one is a span of the other.
    """

    def __init__(self, pieces: Iterable[Piece]) -> None:
        self._pieces = tuple(pieces)
        parts = [f"\n{_spaced(each.raw)}" if each.opens else _spaced(each.raw) for each in self._pieces]
        self._starts = list(accumulate(map(len, parts), initial=0))
        self.text = "".join(parts)
        # Piece by piece: one character that is not ASCII makes a whole text slow to translate.
        self.folded = "".join(map(_folded, parts))

    def find(self, words: str) -> Iterator[Span]:
        """Where a text stands within a line, as whole words and numbers; white space does not count."""
        tokens = _TOKEN.findall(fold(words))
        if not tokens or len(words) > LONGEST_LITERAL:
            return
        pattern = re.compile(_whole(tokens))
        start = self.folded.find(tokens[0])
        while start >= 0:
            match = pattern.match(self.folded, start)
            if match:
                yield Span(start, match.end())
            start = self.folded.find(tokens[0], start + 1)

    def find_long(self, words: str) -> Iterator[Span]:
        """Where a long text stands, over the borders of lines and whatever its punctuation."""
        literal = fold(collapse(words))
        start = self.folded.find(literal) if len(literal) > LONGEST_LITERAL else -1
        if start >= 0:
            yield Span(start, start + len(literal))
            return
        wanted = _squeeze(fold(words))
        if len(wanted) < LONG_TEXT:
            return
        squeezed, offsets = self._squeezed
        start = squeezed.find(wanted)
        while start >= 0:
            yield Span(offsets[start], offsets[start + len(wanted) - 1] + 1)
            start = squeezed.find(wanted, start + len(wanted))

    @cached_property
    def _squeezed(self) -> tuple[str, list[int]]:
        """The letters and digits of the text, and where each of them stands in it."""
        kept = map(str.isalnum, self.folded)
        return _squeeze(self.folded), list(compress(range(len(self.folded)), kept))

    def quote(self, span: Span) -> str:
        """The text of a span as the page has it, white space collapsed."""
        return collapse(self.text[span.start : span.end])

    def line(self, span: Span) -> Span:
        """The whole line that a span begins in."""
        start, end = self.text.rfind("\n", 0, span.start + 1), self.text.find("\n", span.start + 1)
        return Span(start + 1, len(self.text) if end < 0 else end)

    def whole_words(self, span: Span) -> Span:
        """A span without the parts of words at its ends."""
        start, end, text = span.start, span.end, self.text
        while start < end and text[start].isalnum() and text[start - 1 : start].isalnum():
            start += 1
        while end > start and text[end - 1].isalnum() and text[end : end + 1].isalnum():
            end -= 1
        return Span(start, end)

    def lines(self, longest: int) -> Iterator[Span]:
        """All lines of at most so many characters."""
        for match in re.finditer(rf"(?<=\n)[^\n]{{1,{longest}}}(?=\n|\Z)", self.text):
            yield Span(match.start(), match.end())

    def zone(self, span: Span) -> int:
        return self._pieces[self._at(span.start)].zone

    def place(self, span: Span) -> Place:
        """The smallest node that holds a span."""
        first, last = self._at(span.start), self._at(span.end - 1)
        if first == last:
            return place_of(self._pieces[first].origin)
        ends = (place_of(self._pieces[each].origin).element for each in (first, last))
        return Place(_common(*ends))

    def start_of(self, piece: int) -> int:
        """The offset at which a piece begins."""
        return self._starts[piece]

    def is_border(self, offset: int) -> bool:
        """Whether a piece begins at an offset."""
        return self._starts[self._at(offset)] == offset

    def _at(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1


def fold(text: str) -> str:
    """Text as it is searched; it keeps its length."""
    return _folded(_spaced(text))


def _spaced(text: str) -> str:
    """All white space and what is invisible as plain spaces."""
    return text if text.isascii() and text.isprintable() else text.translate(_SPACES)


def _folded(text: str) -> str:
    return text.lower().replace("`", "'") if text.isascii() else text.translate(_FOLD)


def _squeeze(folded: str) -> str:
    return "".join(filter(str.isalnum, folded))


def _whole(tokens: list[str]) -> str:
    """A pattern for tokens that are no part of a longer word or number."""
    body = " *".join(map(re.escape, tokens))
    return f"{_before(tokens[0])}{body}{_after(tokens[-1])}"


def _before(token: str) -> str:
    if token[0].isdigit():
        return r"(?<!\d)(?<!\d[.,])"
    return r"(?<![^\W\d_])" if _is_spaced(token[0]) else ""


def _after(token: str) -> str:
    if token[-1].isdigit():
        return r"(?!\d|[.,]\d)"
    return r"(?![^\W\d_])" if _is_spaced(token[-1]) else ""


def _is_spaced(char: str) -> bool:
    """Whether a letter is of a script that parts its words by spaces, as those with two cases do."""
    return char.lower() != char.upper()


def _common(first: Element, last: Element) -> Element:
    """The smallest element around two others."""
    around = {first, *first.iterancestors()}
    return next(element for element in (last, *last.iterancestors()) if element in around)


class _Folded(dict[int, str]):
    """What each character is searched as; filled as characters are met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        digit = unicodedata.decimal(char, None)
        plain = unicodedata.normalize("NFKC", char).casefold() if digit is None else str(digit)
        self[code] = plain if len(plain) == 1 and not plain.isspace() else char
        return self[code]


class _Spaces(dict[int, str]):
    """All white space and what is invisible as a plain space, other characters as they are."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        invisible = unicodedata.category(char) in ("Cc", "Cf", "Zs", "Zl", "Zp", "Cs")
        self[code] = " " if invisible else char
        return self[code]


_SPACES = _Spaces()
_FOLD = _Folded(
    {ord(char): "'" for char in "\u2018\u2019\u201b\u02bc`\u00b4"}
    | {ord(char): '"' for char in "\u201c\u201d\u201e\u201f\u00ab\u00bb"}
    | {ord(char): "-" for char in "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"}
)
