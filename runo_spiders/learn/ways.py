"""A way to a field's value: where to look, and what to cut from what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from runo_spiders.learn.locators import Locator, Starting
from runo_spiders.learn.page_index import Piece, PageIndex
from runo_spiders.learn.propose import locators_for
from runo_spiders.learn.sightings import sightings
from runo_spiders.learn.transforms import Transform, Whole
from runo_spiders.learn.values import Key, Reader


@dataclass(frozen=True, slots=True)
class Way:
    """`locate` finds one piece, `cut` takes the raw value from it."""

    locate: Locator
    cut: Transform

    def find(self, index: PageIndex, reader: Reader) -> Sight | None:
        """What this way leads to on a page, or None."""
        for piece in islice(self.locate.find(index), 1):
            raw = self.cut.cut(piece.text)
            key = reader.key(raw) if raw else None
            if raw and key is not None:
                return Sight(key, (raw,), (piece,))
        return None

    @property
    def kind(self) -> str:
        return self.locate.kind


class Sight(NamedTuple):
    """A value where a way found it: its key, the raw texts, and their pieces; one each but for a list."""

    key: Key
    raws: tuple[str, ...]
    pieces: tuple[Piece, ...]

    @property
    def slot(self) -> tuple[object, ...]:
        """The same for ways that end at the same place."""
        first = self.pieces[0]
        return (first.place.element, first.place.attribute, first.pointer, len(self.pieces))


def ways_to(key: Key, raw: str, reader: Reader, index: PageIndex) -> Iterator[Way]:
    """All ways that lead to a value on a page, to its likeliest places first."""
    for sighting in sightings(key, raw, reader, index):
        for locator in locators_for(sighting.piece, index):
            for transform in sighting.transforms:
                if not (isinstance(locator, Starting) and isinstance(transform, Whole)):
                    yield Way(locator, transform)
