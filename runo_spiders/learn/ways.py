"""A way to a field's value: where to look, and what to cut from what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from runo_spiders.learn.list_ways import ListWay, list_ways_to
from runo_spiders.learn.locators import Locator, Starting
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.propose import locators_for
from runo_spiders.learn.row_ways import RowsWay, row_ways_to
from runo_spiders.learn.sight import Found, Sight
from runo_spiders.learn.sightings import sightings
from runo_spiders.learn.transforms import Transform, Whole
from runo_spiders.learn.values import Subject, Told


@dataclass(frozen=True, slots=True)
class LeafWay:
    """`locate` finds one piece, `cut` takes the raw value from it."""

    locate: Locator
    cut: Transform

    def is_near(self, index: PageIndex) -> bool:
        """Whether a page has what this way starts from."""
        return self.locate.is_near(index)

    def find(self, index: PageIndex, subject: Subject) -> Sight | None:
        """What this way leads to on a page, or None."""
        reader = subject.reader("")
        for piece in islice(self.locate.find(index), 1):
            raw = self.cut.cut(piece.text)
            key = reader.key(raw) if raw and reader else None
            if raw and key is not None:
                return Sight(key, (Found("", raw, piece),))
        return None

    @property
    def kind(self) -> str:
        return self.locate.kind


Way: TypeAlias = LeafWay | ListWay | RowsWay


def ways_to(told: Told, subject: Subject, index: PageIndex) -> Iterator[Way]:
    """All ways that lead to a value on a page, to its likeliest places first."""
    items = subject.field.items
    if items is None:
        return _leaf_ways_to(told, subject, index)
    return list_ways_to(told, subject, index) if items.is_leaf else row_ways_to(told, subject, index)


def _leaf_ways_to(told: Told, subject: Subject, index: PageIndex) -> Iterator[Way]:
    reader = subject.reader("")
    raw = told.raws.get("")
    key = reader.key(raw) if raw and reader else None
    if raw is None or reader is None or key is None:
        return
    for sighting in sightings(key, raw, reader, index):
        for locator in locators_for(sighting.piece, index):
            for transform in sighting.transforms:
                if not (isinstance(locator, Starting) and isinstance(transform, Whole)):
                    yield LeafWay(locator, transform)
