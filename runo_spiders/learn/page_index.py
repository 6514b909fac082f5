"""What locators look things up in: the named elements and the texts of one page, each gathered once."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, cast

from lxml import etree

from runo_spiders.items import Json, Scalar
from runo_spiders.page.document import Document, collapse, json_text, string_value
from runo_spiders.page.places import Element, Place, Text
from runo_spiders.schema.model import escape

NAMES = ("id", "class", "itemprop", "name", "property", "rel", "for", "headers", "data-label", "data-testid")
"""Attributes by which a template names its parts."""

VALUES = (
    "content",
    "href",
    "src",
    "alt",
    "title",
    "value",
    "datetime",
    "data-value",
    "data-price",
    "data-src",
)
"""Attributes in which pages keep values."""

LABEL_LENGTH = 60
"""A text longer than this is no label."""

MOST_NAMED = 60
"""A name that so many elements have is looked up no further."""

LONGEST = 2_000
"""A text longer than this is compared only as a whole."""

_MIXED_LENGTH, _MIXED_PARTS = 400, 8
_MOST_LEAVES = 3_000
_JSON = ("application/ld+json", "application/json")
_UNREAD = frozenset(
    (*("script", "style", "noscript", "template"), etree.Comment, etree.ProcessingInstruction)
)

_NO_PARTS = _UNREAD | {"html", "head", "body"}

_texts = etree.XPath("//text()")
_new = tuple.__new__


class Piece(NamedTuple):
    """A part of a page that may hold a value: its text, and the leaf's pointer where the place holds JSON."""

    place: Place
    text: str
    pointer: str | None = None


class PageIndex:
    """One page. Nothing is gathered before it is asked for."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self._starting: dict[str, Sequence[int]] = {}

    @cached_property
    def named(self) -> dict[tuple[str, str], list[Element]]:
        """Elements by the name and the whole value of a naming attribute, in the order of the page."""
        found: dict[tuple[str, str], list[Element]] = {}
        for element in self.document.root.iter(etree.Element):
            for key, value in element.items():
                if key in NAMES:
                    found.setdefault(cast("tuple[str, str]", (key, value)), []).append(element)
        return found

    def elements(self, tag: str, attribute: str, value: str) -> Sequence[Element]:
        """The elements of a tag with a naming attribute of this value."""
        return [each for each in self.named.get((attribute, value), ())[:MOST_NAMED] if each.tag == tag]

    @cached_property
    def texts(self) -> list[Text]:
        """The text nodes that are not blank, in the order of the page; those of scripts are left out."""
        nodes = cast("list[etree._ElementUnicodeResult]", _texts(self.document.root))
        owned = (
            (node, cast(Element, node.getparent()), node.is_tail) for node in nodes if not node.isspace()
        )
        return [_new(Text, each) for each in owned if each[2] or each[1].tag not in _UNREAD]

    @cached_property
    def number_of(self) -> dict[tuple[Element, bool], int]:
        """The number of a text by its owner and whether it is the owner's tail."""
        return {(text.owner, text.tail): number for number, text in enumerate(self.texts)}

    @cached_property
    def lines(self) -> list[str]:
        """The texts with their white space collapsed."""
        return [collapse(text.raw) for text in self.texts]

    @cached_property
    def labelled(self) -> dict[str, list[int]]:
        """The numbers of the short texts by what they say."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, line in enumerate(self.lines):
            if len(line) <= LABEL_LENGTH:
                found[line].append(number)
        return found

    def starting(self, words: str) -> Sequence[int]:
        """The numbers of the texts that begin with these words, looked for once."""
        if words not in self._starting:
            found = [number for number, line in enumerate(self.lines) if line.startswith(words)]
            self._starting[words] = found
        return self._starting[words]

    @cached_property
    def scripts(self) -> dict[str, list[Element]]:
        """The scripts that hold JSON, by their type."""
        found: defaultdict[str, list[Element]] = defaultdict(list)
        for script in self.document.root.iter("script"):
            kind = script.get("type", "")
            if kind in _JSON and script.text:
                found[kind].append(script)
        return found

    @cached_property
    def pieces(self) -> list[Piece]:
        """Everything that may hold a value, what readers see first."""
        return [*self._text_pieces(), *self._mixed_pieces(), *self._attribute_pieces(), *self._json_pieces()]

    @cached_property
    def keyed(self) -> dict[str, list[Piece]]:
        """The pieces by what they say, see `key_of`."""
        found: defaultdict[str, list[Piece]] = defaultdict(list)
        for piece in self.pieces:
            found[fold(piece.text)].append(piece)
        return found

    def slim(self) -> None:
        """Lets go of what only a search for values needs; it is made anew when it is asked for."""
        for name in ("pieces", "keyed"):
            self.__dict__.pop(name, None)

    def _text_pieces(self) -> Iterator[Piece]:
        for text, line in zip(self.texts, self.lines, strict=True):
            yield Piece(Place(text.holder, text=text), line)

    def _mixed_pieces(self) -> Iterator[Piece]:
        """Short elements whose text is set in several parts."""
        for element in self.document.root.iter(etree.Element):
            if element.tag in _NO_PARTS or not 0 < len(element) <= _MIXED_PARTS:
                continue
            text = string_value(element)
            if len(text) <= _MIXED_LENGTH and text.strip():
                yield Piece(Place(element), collapse(text))

    def _attribute_pieces(self) -> Iterator[Piece]:
        for element in self.document.root.iter(etree.Element):
            for key, value in element.items():
                if key in VALUES and value.strip():
                    yield Piece(Place(element, str(key)), collapse(str(value)))

    def _json_pieces(self) -> Iterator[Piece]:
        for scripts in self.scripts.values():
            for script in scripts:
                left = _MOST_LEAVES
                for pointer, leaf in _leaves(self.document.json_in(script.text or ""), ""):
                    yield Piece(Place(script), collapse(json_text(leaf)), pointer)
                    left -= 1
                    if not left:
                        break


def _leaves(value: Json, pointer: str, depth: int = 24) -> Iterator[tuple[str, Scalar]]:
    if depth == 0:
        return
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _leaves(each, f"{pointer}/{escape(key)}", depth - 1)
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, f"{pointer}/{number}", depth - 1)
    elif value is not None and value != "":
        yield pointer, value


def fold(text: str) -> str:
    """A text as values are compared: compatible letters, one case, single spaces, bare ends."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_QUOTES)
    text = " ".join(text.casefold().split())
    return text.strip(_EDGES) or text


_QUOTES = str.maketrans({"’": "'", "‘": "'", "“": '"', "”": '"', "–": "-", "—": "-"})
_EDGES = " .,:;|!?-·•*()[]{}'\"/\\"
