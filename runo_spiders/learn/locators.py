"""Where a value stands, in ways that hold for other pages of the template too.

Each locator finds one piece of a page, or none. A walk from a named element, from a label, a text beside a
label, a text that begins in a certain way, a leaf of embedded JSON. All are bounded look-ups: none searches
with a pattern, and each has an XPath that means the same (see `xpath`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias, TypeVar

from runo_spiders.learn.page_index import PageIndex, Piece
from runo_spiders.page.document import collapse, json_text, string_value
from runo_spiders.page.places import Element, Place, Text
from runo_spiders.schema.model import escape, unescape

LONGEST_VALUE = 20_000
"""A longer text is no value."""

_MOST_ROWS = 500
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Step:
    """The `number`th child of a tag, counted from 1; 0 means every one of them."""

    tag: str
    number: int


@dataclass(frozen=True, slots=True)
class Link:
    """An element by its tag and, where `attribute` is not empty, by the whole value of an attribute."""

    tag: str
    attribute: str = ""
    value: str = ""

    def fits(self, element: Element) -> bool:
        return element.tag == self.tag and (not self.attribute or element.get(self.attribute) == self.value)


@dataclass(frozen=True, slots=True)
class Chain:
    """Elements each within the one before as its child; the last has a name.

    `number` picks one of several: counted from 1, or -1 for the last; 0 holds only where there is just one,
    and `EVERY` takes all.
    """

    links: tuple[Link, ...]
    number: int = 0

    def find(self, index: PageIndex) -> Sequence[Element]:
        last = self.links[-1]
        found = index.elements(last.tag, last.attribute, last.value)
        around = self.links[-2::-1]
        return _picked([each for each in found if _stands_in(each, around)] if around else found, self.number)


def _stands_in(element: Element, around: Sequence[Link]) -> bool:
    """Whether the parents of an element are those of a chain, the nearest first."""
    for link in around:
        parent = element.getparent()
        if parent is None or not link.fits(parent):
            return False
        element = parent
    return True


EVERY = -2


@dataclass(frozen=True, slots=True)
class Label:
    """The element that a text stands in, when the text says nothing but `text`; see `Chain` for `number`."""

    text: str
    number: int = 0

    def numbers(self, index: PageIndex) -> Sequence[int]:
        return _picked(index.labelled.get(self.text, ()), self.number)


@dataclass(frozen=True, slots=True)
class End:
    """What of an element is read: an attribute, its `number`th text node, or (0) all of its text."""

    attribute: str = ""
    number: int = 0

    def read(self, element: Element) -> Piece | None:
        if self.attribute:
            value = element.get(self.attribute)
            return None if value is None else _piece(Place(element, self.attribute), value)
        if not self.number:
            return _piece(Place(element), string_value(element))
        text = next(islice(_texts_of(element), self.number - 1, None), None)
        return None if text is None else _piece(Place(element, text=text), text.raw)


@dataclass(frozen=True, slots=True)
class Walk:
    """Down from an element with a name; without a chain from the root of the page."""

    chain: Chain | None
    steps: tuple[Step, ...]
    end: End

    kind = "walk"

    def is_near(self, index: PageIndex) -> bool:
        """Whether a page has what the locator starts from, one or more of it."""
        if self.chain is None:
            return False
        last = self.chain.links[-1]
        return bool(index.elements(last.tag, last.attribute, last.value))

    def find(self, index: PageIndex) -> Iterator[Piece]:
        starts = [index.document.root] if self.chain is None else self.chain.find(index)
        for start in starts:
            yield from _read(start, self.steps, self.end)


@dataclass(frozen=True, slots=True)
class Beside:
    """From the element of a label `up` levels up, `over` siblings on, and down."""

    label: Label
    up: int
    over: int
    steps: tuple[Step, ...]
    end: End

    kind = "beside"

    def is_near(self, index: PageIndex) -> bool:
        return self.label.text in index.labelled

    def find(self, index: PageIndex) -> Iterator[Piece]:
        for number in self.label.numbers(index):
            element: Element | None = index.texts[number].holder
            for _ in range(self.up):
                element = None if element is None else element.getparent()
            if self.over and element is not None:
                element = next(islice(element.itersiblings("*"), self.over - 1, None), None)
            if element is not None:
                yield from _read(element, self.steps, self.end)


@dataclass(frozen=True, slots=True)
class After:
    """The `count`th text after a label, or before it when `count` is below 0."""

    label: Label
    count: int

    kind = "after"

    def is_near(self, index: PageIndex) -> bool:
        return self.label.text in index.labelled

    def find(self, index: PageIndex) -> Iterator[Piece]:
        for number in self.label.numbers(index):
            place = number + self.count
            if 0 <= place < len(index.texts):
                text = index.texts[place]
                yield Piece(Place(text.holder, text=text), index.lines[place])


@dataclass(frozen=True, slots=True)
class Starting:
    """The only text that begins with some words."""

    words: str

    kind = "starting"

    def is_near(self, index: PageIndex) -> bool:
        return bool(index.starting(self.words))

    def find(self, index: PageIndex) -> Iterator[Piece]:
        found = index.starting(self.words)
        if len(found) == 1:
            text = index.texts[found[0]]
            yield Piece(Place(text.holder, text=text), index.lines[found[0]])


@dataclass(frozen=True, slots=True)
class JsonLeaf:
    """A leaf in the `number`th script of a type, counted from 1. `*` in the pointer means every item."""

    script: str
    number: int
    pointer: str

    kind = "json"

    def is_near(self, index: PageIndex) -> bool:
        return False

    def find(self, index: PageIndex) -> Iterator[Piece]:
        scripts = index.scripts.get(self.script, ())
        if len(scripts) >= self.number:
            script = scripts[self.number - 1]
            place = Place(script)
            tokens = [unescape(token) for token in self.pointer.split("/")[1:]]
            for pointer, leaf in _follow(index.document.json_in(script.text or ""), tokens, ""):
                yield Piece(place, collapse(leaf), pointer)


Locator: TypeAlias = Walk | Beside | After | Starting | JsonLeaf


def _picked(found: Sequence[_T], number: int) -> Sequence[_T]:
    if number == EVERY:
        return found[:_MOST_ROWS]
    if number == 0:
        return found if len(found) == 1 else ()
    if number < 0:
        return found[-1:]
    return found[number - 1 : number]


def _read(start: Element, steps: Sequence[Step], end: End) -> Iterator[Piece]:
    for element in descend(start, steps):
        piece = end.read(element)
        if piece is not None:
            yield piece


def descend(start: Element, steps: Sequence[Step]) -> Iterator[Element]:
    """The elements that some steps down lead to."""
    element = start
    for place, step in enumerate(steps):
        if step.number == 0:
            for child in islice(element.iterchildren(step.tag), _MOST_ROWS):
                yield from descend(child, steps[place + 1 :])
            return
        below = next(islice(element.iterchildren(step.tag), step.number - 1, None), None)
        if below is None:
            return
        element = below
    yield element


def _piece(place: Place, raw: str) -> Piece | None:
    if len(raw) > LONGEST_VALUE:
        return None
    text = collapse(raw)
    return Piece(place, text) if text else None


def _texts_of(element: Element) -> Iterator[Text]:
    """The text nodes of an element, as `text()` counts them; blank ones count."""
    if element.text:
        yield Text(element.text, element, False)
    for child in element:
        if child.tail:
            yield Text(child.tail, child, True)


def _follow(value: object, tokens: Sequence[str], pointer: str) -> Iterator[tuple[str, str]]:
    if not tokens:
        if value is not None and not isinstance(value, dict | list):
            yield pointer, json_text(value)
        return
    name, rest = tokens[0], tokens[1:]
    if isinstance(value, list):
        for number in _numbers(name, len(value)):
            yield from _follow(value[number], rest, f"{pointer}/{number}")
    elif isinstance(value, dict) and name in value:
        yield from _follow(value[name], rest, f"{pointer}/{escape(name)}")


def _numbers(name: str, length: int) -> Sequence[int]:
    """The items of an array that a token of a pointer means."""
    if name == "*":
        return range(min(length, _MOST_ROWS))
    return [int(name)] if name.isdecimal() and int(name) < length else []


def text_number(text: Text) -> int:
    """The number of a text node among those of its element."""
    for number, each in enumerate(_texts_of(text.holder), 1):
        if each.owner is text.owner and each.tail == text.tail:
            return number
    raise LookupError("the text is not of this tree")
