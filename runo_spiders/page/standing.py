"""All that stands on a page, as grounding looks through it: what is shown, what is behind it, its links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, cast

from lxml import etree

from runo_spiders.page.document import Document
from runo_spiders.page.lines import Lines, Piece
from runo_spiders.page.places import Element, Place, Text
from runo_spiders.page.visible import Visible
from runo_spiders.page.zones import HIDDEN
from runo_spiders.schema.links import read_link
from runo_spiders.schema.reading import CoercionError

_SPOKEN = ("content", "alt", "title", "value", "datetime", "aria-label", "placeholder", "href", "src")
_LINKED = ("href", "src", "data-src", "data-href", "data-original", "poster", "content")
_LINK_SETS = ("srcset", "data-srcset")
_LINKING = etree.XPath("//*[" + " or ".join(f"@{name}" for name in (*_LINKED, *_LINK_SETS)) + "]")
_TAIL = 6
_CHANGED = re.compile(r"[\s;<>]")
"""What is read otherwise than it stands in an address."""

_NOT_READ = ("script", "style")


@dataclass(frozen=True, slots=True)
class Link:
    """An address of the page, made absolute, and `raw` as an attribute has it."""

    url: str
    raw: str
    place: Place
    hidden: bool


class _Address(NamedTuple):
    """An attribute that holds an address."""

    raw: str
    place: Place

    def may_be(self, url: str) -> bool:
        """Whether it can lead to a URL. To make all addresses of a page absolute takes too long."""
        raw = self.raw
        plain = len(raw) > _TAIL and raw.isascii() and raw[-1] != "." and not _CHANGED.search(raw)
        return not plain or url.endswith(raw[-_TAIL:])


class Standing:
    """The texts and links of one page. Each part is made when it is asked for.

    `visible` is the page's index, for those who have made it already.
    """

    def __init__(self, document: Document, visible: Visible | None = None) -> None:
        self.document = document
        self._visible = visible

    @cached_property
    def shown(self) -> Lines:
        """What a reader sees, block by block."""
        return Lines(piece for piece in self._pieces if not piece.zone & HIDDEN)

    @cached_property
    def behind(self) -> Lines:
        """What stands in the source for nobody to see at once: hidden texts, attributes, the page's head."""
        return Lines(self._nodes())

    @cached_property
    def heading(self) -> int:
        """Where in the shown text the main heading begins; 0 if the page has none."""
        title = self.visible.title
        before = self._pieces[: title[0]] if title else ()
        return self.shown.start_of(sum(not piece.zone & HIDDEN for piece in before))

    def link(self, url: str) -> Link | None:
        """The place of an address of the page, made absolute; one that is seen before one that is not."""
        links = [self._link(address) for address in self._addresses if address.may_be(url)]
        same = [link for link in links if link is not None and link.url == url]
        return min(same, key=lambda link: link.hidden, default=None)

    @cached_property
    def _addresses(self) -> tuple[_Address, ...]:
        linking = cast("list[Element]", _LINKING(self.document.root))
        return tuple(address for element in linking for address in _addresses_of(element))

    def _link(self, address: _Address) -> Link | None:
        try:
            url = str(read_link(address.raw, self.document.base_url).value)
        except CoercionError:
            return None
        return Link(url, address.raw, address.place, self._is_hidden(address.place.element))

    def _is_hidden(self, element: Element) -> bool:
        around = (element, *element.iterancestors())
        return element.tag in ("meta", "link") or not self.visible.hidden.isdisjoint(around)

    @cached_property
    def visible(self) -> Visible:
        """The index that the shown text is made of."""
        return self._visible or Visible(self.document)

    @cached_property
    def _pieces(self) -> tuple[Piece, ...]:
        page, zones = self.visible, bytearray(self.visible.zones)
        for element in page.hidden:
            for index in range(*page.spans.get(element, (0, 0))):
                zones[index] |= HIDDEN
        found = zip(page.texts, page.opens, zones, strict=False)
        return tuple(Piece(text.raw, text, bool(opens), zone) for text, opens, zone in found)

    def _nodes(self) -> Iterator[Piece]:
        texts = zip(self.visible.texts, self._pieces, strict=True)
        seen = {(text.owner, text.tail) for text, piece in texts if not piece.zone & HIDDEN}
        for element in _elements(self.document):
            for name in _SPOKEN:
                if element.get(name):
                    yield Piece(element.get(name, ""), Place(element, name))
            for text in _texts(element):
                if (text.owner, text.tail) not in seen:
                    yield Piece(text.raw, text)


def _texts(element: Element) -> Iterator[Text]:
    if element.text and not element.text.isspace():
        yield Text(element.text, element, False)
    for child in element:
        if child.tail and not child.tail.isspace():
            yield Text(child.tail, child, True)


def _elements(document: Document) -> Iterator[Element]:
    return (each for each in document.root.iter("*") if each.tag not in _NOT_READ)


def _addresses_of(element: Element) -> Iterator[_Address]:
    for name in _LINKED:
        value = element.get(name)
        if value and (name != "content" or value.startswith(("http://", "https://"))):
            yield _Address(value.strip(), Place(element, name))
    for name in _LINK_SETS:
        for choice in (element.get(name) or "").split(","):
            yield from (_Address(url, Place(element, name)) for url in choice.split()[:1])
