"""The places of a page where a value stands, and which of them is meant."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import nsmallest
from itertools import islice

from runo_spiders.extract.ground_amounts import Amounts
from runo_spiders.extract.ground_dates import find_dates
from runo_spiders.extract.ground_means import means
from runo_spiders.items import Scalar
from runo_spiders.page.document import collapse, string_value
from runo_spiders.page.lines import Lines, Span
from runo_spiders.page.orders import gives_orders
from runo_spiders.page.places import Element, Place
from runo_spiders.page.standing import Link, Standing
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field

_DATES = ("date", "date-time")
_MOST_PLACES = 300
"""So many places of one value are compared; a common word stands in hundreds."""

_NEAR = 4
"""So many of the nearest places are looked at in the tree."""

_FAR = 1000
_LONGEST_MEANING = 400
"""A longer text is not asked what it means."""

_Search = Callable[[Lines], Iterator[Span]]


@dataclass(frozen=True, slots=True)
class Stand:
    """Where a value stands. `seen` tells whether readers see it there."""

    text: str
    place: Place
    seen: bool


class Places:
    """Searches one page. Of several places of a value the one nearest to the current record is meant."""

    def __init__(self, page: Standing, reading: Reading) -> None:
        self._page = page
        self._reading = reading
        self._found: dict[tuple[object, ...], tuple[Span, ...]] = {}
        self._amounts: dict[int, Amounts] = {}
        self._orders: dict[tuple[int, int], bool] = {}
        self._anchor = self._page.heading
        self._around: dict[Element, int] = {}

    def go_to(self, words: str) -> None:
        """Moves on to the record that these words name."""
        spans = self._spans_of(self._page.shown, ("words", words), lambda lines: _words(lines, words))
        if spans:
            nearest = min(spans, key=lambda span: (span.start < self._anchor, abs(span.start - self._anchor)))
            self._anchor = nearest.start
            element = self._page.shown.place(nearest).element
            self._around = {each: steps for steps, each in enumerate((element, *element.iterancestors()))}

    def of_words(self, words: str) -> Stand | None:
        """Where a text stands; white space and markup do not count, and for a long one no punctuation."""
        return self._best(("words", words), lambda lines: _words(lines, words))

    def of_value(self, value: Scalar, target: Field) -> Stand | None:
        """Where something stands that the field reads as this value."""
        return self._best((value, id(target)), lambda lines: self._reads(lines, value, target))

    def of_meaning(self, value: Scalar, target: Field) -> Stand | None:
        """A whole line that the field reads as this value."""
        return self._best(("line", value, id(target)), lambda lines: self._lines(lines, value, target))

    def of_link(self, url: str) -> Link | None:
        return self._page.link(url)

    def _best(self, key: tuple[object, ...], search: _Search) -> Stand | None:
        shown = self._page.shown
        spans = self._spans_of(shown, key, search)
        if spans:
            return _stand(shown, min(nsmallest(_NEAR, spans, self._distance), key=self._rank), True)
        behind = self._page.behind
        hidden = self._spans_of(behind, key, search)
        return _stand(behind, hidden[0], False) if hidden else None

    def _distance(self, span: Span) -> tuple[bool, int]:
        return bool(self._page.shown.zone(span)), abs(span.start - self._anchor)

    def _rank(self, span: Span) -> tuple[bool, int, int]:
        """Main part before the rest, then how far up the tree the record and the place meet."""
        aside, distance = self._distance(span)
        return aside, self._steps(span) if self._around else 0, distance

    def _steps(self, span: Span) -> int:
        element = self._page.shown.place(span).element
        meeting = (self._around[each] for each in (element, *element.iterancestors()) if each in self._around)
        return next(meeting, _FAR)

    def _spans_of(self, lines: Lines, key: tuple[object, ...], search: _Search) -> tuple[Span, ...]:
        kept = (id(lines), *key)
        if kept not in self._found:
            spans = islice(search(lines), _MOST_PLACES)
            self._found[kept] = tuple(span for span in spans if not self._is_order(lines, span))
        return self._found[kept]

    def _is_order(self, lines: Lines, span: Span) -> bool:
        line = lines.line(span)
        kept = (id(lines), line.start)
        if kept not in self._orders:
            self._orders[kept] = gives_orders(lines.folded[line.start : line.end])
        return self._orders[kept]

    def _reads(self, lines: Lines, value: Scalar, target: Field) -> Iterator[Span]:
        if not isinstance(value, str):
            yield from self._amounts_in(lines).find(value, target, self._reading)
            return
        yield from _words(lines, value)
        if target.format in _DATES:
            yield from find_dates(lines, value, target, self._reading)
        elif target.format:
            yield from self._lines(lines, value, target)

    def _lines(self, lines: Lines, value: Scalar, target: Field) -> Iterator[Span]:
        for line in lines.lines(_LONGEST_MEANING):
            if means(lines.text[line.start : line.end], value, target, self._reading):
                yield line

    def _amounts_in(self, lines: Lines) -> Amounts:
        if id(lines) not in self._amounts:
            self._amounts[id(lines)] = Amounts(lines)
        return self._amounts[id(lines)]


def _words(lines: Lines, words: str) -> Iterator[Span]:
    found = False
    for span in lines.find(words):
        found = True
        yield span
    if not found:
        yield from (span for span in lines.find_long(words) if _is_within_one_zone(lines, span))


def _is_within_one_zone(lines: Lines, span: Span) -> bool:
    """A text that runs from the navigation into the main part was put together by chance."""
    return lines.zone(span) == lines.zone(Span(span.end - 1, span.end))


def _stand(lines: Lines, span: Span, seen: bool) -> Stand:
    """A place with the words that stand there; all of its words where hidden ones stand between them."""
    text, place = lines.quote(span), lines.place(span)
    if place.is_element:
        whole = collapse(string_value(place.element))
        text = text if "".join(text.split()) in "".join(whole.split()) else whole
    return Stand(text, place, seen)
