"""What a page itself calls by a field's name: a second opinion on what a teacher tells.

A teacher can be wrong in the same way on every page, the list price for the sale price. No label contradicts
another one then; but the page may name the value it means, in its markup, its data or a label.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

from runo_spiders.learn.page_index import PageIndex, Piece
from runo_spiders.learn.values import Key, Reader
from runo_spiders.page.document import collapse, string_value
from runo_spiders.page.entity import fold as fold_name
from runo_spiders.page.places import Place
from runo_spiders.schema.model import unescape

_NAMING = ("itemprop", "property", "name", "class", "id")
_MARKS = " :：?"
_MOST_NAMED = 5
"""A name that more elements have than these is none of a single value."""

_LEAST_CASES = 2


@dataclass(frozen=True, slots=True)
class Opinion:
    """How often what pages call by the field's name was what the teacher told, and the last time not."""

    agreed: int = 0
    differed: int = 0
    told: str = ""
    named: str = ""

    def heard(self, told: str, named: str | None) -> Opinion:
        """After one page more; `named` is None where the page agrees."""
        if named is None:
            return Opinion(self.agreed + 1, self.differed, self.told, self.named)
        return Opinion(self.agreed, self.differed + 1, told, named)

    @property
    def warning(self) -> str | None:
        """A sentence if the page differs too often for chance."""
        if self.differed < _LEAST_CASES or self.differed <= 2 * self.agreed:
            return None
        total = self.agreed + self.differed
        return (
            f"on {self.differed} of {total} pages the model's answer is not what the page calls by this name:"
            f" {self.told!r}, and the page says {self.named!r}"
        )


def second_opinion(key: Key, names: Collection[str], reader: Reader, index: PageIndex) -> str | bool | None:
    """True if something that the page calls by one of the (folded) names is this value, else such a text, and
    None where nothing is called so."""
    differing: str | None = None
    for piece in _named(names, index):
        found = reader.key(piece.text)
        if found == key:
            return True
        if found is not None and differing is None:
            differing = piece.text
    return differing


def _named(names: Collection[str], index: PageIndex) -> Iterator[Piece]:
    yield from _in_json(names, index)
    yield from _in_markup(names, index)
    yield from _after_label(names, index)


def _in_json(names: Collection[str], index: PageIndex) -> Iterator[Piece]:
    for piece in index.pieces:
        if piece.pointer is not None:
            tokens = [token for token in piece.pointer.split("/")[1:] if not token.isdigit()]
            if tokens and fold_name(unescape(tokens[-1])) in names:
                yield piece


def _in_markup(names: Collection[str], index: PageIndex) -> Iterator[Piece]:
    for (attribute, value), elements in index.named.items():
        if attribute in _NAMING and fold_name(value) in names and len(elements) <= _MOST_NAMED:
            for element in elements:
                for part in ("content", "datetime"):
                    if element.get(part):
                        yield Piece(Place(element, part), collapse(element.get(part, "")))
                yield Piece(Place(element), collapse(string_value(element)))


def _after_label(names: Collection[str], index: PageIndex) -> Iterator[Piece]:
    for words, numbers in index.labelled.items():
        if fold_name(words.rstrip(_MARKS)) in names and len(numbers) <= _MOST_NAMED:
            for number in numbers:
                for following in islice(index.texts[number + 1 :], 1):
                    yield Piece(Place(following.holder, text=following), following.text)
