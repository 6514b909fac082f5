"""What a page calls itself, and how entities and titles compare with it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urljoin, urlsplit

from runo_spiders.extract.concepts import words
from runo_spiders.extract.mapping import texts_at
from runo_spiders.page.document import Document, collapse, string_value
from runo_spiders.page.entity import Entity, Leaf, fold
from runo_spiders.page.metatags import Tags

PAGES = words("WebPage ItemPage AboutPage ProfilePage MedicalWebPage RealEstateListing")
"""Types of the page itself, when it is not taken for its matter."""

_ALIKE = str.maketrans("\u2018\u2019\u201c\u201d\u201e\u2013\u2014\u00a0", '\'\'"""-- ')
_SEPARATORS = (" | ", " - ", " \u2013 ", " \u2014 ", " \u00b7 ", " : ", " \u00bb ", " \u2022 ", " \u2502 ")
_ASCII_WORD = re.compile(r"[a-z0-9]{3,}")
_NAMED_BY = ("name", "headline", "title", "productname", "displayname")
_LINKED_BY = ("url", "mainentityofpage", "canonicalurl", "permalink", "producturl")


@dataclass(frozen=True)
class Identity:
    """What the page calls itself: its addresses and its headings."""

    document: Document
    tags: Tags

    @cached_property
    def addresses(self) -> frozenset[str]:
        """The page's URLs as it and its visitors know them, one without the query too."""
        url = self.document.url
        urls = (url, url.partition("?")[0], self.tags.text("canonical"), self.tags.text("og:url"))
        return frozenset(filter(None, map(self.address, urls)))

    @cached_property
    def main_headings(self) -> tuple[str, ...]:
        """The first-level headings that are not the name of the site."""
        keys = (comparable(string_value(each)) for each in self.document.root.iter("h1"))
        return tuple(sorted((key for key in keys if len(key) > 3 and not self.is_site(key)), key=len))

    def title(self, leaf: Leaf, entity: Entity) -> Leaf | None:
        """A leaf as the title of the record: a thing's own name as it is, that of a page as it is shown.

        A headline or a title tag is cut down to the heading that it holds, or loses the site's name. None for
        a tag that holds no heading though the page has some: it was written for search engines.
        """
        is_headline = "headline" in entity.names()
        if entity.types and not entity.types <= PAGES and not is_headline:
            return leaf
        text = collapse(str(leaf.value))
        key = comparable(text)
        if is_headline or self._is_shown(key):
            return _part(leaf, self._heading_in(text, key) or self._without_site(text))
        return None

    def _is_shown(self, key: str) -> bool:
        """Whether a title holds a heading or is held by one, or the page has no heading to compare with."""
        headings = self.main_headings
        return not headings or any(heading in key or key in heading for heading in headings)

    def _heading_in(self, text: str, key: str) -> str | None:
        """The longest heading within a text, as it stands there."""
        heading = next((each for each in reversed(self.main_headings) if each in key), None)
        if heading is None or len(key) != len(text):
            return None
        begin = key.index(heading)
        return text[begin : begin + len(heading)]

    def _without_site(self, text: str) -> str:
        head, separator, tail = _last_part(text)
        return head if separator and self.is_site(tail) else text

    def is_byline(self, leaf: Leaf, entity: Entity) -> bool:
        """Whether a leaf may name an author: it has letters, and on an article it is not the publisher."""
        name = str(leaf.value)
        if not any(map(str.isalpha, name)) or "http" in name:
            return False
        if entity.types and "headline" not in entity.names():
            return True
        publishers = (self.tags.text("og:site_name"), *texts_at(entity, ("publisher", "name")))
        return comparable(name) not in map(comparable, publishers)

    def is_site(self, text: str) -> bool:
        """Whether a text is the site's name: as the tags give it, or as the host spells it."""
        key = comparable(text)
        host = urlsplit(self.document.url).netloc
        return key == comparable(self.tags.text("og:site_name")) or (len(key) > 2 and fold(key) in fold(host))

    @cached_property
    def headings(self) -> tuple[str, ...]:
        texts = [string_value(each) for each in self.document.root.iter("h1", "title")]
        texts += [self.tags.text("og:title"), self.tags.text("twitter:title")]
        return tuple(heading for heading in map(comparable, texts) if len(heading) > 3)

    def address(self, url: str) -> str:
        """A URL without its host, by which two links to one page agree; empty for a site's root."""
        try:
            parts = urlsplit(urljoin(self.document.url, url.strip()))
        except ValueError:
            return ""
        path = unquote(parts.path).strip("/").casefold()
        return f"{path}?{parts.query}" if parts.query else path

    @cached_property
    def mentions(self) -> frozenset[str]:
        """Words of which a text in JSON that speaks of this page has at least one.

        From each heading and address its longest word in ASCII; other letters may be escaped in JSON.
        """
        texts = (*self.headings, *self.addresses)
        longest = (max(_ASCII_WORD.findall(text), key=len, default="\\u") for text in texts)
        return frozenset(longest)

    def is_named(self, entity: Entity) -> bool:
        """Whether a heading is the entity's name, or holds it, or is held by it."""
        return any(
            heading == name or (len(name) > 5 and name in heading) or (len(heading) > 11 and heading in name)
            for name in names_of(entity)
            for heading in self.headings
        )

    def is_linked(self, entity: Entity) -> bool:
        """Whether the entity gives the page's address as its own."""
        links = [*_texts(entity, _LINKED_BY), entity.id]
        links += [inner.id for inner in entity.get("mainentityofpage") if not isinstance(inner, Leaf)]
        return any(
            self.address(link) in self.addresses for link in links if link and not link.startswith("#")
        )


def names_of(entity: Entity) -> list[str]:
    """What the entity calls itself, as it is compared."""
    return [comparable(name) for name in _texts(entity, _NAMED_BY)]


def _texts(entity: Entity, names: tuple[str, ...]) -> list[str]:
    return [text for name in names for text in texts_at(entity, (name,))]


def comparable(text: str) -> str:
    """Text as it is compared: case and the kinds of quotes and dashes do not count. Keeps the length."""
    return collapse(text).lower().translate(_ALIKE)


def _part(leaf: Leaf, text: str) -> Leaf:
    """The leaf cut down to a text, quoted as exactly as what stands there allows."""
    raw = leaf.quote or str(leaf.value)
    return leaf._replace(value=text, quote=text if text in collapse(raw) else raw)


def _last_part(text: str) -> tuple[str, str, str]:
    """The text before the last separator of a title, the separator, and what follows it."""
    cuts = [cut for separator in _SEPARATORS if (cut := text.rfind(separator)) > 0]
    cut = max(cuts, default=-1)
    return (text[:cut].strip(), text[cut : cut + 3], text[cut + 3 :].strip()) if cut > 0 else (text, "", "")
