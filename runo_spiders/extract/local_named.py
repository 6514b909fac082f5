"""Values in elements whose markup names them: a class, an id or the like that speaks."""

from __future__ import annotations

from collections.abc import Iterator

from runo_spiders.extract.local_candidates import Candidate, standing
from runo_spiders.extract.local_plan import Plan, Spoken
from runo_spiders.extract.local_targets import Target
from runo_spiders.extract.local_values import CURRENCY, is_label, read, split_price
from runo_spiders.page.document import collapse
from runo_spiders.page.places import Place, Spot
from runo_spiders.page.visible import LABEL_MARKS, Span, Visible, fold
from runo_spiders.page.zones import STRUCK

_NAMED = 2.2
_CLEAR = 1.6
_IN_ATTRIBUTE = -0.3
_IN_DATA = -0.5
_BARE = 0.6
_REPEATED, _MANY = 0.5, 4
_OF_ONE_NAME = 12
_TEXTS_OF_ONE_VALUE = 12
_VALUE_ATTRIBUTES = ("content", "datetime", "value", "data-value")


def named(page: Visible, target: Target, spoken: Spoken) -> Iterator[Candidate]:
    """Candidates in the elements whose names speak of the target."""
    for clear, spots in spoken:
        score = _NAMED + _CLEAR * clear - (_REPEATED if len(spots) >= _MANY else 0.0)
        for spot in spots[:_OF_ONE_NAME]:
            candidate = _of_element(page, target, spot, score)
            if candidate is not None:
                yield candidate


def in_data(page: Visible, plan: Plan) -> Iterator[tuple[int, Candidate]]:
    """Candidates in `data-*` attributes, with the number of the target that they are for."""
    for name, spots in page.data.items():
        for number, clear in plan.heard(name[5:]):
            score = _NAMED + _CLEAR * clear + _IN_DATA
            for spot in spots[:_OF_ONE_NAME]:
                candidate = _of_attribute(page, plan.targets[number], spot, name, score)
                if candidate is not None:
                    yield number, candidate


def _of_element(page: Visible, target: Target, spot: Spot, score: float) -> Candidate | None:
    for name in _VALUE_ATTRIBUTES:
        if spot.element.get(name):
            return _of_attribute(page, target, spot, name, score + _IN_ATTRIBUTE)
    span = page.spans.get(spot.element)
    if span is None or span[1] - span[0] > _TEXTS_OF_ONE_VALUE:
        return None
    return _of_text(page, target, span, score)


def _of_text(page: Visible, target: Target, span: Span, score: float) -> Candidate | None:
    first, last = span
    score += standing(page, first)
    if last - first > 1 and fold(page.texts[first].text) in target.labels:
        first += 1
    if target.kind == "price":
        return _of_price(page, first, last, score)
    quote = read(target.kind, _without_label(page.read(first, last), target))
    if quote is None or is_label(quote):
        return None
    return Candidate(quote, quote, page.place_of(first, last), score)


def _of_price(page: Visible, first: int, last: int, score: float) -> Candidate | None:
    """The first price of an element that is not struck through; one without a currency counts less."""
    standing_texts = [index for index in range(first, last) if not page.zones[index] & STRUCK]
    if not standing_texts:
        standing_texts = [*range(first, last)]
    first, last = standing_texts[0], standing_texts[-1] + 1
    text = page.read(first, last)
    split = split_price([page.texts[index].text for index in range(first, last)])
    if split is not None:
        return Candidate(split, text, page.place_of(first, last), score, derived=True)
    quote = read("price", text)
    if quote is None:
        return None
    return Candidate(
        quote, quote, page.place_of(first, last), score - (0.0 if CURRENCY.search(text) else _BARE)
    )


def _without_label(text: str, target: Target) -> str:
    head, colon, rest = text.replace("：", ":", 1).partition(":")
    if colon and fold(head) in target.labels:
        return rest.strip()
    first, _, rest = text.replace(".", " ", 1).partition(" ")
    return rest.strip(LABEL_MARKS + ".") if rest and fold(first) in target.labels else text


def _of_attribute(page: Visible, target: Target, spot: Spot, name: str, score: float) -> Candidate | None:
    text = collapse(str(spot.element.get(name)))
    quote = read(target.kind, text) if text and len(text) <= 400 else None
    if quote is None:
        return None
    return Candidate(quote, quote, Place(spot.element, name), score + standing(page, spot.first))
