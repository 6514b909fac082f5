"""A value where a way found it on a page."""

from __future__ import annotations

from typing import NamedTuple

from runo_spiders.learn.page_index import Piece
from runo_spiders.learn.values import Key


class Found(NamedTuple):
    """One leaf: its pointer below the field, the raw text, and the piece it was cut from."""

    pointer: str
    raw: str
    piece: Piece


class Sight(NamedTuple):
    """A whole value; of a list with all its leaves."""

    key: Key
    leaves: tuple[Found, ...]

    @property
    def slot(self) -> tuple[object, ...]:
        """The same for ways that end at the same place."""
        place = self.leaves[0].piece.place
        return (place.element, place.attribute, self.leaves[0].piece.pointer, len(self.leaves))
