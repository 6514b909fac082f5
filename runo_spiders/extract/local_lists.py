"""Lists of values: what stands under a heading, behind a label, or in elements that are named alike."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from runo_spiders.extract.labels import Kind
from runo_spiders.extract.local_candidates import Candidate, standing, zone_loss
from runo_spiders.extract.local_plan import Spoken
from runo_spiders.extract.local_targets import Target, openings_on
from runo_spiders.extract.local_values import is_label, read
from runo_spiders.page.places import Element
from runo_spiders.page.visible import HEADINGS, Span, Visible, fold

Items: TypeAlias = Sequence[Span]

MAX_ITEMS = 200
MAX_HITS = 20
"""How often one label is looked at on a page."""

_LONGEST_SECTION = 400
_ITEM_TAGS = ("li", "tr", "p", "dd")
_UNDER_HEADING = 4.4
_NAMED_EACH = 4.1
_FEW = 0.8
_TEXTS_BETWEEN_PEOPLE = 2
_BETWEEN = re.compile(r"\s*[,;|·•、]\s*")
_BETWEEN_PEOPLE = re.compile(r"\s*(?:[,;|·•、/]|\s(?:and|und|et|y|e|en|och|og|och|oraz|i|и|&)\s)\s*")


@dataclass(frozen=True, slots=True)
class Listing:
    """A list that may be the field's: the items in order, and how much speaks for it."""

    items: tuple[Candidate, ...]
    score: float


def listings(page: Visible, target: Target, spoken: Spoken) -> Iterator[Listing]:
    """Lists that may be what the target asks for; `spoken` are the elements whose names speak of it."""
    named = _named(page, target, spoken)
    for found in named if target.kind_of_items == "person" else (*_under_labels(page, target), *named):
        if found.items:
            few = _FEW if len(found.items) == 1 else 0.0
            yield Listing(found.items[:MAX_ITEMS], found.score - few)


def parts_of(line: Candidate, kind: Kind) -> tuple[Candidate, ...]:
    """The values that a line names one after the other: `Jane Doe and John Roe`, `red, green, blue`."""
    between = _BETWEEN_PEOPLE if kind == "person" else _BETWEEN
    parts = [part.strip() for part in between.split(line.quote)]
    return tuple(replace(line, value=part, quote=part) for part in parts if read(kind, part))


def _under_labels(page: Visible, target: Target) -> Iterator[Listing]:
    for rank, label in _present(page, target):
        for index in page.lines[label][:MAX_HITS]:
            if fold(page.texts[index].raw) == label:
                section = _section(page, target, index)
                score = _UNDER_HEADING - rank * 0.01 - zone_loss(page, index)
                heading = page.texts[index].holder.tag in HEADINGS
                yield Listing(tuple(_items(page, target, section)), score + (0.3 if heading else 0.0))


def _present(page: Visible, target: Target) -> Iterator[tuple[int, str]]:
    for opening in openings_on(page, target):
        yield from ((rank, label) for label, rank in target.openings[opening] if label == opening)


def _section(page: Visible, target: Target, index: int) -> Span:
    """From behind a label up to the next heading of its rank, or the next label of something else."""
    rank = _rank(page.texts[index].holder)
    end = min(len(page.texts), index + _LONGEST_SECTION)
    for following in range(index + 1, end):
        text = page.texts[following]
        other = text.owner
        found = _rank(text.holder)
        if found is not None and (rank is None or found <= rank) and not text.tail:
            return index + 1, following
        if len(text.raw) < 40 and other.tag not in _ITEM_TAGS and _names_another(text.text, target):
            return index + 1, following
    return index + 1, end


def _names_another(text: str, target: Target) -> bool:
    return is_label(text) and fold(text) not in target.labels and not text.rstrip().endswith((":", "："))


def _rank(element: Element) -> int | None:
    """The rank of the heading that an element is or stands in."""
    for each in (element, element.getparent()):
        if each is not None and each.tag in HEADINGS:
            return HEADINGS.index(each.tag)
    return None


def _items(page: Visible, target: Target, section: Span) -> Iterator[Candidate]:
    """The items of a section: of its first list, and of those that follow it closely."""
    spans = _spans_of_items(page, section)
    for first, last in spans:
        text = page.read(first, last)
        quote = read(target.kind_of_items, text)
        if quote is not None:
            yield Candidate(quote, quote, page.place_of(first, last), 0.0)


def _spans_of_items(page: Visible, section: Span) -> Items:
    first, last = section
    for tag in _ITEM_TAGS:
        found: list[Span] = []
        for index in range(first, last):
            element = _around(page.texts[index].holder, tag)
            span = page.spans.get(element) if element is not None else None
            if (
                span is not None
                and span[0] >= first
                and span[1] <= last
                and (not found or span[0] >= found[-1][1])
            ):
                found.append(span)
        if found:
            return found
    return []


def _around(element: Element, tag: str) -> Element | None:
    return element if element.tag == tag else next(element.iterancestors(tag), None)


def _named(page: Visible, target: Target, spoken: Spoken) -> Iterator[Listing]:
    for clear, spots in spoken:
        if clear <= 0:
            continue
        spans = _together(
            page,
            target,
            _outermost([page.spans[spot.element] for spot in spots if spot.element in page.spans]),
        )
        people = target.kind_of_items == "person"
        inner = [] if people else [item for span in spans for item in _spans_of_items(page, span)]
        if len(spans) > 1 and len(inner) <= len(spans):
            yield _listing(page, target, spans, _NAMED_EACH + clear)
        elif inner:
            yield _listing(page, target, inner, _NAMED_EACH + clear)


def _together(page: Visible, target: Target, spans: Items) -> Items:
    """The names of the people of one line; further off on the page stand those of other things."""
    if target.kind_of_items != "person" or not spans:
        return spans
    groups: list[list[Span]] = []
    for span in spans:
        if groups and span[0] - groups[-1][-1][1] <= _TEXTS_BETWEEN_PEOPLE:
            groups[-1].append(span)
        else:
            groups.append([span])
    return max(groups, key=lambda group: standing(page, group[0][0]))


def _outermost(spans: Sequence[Span]) -> Items:
    kept: list[Span] = []
    for span in sorted(spans, key=lambda each: (each[0], -each[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept


def _listing(page: Visible, target: Target, spans: Items, score: float) -> Listing:
    items = []
    for first, last in spans:
        text = page.read(first, last)
        quote = read(target.kind_of_items, text)
        if quote is not None:
            items.append(Candidate(quote, quote, page.place_of(first, last), 0.0))
    return Listing(tuple(items), score - zone_loss(page, spans[0][0]))
