"""Ways to all items of a list: pieces that differ in one number of their path, or parts of one text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import islice

from runo_spiders.learn.locators import EVERY, Beside, JsonLeaf, Locator, Step, Walk
from runo_spiders.learn.page_index import PageIndex, Piece, fold
from runo_spiders.learn.propose import locators_for
from runo_spiders.learn.sight import Found, Sight
from runo_spiders.learn.sightings import sightings
from runo_spiders.learn.transforms import WHOLE, Transform
from runo_spiders.learn.values import Reader, Subject, Told

SIGNS = (", ", "; ", " and ", " & ", " | ", " / ", " · ", " • ", ",", ";", "|", "/")
"""What sets the items of a list apart within one text."""

_MOST_ITEMS = 500
_PIECES = 6
_LAST_STEPS = 6
_LONGEST = 2_000


@dataclass(frozen=True, slots=True)
class ListWay:
    """`locate` finds a piece for each item; with a `sign` it finds one, which the sign parts."""

    locate: Locator
    cut: Transform = WHOLE
    sign: str = ""

    def is_near(self, index: PageIndex) -> bool:
        """Whether a page has what this way starts from."""
        return self.locate.is_near(index)

    def find(self, index: PageIndex, subject: Subject) -> Sight | None:
        """All items; None where there are none, or one of them can't be read."""
        leaves = []
        for number, (raw, piece) in enumerate(islice(self._items(index), _MOST_ITEMS)):
            leaves.append(Found(f"/{number}", raw, piece))
        key = subject.key({leaf.pointer: leaf.raw for leaf in leaves})
        return None if key is None else Sight(key, tuple(leaves))

    def _items(self, index: PageIndex) -> Iterator[tuple[str, Piece]]:
        if self.sign:
            for piece in islice(self.locate.find(index), 1):
                text = self.cut.cut(piece.text) or ""
                yield from ((item.strip(), piece) for item in text.split(self.sign) if item.strip())
            return
        for piece in self.locate.find(index):
            raw = self.cut.cut(piece.text)
            if raw:
                yield raw, piece

    @property
    def kind(self) -> str:
        return f"{self.locate.kind} parted" if self.sign else f"{self.locate.kind} list"


def list_ways_to(told: Told, subject: Subject, index: PageIndex) -> Iterator[ListWay]:
    """The ways that find just the items that were told on this page."""
    key = subject.key(told.raws)
    reader = subject.reader("/0")
    if key is None or reader is None:
        return
    for way in dict.fromkeys((*_in_pieces(told, reader, index), *_in_one_text(told, index))):
        sight = way.find(index, subject)
        if sight is not None and sight.key == key:
            yield way


def _in_pieces(told: Told, reader: Reader, index: PageIndex) -> Iterator[ListWay]:
    for raw in islice(dict.fromkeys(told.raws.values()), 2):
        key = reader.key(raw)
        if key is None:
            continue
        for sighting in sightings(key, raw, reader, index)[:_PIECES]:
            for locator in locators_for(sighting.piece, index):
                for cut in sighting.transforms[:3]:
                    yield from (ListWay(each, cut) for each in (locator, *generalised(locator)))


def _in_one_text(told: Told, index: PageIndex) -> Iterator[ListWay]:
    items = [fold(raw) for raw in told.raws.values()]
    holding = (piece for piece in index.pieces if len(piece.text) <= _LONGEST and _holds(piece.text, items))
    for piece in islice(holding, _PIECES):
        for locator in locators_for(piece, index):
            yield from (
                ListWay(locator, WHOLE, sign) for sign in SIGNS if sign in piece.text or len(items) == 1
            )


def _holds(text: str, items: list[str]) -> bool:
    """Whether a text is these items and little else."""
    folded = text.casefold()
    return len(text) <= sum(map(len, items)) + 6 * len(items) and all(item in folded for item in items)


def generalised(locator: Locator) -> Iterator[Locator]:
    """The locator with one of its numbers left open."""
    if isinstance(locator, Walk):
        if locator.chain is not None:
            yield replace(locator, chain=replace(locator.chain, number=EVERY))
        yield from (replace(locator, steps=steps) for steps in _opened(locator.steps))
    elif isinstance(locator, Beside):
        yield from (replace(locator, steps=steps) for steps in _opened(locator.steps))
    elif isinstance(locator, JsonLeaf):
        tokens = locator.pointer.split("/")
        for place, token in enumerate(tokens):
            if token.isdigit():
                yield replace(locator, pointer="/".join([*tokens[:place], "*", *tokens[place + 1 :]]))


def _opened(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    for place in range(max(0, len(steps) - _LAST_STEPS), len(steps)):
        yield (*steps[:place], replace(steps[place], number=0), *steps[place + 1 :])
