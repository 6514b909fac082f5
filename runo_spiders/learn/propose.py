"""The locators by which one piece of a page could be found again on other pages of its template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice

from runo_spiders.learn.locators import (
    EVERY,
    After,
    Beside,
    Chain,
    End,
    JsonLeaf,
    Label,
    Link,
    Locator,
    Starting,
    Step,
    Walk,
    text_number,
)
from runo_spiders.learn.page_index import LABEL_LENGTH, NAMES, PageIndex, Piece
from runo_spiders.page.places import Element

_ANCHORS = 3
"""So many of the nearest named elements are walked from."""

_CLIMB = 12
_LABELS = 3
"""So many texts before a piece are tried as its label."""

_LOOK_BACK = 12
_NUMBERED = re.compile(r"\d{4}")
_PLAIN = re.compile(r"[\w:.-]+")
_LONGEST_NAME = 120


def locators_for(piece: Piece, index: PageIndex) -> Iterator[Locator]:
    """Ways to find this piece, those of one kind from the nearest to the farthest."""
    if not has_plain_path(piece.place.element):
        return
    if piece.pointer is not None:
        yield from _in_json(piece, index)
        return
    end = _end_of(piece)
    yield from _walks(piece.place.element, end, index)
    yield from _by_label(piece, end, index)


def has_plain_path(element: Element) -> bool:
    """Whether the tags of an element and of those around it can be written in an XPath."""
    return all(_is_plain(str(each.tag)) for each in (element, *element.iterancestors()))


@lru_cache(maxsize=1024)
def _is_plain(tag: str) -> bool:
    return _PLAIN.fullmatch(tag) is not None


def _end_of(piece: Piece) -> End:
    place = piece.place
    if place.attribute:
        return End(place.attribute)
    return End() if place.text is None else End(number=text_number(place.text))


def _in_json(piece: Piece, index: PageIndex) -> Iterator[Locator]:
    script = piece.place.element
    kind = script.get("type", "")
    yield JsonLeaf(kind, index.scripts[kind].index(script) + 1, piece.pointer or "")


def _walks(element: Element, end: End, index: PageIndex) -> Iterator[Locator]:
    steps: tuple[Step, ...] = ()
    anchors = 0
    current: Element | None = element
    ends = (end, End()) if end.number == 1 and not len(element) else (end,)
    while current is not None and anchors < _ANCHORS and len(steps) <= _CLIMB:
        chains = list(_chains(current, index))
        anchors += bool(chains)
        for chain in chains:
            yield Walk(chain, steps, ends[-1] if not steps else end)
        steps = (Step(str(current.tag), _number(current)), *steps)
        current = current.getparent()
    root = list(_steps_from_root(element))
    yield Walk(None, tuple(root), end)


def _chains(element: Element, index: PageIndex) -> Iterator[Chain]:
    for attribute in NAMES:
        value = element.get(attribute) or ""
        if not _is_name(value):
            continue
        links: tuple[Link, ...] = (Link(str(element.tag), attribute, value),)
        yield from _numbered(links, element, index)
        parent = element.getparent()
        if parent is not None:
            yield from _numbered((_link(parent), *links), element, index)


def _numbered(links: tuple[Link, ...], element: Element, index: PageIndex) -> Iterator[Chain]:
    every = list(Chain(links, EVERY).find(index))
    if element not in every:
        return
    if len(every) == 1:
        yield Chain(links, 0)
    yield Chain(links, every.index(element) + 1)
    if every[-1] is element:
        yield Chain(links, -1)


def _link(element: Element) -> Link:
    for attribute in NAMES:
        value = element.get(attribute) or ""
        if _is_name(value):
            return Link(str(element.tag), attribute, value)
    return Link(str(element.tag))


def _number(element: Element) -> int:
    return 1 + sum(1 for _ in element.itersiblings(element.tag, preceding=True))


def _steps_from_root(element: Element) -> Iterator[Step]:
    line = [element, *element.iterancestors()][:-1]
    for each in reversed(line):
        yield Step(str(each.tag), _number(each))


def _by_label(piece: Piece, end: End, index: PageIndex) -> Iterator[Locator]:
    number = _text_number_on_page(piece, index)
    if number is None:
        return
    element = piece.place.element
    tried = 0
    for back in range(1, _LOOK_BACK + 1):
        before = number - back
        if before < 0 or tried >= _LABELS:
            break
        words = index.lines[before]
        if not _is_label(words):
            continue
        tried += 1
        for label in _labels(words, before, index):
            if not piece.place.attribute and piece.place.text is not None:
                yield After(label, back)
            yield from _beside(label, index.texts[before].holder, element, end)
    following = number + 1
    if piece.place.text is not None and following < len(index.lines) and _is_label(index.lines[following]):
        for label in _labels(index.lines[following], following, index):
            yield After(label, -1)
    yield from _starting(piece, index, number)


def _starting(piece: Piece, index: PageIndex, number: int) -> Iterator[Locator]:
    words = index.lines[number].split(" ")
    for count in (1, 2):
        start = " ".join(words[:count]) + " "
        if piece.place.text is not None and count < len(words) and _is_label(start):
            yield Starting(start)


def _is_label(words: str) -> bool:
    return len(words) <= LABEL_LENGTH and any(char.isalpha() for char in words) and _is_quotable(words)


@lru_cache(maxsize=8192)
def _is_name(value: str) -> bool:
    """Whether a value of a naming attribute may be the same on other pages; long numbers are of one page."""
    return 0 < len(value) <= _LONGEST_NAME and not _NUMBERED.search(value) and _is_quotable(value)


def _is_quotable(text: str) -> bool:
    """Whether a text can stand in an XPath."""
    return '"' not in text and " ".join(text.split()).isprintable()


def _labels(words: str, number: int, index: PageIndex) -> Iterator[Label]:
    same = index.labelled.get(words, [])
    if len(same) == 1:
        yield Label(words)
    if number in same:
        yield Label(words, same.index(number) + 1)


def _text_number_on_page(piece: Piece, index: PageIndex) -> int | None:
    """The number of the piece's own text, else of the first text in or after its element."""
    text = piece.place.text
    if text is not None:
        return index.number_of.get((text.owner, text.tail))
    for element in islice(piece.place.element.iter(), 20):
        found = index.number_of.get((element, False))
        if found is not None:
            return found
    return None


def _beside(label: Label, holder: Element, element: Element, end: End) -> Iterator[Locator]:
    """From the label up to the common ancestor's child, over, and down."""
    line = [element, *islice(element.iterancestors(), _CLIMB)]
    up = 0
    current: Element | None = holder
    while current is not None and up < _CLIMB:
        if current in line:
            yield Beside(label, up, 0, _down(line, line.index(current)), end)
            return
        parent = current.getparent()
        if parent is not None and parent in line and line.index(parent) > 0:
            top = line.index(parent) - 1
            over = _distance(current, line[top])
            if over:
                yield Beside(label, up, over, _down(line, top), end)
            return
        current, up = parent, up + 1


def _down(line: list[Element], top: int) -> tuple[Step, ...]:
    return tuple(Step(str(each.tag), _number(each)) for each in reversed(line[:top]))


def _distance(start: Element, target: Element) -> int:
    for number, sibling in enumerate(start.itersiblings("*"), 1):
        if sibling is target:
            return number
    return 0


def steps_between(top: Element, element: Element) -> tuple[Step, ...]:
    """The steps from an element down to one within it."""
    steps: list[Step] = []
    current: Element | None = element
    while current is not None and current is not top:
        steps.append(Step(str(current.tag), _number(current)))
        current = current.getparent()
    return tuple(reversed(steps))
