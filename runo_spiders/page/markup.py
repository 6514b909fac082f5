"""Microdata and RDFa: entities written into the elements themselves, by two sets of attributes."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import cast

from lxml import etree

from runo_spiders.page.document import Document, string_value
from runo_spiders.page.entity import Leaf, Value, fold, local_name

_VALUE_ATTRIBUTES = {
    "meta": ("content",),
    "img": ("content", "src", "data-src"),
    "audio": ("src",),
    "embed": ("src",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src",),
    "a": ("content", "resource", "href"),
    "area": ("href",),
    "link": ("content", "resource", "href"),
    "object": ("data",),
    "data": ("value",),
    "meter": ("value",),
    "time": ("content", "datetime"),
}
_ANY_ATTRIBUTES = ("content", "resource")
_INNER = frozenset(("mainentity", "mainentityofpage"))
_MAX_REFERRED = 500
_LINKING = ("a", "area", "link")
_URL_NAMES = frozenset(
    (
        *("availability", "contenturl", "discussionurl", "id", "image", "item", "itemcondition", "license"),
        *("logo", "mainentityofpage", "sameas", "thumbnailurl", "url"),
    )
)


@dataclass(frozen=True, slots=True)
class Dialect:
    """The attributes of a way to write entities into markup."""

    scope: str
    type: str
    property: str
    find: etree.XPath


MICRODATA = Dialect("itemscope", "itemtype", "itemprop", etree.XPath("//*[@itemprop or @itemscope]"))
RDFA = Dialect("typeof", "typeof", "property", etree.XPath("//*[@typeof or (@property and not(self::meta))]"))


_find_referred = etree.XPath("//*[@id=$id][1]/descendant-or-self::*[@itemprop]")


class MarkupItem:
    """An entity in microdata or RDFa: an element, and under each name its values.

    A value is another item or the element that holds it. An item knows its own values only: one table of all
    items in each of them would be a cycle, which keeps the page's tree until the next garbage collection.
    """

    __slots__ = ("_dialect", "_element", "_properties")

    def __init__(self, element: etree._Element, dialect: Dialect) -> None:
        self._element = element
        self._dialect = dialect
        self._properties: dict[str, list[etree._Element | MarkupItem]] = {}

    @property
    def types(self) -> frozenset[str]:
        return frozenset(map(local_name, self._element.get(self._dialect.type, "").split()))

    @property
    def id(self) -> str:
        return self._element.get("itemid") or self._element.get("resource") or ""

    @property
    def identity(self) -> int:
        return id(self._element)

    def names(self) -> Collection[str]:
        return self._properties.keys()

    def get(self, name: str) -> list[Value]:
        found = self._properties.get(name, ())
        values = (each if isinstance(each, MarkupItem) else _leaf(each, name) for each in found)
        return [value for value in values if value is not None]

    def add(self, element: etree._Element, items: Mapping[etree._Element, MarkupItem]) -> None:
        """Take the properties of an element that belongs to this item; it may be an item of its own."""
        value = element if element is self._element else items.get(element, element)
        for name in element.get(self._dialect.property, "").split():
            self._properties.setdefault(fold(name), []).append(value)


def read_markup(document: Document, dialect: Dialect) -> list[MarkupItem]:
    """The entities that stand for themselves, and main entities; the first holds stray properties."""
    marked = cast(list[etree._Element], dialect.find(document.root))
    items: dict[etree._Element, MarkupItem] = {}
    for element in marked:
        if element.get(dialect.scope) is not None:
            items[element] = MarkupItem(element, dialect)
    stray = MarkupItem(document.root, dialect)
    top = [stray]
    for element in marked:
        owner = _owner(element, items)
        if element.get(dialect.property):
            (owner or stray).add(element, items)
        if element in items and _INNER.issuperset(map(fold, element.get(dialect.property, "").split())):
            top.append(items[element])
    for item, referred in islice(_referred(items, document), _MAX_REFERRED):
        item.add(referred, items)
    return top


def _owner(element: etree._Element, items: dict[etree._Element, MarkupItem]) -> MarkupItem | None:
    return next((items[each] for each in element.iterancestors() if each in items), None)


def _referred(
    items: dict[etree._Element, MarkupItem], document: Document
) -> Iterator[tuple[MarkupItem, etree._Element]]:
    """The items with `itemref`, each with the elements that it adds to them."""
    for element, item in items.items():
        for identifier in set(element.get("itemref", "").split()):
            for each in cast(list[etree._Element], _find_referred(document.root, id=identifier)):
                yield item, each


def _leaf(element: etree._Element, name: str) -> Leaf | None:
    """The value of a property: of the attribute that the element's kind has for it, else its text."""
    for attribute in _VALUE_ATTRIBUTES.get(element.tag, _ANY_ATTRIBUTES):
        value = element.get(attribute)
        if value and value.strip() and not _is_mere_link(element, attribute, name):
            return Leaf(value, element, f"@{attribute}")
    text = string_value(element)
    return Leaf(text, element) if text.strip() else None


def _is_mere_link(element: etree._Element, attribute: str, name: str) -> bool:
    """Whether a link only leads to the value: the name of an author is the text of a link, not its target."""
    linking = element.tag in ("a", "area") and attribute in ("href", "resource")
    return linking and name not in _URL_NAMES and bool(string_value(element).strip())
