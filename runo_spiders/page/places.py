"""Nodes of a page's tree: its texts, its elements in reading order, and the places that evidence names."""

from __future__ import annotations

from typing import NamedTuple, TypeAlias, cast

from lxml import etree

from runo_spiders.page.document import Document, collapse

Element: TypeAlias = etree._Element


class Text(NamedTuple):
    """One text node. `owner` is the element whose `text` it is, or whose `tail` when `tail` is true."""

    raw: str
    owner: Element
    tail: bool

    @property
    def text(self) -> str:
        return collapse(self.raw)

    @property
    def holder(self) -> Element:
        """The element that the text node is a child of."""
        return cast(Element, self.owner.getparent()) if self.tail else self.owner


class Spot(NamedTuple):
    """An element with or without text, and how many texts stand before it."""

    element: Element
    first: int


class Place(NamedTuple):
    """A node of the tree: an element, an attribute of it, or one of its texts."""

    element: Element
    attribute: str = ""
    text: Text | None = None

    @property
    def is_element(self) -> bool:
        return not self.attribute and self.text is None

    def xpath(self, document: Document) -> str:
        path = document.xpath_of(self.element)
        if self.text is not None:
            return f"{path}/text()[{_number_of(self.text)}]"
        return f"{path}/@{self.attribute}" if self.attribute else path


Origin: TypeAlias = Text | Place
"""Where some characters come from."""


def place_of(origin: Origin) -> Place:
    return Place(origin.holder, text=origin) if isinstance(origin, Text) else origin


def _number_of(text: Text) -> int:
    """The place of a text node among those of its parent, as XPath counts."""
    holder = text.holder
    number = 1 if holder.text else 0
    if not text.tail:
        return number
    for child in holder:
        number += 1 if child.tail else 0
        if child is text.owner:
            break
    return number
