"""Which of the entities on a page is the one that the page is about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote, urljoin, urlsplit

from runo_spiders.extract.mapping import values_for
from runo_spiders.extract.vocabulary import concept_of, words
from runo_spiders.page.document import Document, collapse, string_value
from runo_spiders.page.entity import Entity, Leaf, fold
from runo_spiders.page.metatags import Tags
from runo_spiders.schema.model import Field

FURNITURE = words(
    "Organization Corporation NewsMediaOrganization OnlineStore Store Brand WebSite BreadcrumbList"
    " ListItem ItemList SiteNavigationElement WPHeader WPFooter WPSideBar WebPageElement SearchAction"
    " ImageObject VideoObject Person ImageGallery Review UserReview Rating AggregateRating Comment"
    " UserComments Question Answer FAQPage Blog PostalAddress ContactPoint CollectionPage"
    " SpeakableSpecification DataFeed"
)
"""Types that describe the site, or a detail, and seldom the matter of a page."""

PAGES = words("WebPage ItemPage AboutPage ProfilePage MedicalWebPage RealEstateListing")
_ALIKE = str.maketrans("\u2018\u2019\u201c\u201d\u201e\u2013\u2014\u00a0", '\'\'"""-- ')
_SEPARATORS = (" | ", " - ", " \u2013 ", " \u2014 ", " \u00b7 ", " : ", " \u00bb ", " \u2022 ", " \u2502 ")
_NAMED_BY = ("name", "headline", "title", "productname", "displayname")
_LINKED_BY = ("url", "mainentityofpage", "canonicalurl", "permalink", "producturl")


@dataclass(frozen=True)
class Identity:
    """What the page calls itself: its addresses and its headings."""

    document: Document
    tags: Tags

    @cached_property
    def addresses(self) -> frozenset[str]:
        urls = (self.document.url, self.tags.text("canonical"), self.tags.text("og:url"))
        return frozenset(filter(None, (self.address(url) for url in urls)))

    @cached_property
    def main_headings(self) -> tuple[str, ...]:
        """The first-level headings that are not the name of the site."""
        keys = (_key(string_value(each)) for each in self.document.root.iter("h1"))
        return tuple(sorted((key for key in keys if len(key) > 3 and not self.is_site(key)), key=len))

    def title(self, leaf: Leaf, entity: Entity) -> Leaf | None:
        """A leaf as the title of the record: a thing's own name as it is, that of a page as it is shown."""
        is_of_page = not entity.types or entity.types <= PAGES or "headline" in entity.names()
        return self._shown_title(leaf) if is_of_page else leaf

    def _shown_title(self, leaf: Leaf) -> Leaf | None:
        """The part of a title that the page shows as its heading, or the title without the site's name.

        None when the page has headings and the title holds none of them: then it was written for search
        engines, or for another page, and the heading is the better answer.
        """
        text = collapse(str(leaf.value))
        key = _key(text)
        shown = next((heading for heading in reversed(self.main_headings) if heading in key), None)
        if shown is not None and len(key) == len(text):
            begin = key.index(shown)
            return _part(leaf, text[begin : begin + len(shown)])
        if self.main_headings and not any(key in heading for heading in self.main_headings):
            return None
        return _part(leaf, self._without_site(text))

    def _without_site(self, text: str) -> str:
        head, separator, tail = _last_part(text)
        return head if separator and self.is_site(tail) else text

    def is_site(self, text: str) -> bool:
        """Whether a text is the site's name: as the tags give it, or as the host spells it."""
        key = _key(text)
        host = urlsplit(self.document.url).netloc
        return key == _key(self.tags.text("og:site_name")) or (len(key) > 2 and fold(key) in fold(host))

    @cached_property
    def headings(self) -> tuple[str, ...]:
        texts = [string_value(each) for each in self.document.root.iter("h1", "title")]
        texts += [self.tags.text("og:title"), self.tags.text("twitter:title")]
        return tuple(heading for heading in map(_key, texts) if len(heading) > 3)

    def address(self, url: str) -> str:
        """Host-less form of a URL, by which two links to one page agree; empty for a site's root."""
        return unquote(urlsplit(urljoin(self.document.url, url.strip())).path).strip("/").casefold()

    def is_named(self, entity: Entity) -> bool:
        """Whether a heading is the entity's name, or holds it, or is held by it."""
        names = [_key(name) for name in _texts(entity, _NAMED_BY)]
        return any(
            heading == name or (len(name) > 5 and name in heading) or (len(heading) > 11 and heading in name)
            for name in names
            for heading in self.headings
        )

    def is_linked(self, entity: Entity) -> bool:
        """Whether the entity gives the page's address as its own."""
        links = [*_texts(entity, _LINKED_BY), entity.id]
        links += [inner.id for inner in entity.get("mainentityofpage") if not isinstance(inner, Leaf)]
        return any(
            self.address(link) in self.addresses for link in links if link and not link.startswith("#")
        )


@dataclass(frozen=True, slots=True)
class _Ranked:
    entity: Entity
    score: float
    is_this_page: bool


def main_entities(entities: Sequence[Entity], record: Field, identity: Identity) -> list[Entity]:
    """The entity that the page is about and what else speaks of the same thing, the best first.

    Empty when nothing fits the record, or when several equal entities fit and none is named or linked as the
    page is: then it is a page of many things.
    """
    ranked = [each for each in (_rank(entity, record, identity) for entity in entities) if each.score > 0]
    ranked.sort(key=lambda each: -each.score)
    if not ranked or _is_crowd(ranked):
        return []
    best = ranked[0]
    same = [each.entity for each in ranked[1:] if _is_about(best, each)]
    return [best.entity, *same]


def _rank(entity: Entity, record: Field, identity: Identity) -> _Ranked:
    telling, common = coverage(entity, record)
    types = entity.types
    score = telling + 0.4 * common
    if not score:
        return _Ranked(entity, 0.0, False)
    is_this_page = identity.is_linked(entity) or identity.is_named(entity)
    if types and types <= FURNITURE:
        score -= 3.0
    elif types and types <= PAGES:
        score -= 0.5
    elif not types:
        score -= 1.0
    return _Ranked(entity, score + (2.0 if is_this_page else 0.0), is_this_page)


def coverage(entity: Entity, record: Field) -> tuple[int, int]:
    """How many of the record's fields the entity fills: telling ones, and ones that anything has."""
    telling = common = 0
    for field in record.properties:
        if next(values_for(entity, field), None):
            concept = concept_of(field)
            if concept is not None and concept.common:
                common += 1
            else:
                telling += 1
    return telling, common


def _is_crowd(ranked: Sequence[_Ranked]) -> bool:
    best = ranked[0]
    equals = [
        each for each in ranked if each.score >= best.score - 0.5 and each.entity.types == best.entity.types
    ]
    names = {tuple(_texts(each.entity, _NAMED_BY)[:1]) for each in equals}
    return not best.is_this_page and len(names) > 1


def _is_about(best: _Ranked, other: _Ranked) -> bool:
    """Whether the other entity speaks of the same thing: the page itself, or one that shares its name."""
    if other.is_this_page and (best.is_this_page or other.entity.types <= PAGES):
        return True
    mine, its = _texts(best.entity, _NAMED_BY), _texts(other.entity, _NAMED_BY)
    return other.entity.types <= PAGES or bool(set(map(_key, mine)) & set(map(_key, its)))


def _texts(entity: Entity, names: Sequence[str]) -> list[str]:
    return [str(leaf.value) for name in names for leaf in entity.get(name) if isinstance(leaf, Leaf)]


def _key(text: str) -> str:
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
