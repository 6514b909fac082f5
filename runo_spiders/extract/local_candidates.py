"""A candidate for a field, and how its standing on the page counts."""

from __future__ import annotations

from dataclasses import dataclass

from runo_spiders.items import Scalar
from runo_spiders.page.places import Place
from runo_spiders.page.visible import Visible
from runo_spiders.page.zones import BESIDE, CHROME, HIDDEN, STRUCK

_LOSS = ((HIDDEN, 1.5), (CHROME, 2.5), (BESIDE, 2.0), (STRUCK, 3.0))
_LOSS_BY_ZONE = tuple(sum(loss for bit, loss in _LOSS if zone & bit) for zone in range(16))
_BEFORE_TITLE = 0.8
_FAR = 300


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that may be the field's, the part of the page that says so, and how much speaks for it."""

    value: Scalar
    quote: str
    place: Place
    score: float
    derived: bool = False


def zone_loss(page: Visible, index: int) -> float:
    """What the zone of a text takes from a candidate's score."""
    return _LOSS_BY_ZONE[page.zones[index]]


def standing(page: Visible, index: int) -> float:
    """What a place adds to a candidate's score: 0 at best, right behind the page's title.

    `index` is that of a text, or of the text that follows an element without one.
    """
    loss = zone_loss(page, index)
    if page.title is None:
        return -loss - min(index / len(page.texts), 1.0)
    start, end = page.title
    if index < start:
        return -loss - _BEFORE_TITLE
    return -loss - min((index - end) / _FAR, 1.0)
