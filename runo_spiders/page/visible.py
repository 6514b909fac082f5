"""What a reader sees of a page: its pieces of text in reading order, and the names that its markup speaks.

One walk over the tree makes the index, and every question about the page is answered from it. An XPath is
computed only for the few places that end as evidence.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias, cast

from lxml import etree

from runo_spiders.page.document import Document, collapse, string_value
from runo_spiders.page.hiding import hidden_elements
from runo_spiders.page.places import Element, Place, Spot, Text
from runo_spiders.page.zones import HIDDEN, MAIN, ZONE_OF_TAG, zone_of_name, zone_of_style

Span: TypeAlias = tuple[int, int]
"""A run of texts: index of the first one, and of the one after the last."""

MAX_DEPTH = 400
"""Elements nested deeper than this are not looked at; no page that people read comes near it."""

MIN_TITLE = 10
"""A text that the page's title repeats is taken for its heading if it has so many characters."""

LABEL_LENGTH = 60
"""A text longer than this is no label."""

OPENING_LENGTH = 400
"""A text longer than this isn't looked at for a label that it may open with."""

_OPENING_READ = 2 * LABEL_LENGTH
"""So much of a text is looked at for a label: white space in it may be long."""

NAME_LENGTH = 1000
"""An attribute longer than this names nothing, nor does it hold a value."""

UNSEEN_TAGS: frozenset[object] = frozenset(
    (
        *("script", "style", "noscript", "template", "svg", "head", "iframe", "option", "math"),
        *(etree.Comment, etree.ProcessingInstruction, etree.Entity),
    )
)
INLINE_TAGS = frozenset(
    (
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "em", "font", "i", "ins"),
        *("kbd", "mark", "q", "small", "span", "strong", "sub", "sup", "time", "tt", "u", "var"),
        *("wbr", "del", "s", "strike"),
    )
)
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
NAMING = frozenset(
    (
        *("class", "id", "itemprop", "name", "rel", "property", "aria-label", "data-testid"),
        *("data-test", "data-test-id", "data-qa", "data-hook", "data-field", "data-name"),
        *("data-automation-id", "data-auto", "data-cy", "data-component", "data-element"),
        *("data-tn", "data-label", "data-th", "data-title", "data-type"),
    )
)
_TELLING = frozenset(("style", "hidden", "aria-hidden"))
_NUMERALS = "0123456789.,+½¼¾ "
LABEL_MARKS = " .:*-–—#•·|"

_new = tuple.__new__
# A page has a thousand of each: this makes a NamedTuple in half of the time that its own constructor takes.

_MOST = 0.4
_FEW_TEXTS = 30
"""An element around more than this share of the texts, and more than so many, says nothing of a zone."""


