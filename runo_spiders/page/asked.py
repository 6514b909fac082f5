"""What a schema's open slots ask of a page, as far as it decides what a page's text must hold."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from runo_spiders.schema.model import Field, Slot

_WORD = re.compile(r"[^\W\d_][^\W_]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_LEAST_HINT_WORD = 5
_IMAGES = frozenset(
    (
        *("image", "images", "img", "picture", "pictures", "photo", "photos"),
        *("thumbnail", "logo", "icon", "avatar"),
    )
)
_ADDRESSES = _IMAGES | frozenset(("url", "urls", "link", "links", "href", "uri", "website", "homepage"))
_ADDRESS_FORMATS = ("uri", "uri-reference", "iri", "email")
_PROSE = frozenset(
    (
        *("body", "content", "contents", "text", "paragraph", "paragraphs", "instructions", "steps"),
        *("transcript", "article", "chapters", "sections", "faq", "questions", "answers", "markdown"),
    )
)
_RATING = frozenset(("rating", "ratings", "stars", "score", "grade", "votes"))
_KIN = (
    ("review", "feedback", "testimonial"),
    ("comment", "repl", "discussion"),
    ("related", "similar", "recommend", "also", "accessor", "alternative", "bundle", "upsell", "crosssell"),
    ("breadcrumb", "categor", "taxonomy", "section"),
    ("footer", "address", "phone", "email", "contact", "company", "imprint", "copyright", "opening"),
    ("pagination", "toolbar", "total", "page"),
    ("nav", "menu"),
    ("popular", "trending", "teaser"),
)
"""Words of a name in the markup, and words by which a field asks for what stands there."""


@dataclass(frozen=True, slots=True)
class Asked:
    """`links`, `images`: whether URLs of either are asked for. `many`: whether records repeat. `prose`:
    whether long text is wanted whole. `rating`: whether a grade by readers is wanted. `names`: the words of
    the fields' names; `words`: these, and the longer ones of their hints."""

    links: bool = False
    images: bool = False
    many: bool = False
    prose: bool = False
    rating: bool = False
    names: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()

    def wants(self, place: str) -> bool:
        """Whether a field is about what stands in a zone of this name (`review`, `footer`)."""
        kin = [group for group in _KIN if any(stem in place for stem in group)]
        stems = {stem for group in kin for stem in group} or {place}
        return any(name.startswith(stem) for name in self.names for stem in stems)


def asked_by(slots: Iterable[Slot]) -> Asked:
    """What these slots ask for."""
    slots = tuple(slots)
    leaves = [leaf for slot in slots for leaf in _leaves(slot.field)]
    fields = [*leaves, *(slot.field for slot in slots)]
    names = frozenset(word for field in fields for word in words_of(field.name))
    addresses = [leaf for leaf in leaves if _is_address(leaf)]
    pictures = [leaf for leaf in addresses if _is_image(leaf)]
    hinted = (word for field in fields for word in words_of(field.hint) if len(word) >= _LEAST_HINT_WORD)
    return Asked(
        links=len(addresses) > len(pictures),
        images=bool(pictures),
        many=any(slot.field.items is not None and not slot.field.items.is_leaf for slot in slots),
        prose=bool(names & _PROSE),
        rating=bool(names & _RATING),
        names=names,
        words=names | frozenset(hinted),
    )


def words_of(text: str) -> Iterator[str]:
    """The words of a name or a sentence, in lower case: `salePrice` -> sale, price."""
    return (word.lower() for word in _WORD.findall(_HUMP.sub(" ", text)))


def _leaves(field: Field) -> Iterator[Field]:
    if field.items is not None:
        yield from _leaves(field.items)
    elif field.is_leaf:
        yield field
    for child in field.properties:
        yield from _leaves(child)


def _is_address(leaf: Field) -> bool:
    named = not _ADDRESSES.isdisjoint(words_of(leaf.name))
    return leaf.type == "string" and (leaf.format in _ADDRESS_FORMATS or (leaf.format is None and named))


def _is_image(leaf: Field) -> bool:
    return bool({*words_of(leaf.name), *words_of(leaf.hint)} & _IMAGES)