class Visible:
    """The index of one page.

    `texts` holds the text nodes in reading order, and `opens` a 1 for each of them that begins a line: behind
    a line break, at the border of a block. `spans` tells for each element with text which of them it
    contains. `marked` lists the elements whose markup speaks of a zone, `styled` those with a style of their
    own or marked as hidden. `named` maps the value of a naming attribute (a whole `class`, an `id`) to its
    elements, and `data` the name of a `data-*` attribute to those that have it.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.texts: list[Text] = []
        self.opens = bytearray()
        self.spans: dict[Element, Span] = {}
        self.named: defaultdict[str, list[Spot]] = defaultdict(list)
        self.data: defaultdict[str, list[Spot]] = defaultdict(list)
        self.marked: list[tuple[Element, int]] = []
        self.styled: list[Element] = []
        self._gap = False
        self._last_block: Element | None = None
        body = document.root.find("body")
        root = document.root if body is None else body
        self._walk(root, root, 0)

    def _walk(self, element: Element, block: Element, depth: int) -> None:
        """`block` is the innermost element around this one that is not set within a line."""
        texts = self.texts
        first = len(texts)
        attributes = element.items()
        tag = element.tag
        zone = ZONE_OF_TAG.get(tag, MAIN)
        if attributes:
            zone |= self._note(_new(Spot, (element, first)), attributes)
        if zone:
            self.marked.append((element, zone))
        if tag not in INLINE_TAGS:
            block = self._begin(element)
        text = element.text
        if text:
            self._keep(text, element, False, block)
        for child in element:
            if child.tag not in UNSEEN_TAGS and depth < MAX_DEPTH:
                self._walk(child, block, depth + 1)
            text = child.tail
            if text:
                self._keep(text, child, True, block)
        if len(texts) > first:
            self.spans[element] = (first, len(texts))

    def _begin(self, block: Element) -> Element:
        if block.tag == "br":
            # What follows opens a line, though it may stand in the same block as what was before.
            self._last_block = None
        return block

    def _keep(self, raw: str, owner: Element, tail: bool, block: Element) -> None:
        if raw.isspace():
            self._gap = True
            return
        # The white space between two elements belongs to the line that they stand in.
        self.texts.append(_new(Text, (" " + raw if self._gap else raw, owner, tail)))
        self._gap = False
        self.opens.append(block is not self._last_block or owner.tag not in INLINE_TAGS)
        self._last_block = block

    def _note(self, spot: Spot, attributes: Sequence[tuple[Any, Any]]) -> int:
        """Notes the names of an element, and returns the zone that its attributes tell."""
        zone = MAIN
        for key, value in attributes:
            if key not in NAMING:
                if key in _TELLING or key.startswith("data-"):
                    zone |= self._note_other(spot, key, value)
            elif len(value) <= NAME_LENGTH:
                self.named[value].append(spot)
                if key in ("class", "id"):
                    zone |= zone_of_name(value)
        return zone

    def _note_other(self, spot: Spot, key: str, value: str) -> int:
        if key in _TELLING:
            self.styled.append(spot.element)
        if len(value) > NAME_LENGTH:
            return MAIN
        if key == "style":
            return zone_of_style(value)
        if key == "hidden":
            return HIDDEN
        if value and key != "aria-hidden":
            self.data[key].append(spot)
        return MAIN

    @cached_property
    def zones(self) -> bytearray:
        """The zone of each text; elements around the title or around most of the page mark none."""
        zones = bytearray(len(self.texts) + 1)
        for element, zone in self.parts:
            for index in range(*self.spans[element]):
                zones[index] |= zone
        return zones

    @cached_property
    def parts(self) -> list[tuple[Element, int]]:
        """Those of `marked` that are a part of the page, see `is_part`."""
        return [each for each in self.marked if self.is_part(each[0])]

    @cached_property
    def hidden(self) -> set[Element]:
        """The elements that a reader does not see, see `hidden_elements`."""
        return hidden_elements(self.document, self.styled, self.spans)

    def is_part(self, element: Element) -> bool:
        """Whether an element has text, but neither the title nor most of the page's text."""
        span = self.spans.get(element)
        if span is None:
            return False
        first, last = span
        most, title = self._bounds
        return last - first <= most and not first <= title < last

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """How many texts a part has at most, and which text it does not have: the title's first."""
        return max(_FEW_TEXTS, int(_MOST * len(self.texts))), self.title[0] if self.title else -1

    @cached_property
    def title(self) -> Span | None:
        """Where the page's main heading stands: a heading element, or the text that the title repeats."""
        named = fold(self.document.root.findtext(".//title") or "")
        heading = _main_heading(self.document.root, named)
        span = None if heading is None else self.spans.get(heading)
        if heading is None or span is None:
            return self._repeated_title(named)
        text = self.read(*span)
        sure = len(text) >= MIN_TITLE or (heading.tag == "h1" and named.startswith(fold(text)))
        return span if sure else self._repeated_title(named) or span

    def _repeated_title(self, named: str) -> Span | None:
        repeated = [key for key in self.lines if len(key) >= MIN_TITLE and key in named]
        for key in sorted(repeated, key=lambda key: (not named.startswith(key), -len(key))):
            for index in self.lines[key]:
                if fold(self.texts[index].raw) == key:
                    return index, index + 1
        return None

    @cached_property
    def lines(self) -> dict[str, list[int]]:
        """Folded short texts, whole and up to their first colon or word, to the texts that they open."""
        found: dict[str, list[int]] = {}
        for index, (raw, _, _) in enumerate(self.texts):
            if len(raw) <= OPENING_LENGTH:
                for key in _openings(raw):
                    found.setdefault(key, []).append(index)
        return found

    def place_of(self, first: int, last: int) -> Place:
        """The smallest node that holds the texts from `first` up to, not with, `last`."""
        text = self.texts[first]
        if last - first == 1:
            return Place(text.holder, text=text)
        element = text.holder
        while self.spans[element][1] < last:
            element = cast(Element, element.getparent())
        return Place(element)

    def read(self, first: int, last: int) -> str:
        """The texts from `first` up to `last` as one line; blocks are set apart by a space."""
        if last - first == 1:
            return self.texts[first].text
        parts = [self.texts[first].raw]
        for text in self.texts[first + 1 : last]:
            joined = text.owner.tag in INLINE_TAGS
            parts.append(text.raw if joined else " " + text.raw)
        return collapse("".join(parts))

    def line_end(self, first: int, end: int) -> int:
        """Where the line that starts at `first` ends: at a block, a line break, or `end`."""
        following = self.opens.find(1, first + 1, end)
        return end if following < 0 else following


def fold(text: str) -> str:
    """A text as labels are compared: lower case, one kind of colon, no marks at the ends."""
    return collapse(text.lower().replace("：", ":")).strip(LABEL_MARKS)


def _openings(raw: str) -> tuple[str, ...]:
    start = raw[:_OPENING_READ]
    if "：" in start:
        start = start.replace("：", ":")
    head, colon, _ = start.partition(":")
    if not colon and len(raw) > _OPENING_READ:
        return ()
    head = " ".join(head.lower().split())
    if len(head) > LABEL_LENGTH:
        return ()
    head = head.strip(LABEL_MARKS)
    first, space, _ = head.partition(" ")
    if head[:1].isdigit():
        return (head, first, head.lstrip(_NUMERALS)) if space else (head, head.lstrip(_NUMERALS))
    return (head, first) if space else (head,)


def _main_heading(root: Element, title: str) -> Element | None:
    """The longest `h1` that the page's title repeats, else such an `h2`, else the first `h1` with text."""
    headings = [(fold(string_value(h)), h) for h in root.iter("h1", "h2")]
    named = [(h.tag == "h1", len(text), h) for text, h in headings if len(text) > 2 and text in title]
    if named:
        return max(named, key=lambda each: each[:2])[2]
    return next((h for text, h in headings if text and h.tag == "h1"), None)
