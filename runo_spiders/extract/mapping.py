"""From an entity and a field to the leaves that may be its value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from runo_spiders.extract.concepts import Path
from runo_spiders.extract.vocabulary import asks_for, concept_of, paths_of, tags_of
from runo_spiders.items import Scalar
from runo_spiders.page.entity import Entity, Leaf, Value
from runo_spiders.page.metatags import Tags
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field

_NAMING = ("name", "value", "text", "headline", "title", "label", "url", "contenturl")
_STEPPING = ("text", "description", "name", "url")
_LINKING = ("url", "contenturl", "src", "href")
_LINK_FORMATS = ("uri", "url", "uri-reference", "iri")
_NOTHING = frozenset(("null", "undefined", "none", "nan", "n/a", "-", "unknown"))
_TAG = re.compile(r"<[^<>]*>")
_BREAK = re.compile(r"(?i)(?:<br\s*/?>|</?(?:p|li|ol|ul|div|h\d)\b[^<>]*>|\r?\n)+")
_LIST_COMMA = re.compile(r"\s*[,;]\s*")
_ENUMERATION = re.compile(r"https?://(?:www\.)?schema\.org/\w+")


def values_at(entity: Entity, path: Path) -> Iterator[Value]:
    """The values at the end of a path of properties."""
    for value in entity.get(path[0]):
        if len(path) == 1:
            yield value
        elif not isinstance(value, Leaf):
            yield from values_at(value, path[1:])


def texts_at(entity: Entity, path: Path) -> list[str]:
    """The scalars at the end of a path, as text."""
    return [str(value.value) for value in values_at(entity, path) if isinstance(value, Leaf)]


def values_for(entity: Entity, field: Field) -> Iterator[list[Value]]:
    """What each place that may hold the field does hold, the best place first."""
    if isinstance(entity, Tags):
        found = (entity.get(tag) for tag in tags_of(field))
    else:
        names = entity.names()
        found = (list(values_at(entity, path)) for path in paths_of(field) if path[0] in names)
    return (values for values in found if values)


def leaf_for(entity: Entity, field: Field, reading: Reading) -> Leaf | None:
    """The first leaf of the entity that fits a scalar field."""
    for values in values_for(entity, field):
        for value in values:
            for leaf in _leaves_of(value, field):
                if fits(leaf, field, reading):
                    return leaf
    return None


def leaves_for(entity: Entity, field: Field, item: Field, reading: Reading) -> list[Leaf]:
    """The leaves that fill a list of scalars; `item` is the type of one of them."""
    for values in values_for(entity, field):
        seen: set[int] = set()
        parts = [part for value in values for leaf in _listed(value, seen) for part in _parts(leaf, field)]
        fitting = [leaf for leaf in parts if fits(leaf, item, reading)]
        if fitting:
            return fitting
    return []


def objects_for(entity: Entity, field: Field) -> list[Entity]:
    """The entities at the first place that holds any; lists of items lead to their items."""
    for values in values_for(entity, field):
        found = [each for each in values if not isinstance(each, Leaf)]
        if found:
            return found
    return []


def fits(leaf: Leaf, field: Field, reading: Reading) -> bool:
    """Whether the leaf can be read as the field's type, and is more than a placeholder."""
    if not _is_plausible(leaf.value, field):
        return False
    try:
        coerce(leaf.value, field, reading)
    except CoercionError:
        return False
    return True


def _is_plausible(value: Scalar, field: Field) -> bool:
    concept = concept_of(field)
    if asks_for(field, "price") and not str(value).strip("0.,"):
        return False
    if not isinstance(value, str):
        return True
    text = value.strip()
    if text.lower() in _NOTHING or text.startswith("data:"):
        return False
    is_link = text.startswith(("http://", "https://", "//"))
    wants_link = field.format in _LINK_FORMATS or concept is None or concept.is_link
    return not is_link or wants_link or _ENUMERATION.fullmatch(text) is not None


def _leaves_of(value: Value, field: Field) -> Iterator[Leaf]:
    """The leaf itself, or the leaves that stand for an entity where a scalar is wanted."""
    if isinstance(value, Leaf):
        yield without_tags(value)
        return
    concept = concept_of(field)
    wants_link = field.format in _LINK_FORMATS or (concept is not None and concept.is_link)
    for name in _LINKING if wants_link else _NAMING:
        for inner in value.get(name):
            if isinstance(inner, Leaf):
                yield without_tags(inner)


def _listed(value: Value, seen: set[int]) -> Iterator[Leaf]:
    """The leaves of one value of a list: sections and lists are opened, a step or a person is its text."""
    if isinstance(value, Leaf):
        yield value
        return
    if value.identity in seen:
        return
    seen.add(value.identity)
    inner = value.get("itemlistelement")
    names = _STEPPING if any(each.startswith("HowTo") for each in value.types) else _NAMING
    texts = (leaf for name in names for leaf in value.get(name) if isinstance(leaf, Leaf))
    text = None if inner else next(texts, None)
    if text is not None:
        yield text
    for each in inner:
        yield from _listed(each, seen)


def _parts(leaf: Leaf, field: Field) -> Iterator[Leaf]:
    """A text that is itself a list, cut at its lines or, for key words, at its commas."""
    if not isinstance(leaf.value, str):
        yield leaf
        return
    separator = _LIST_COMMA if asks_for(field, "keywords") else _BREAK
    for part in separator.split(leaf.value):
        if part.strip():
            yield without_tags(leaf._replace(value=part.strip(), quote=part.strip()))


def without_tags(leaf: Leaf) -> Leaf:
    """The leaf with HTML in its text taken out; what stands on the page stays its quote."""
    value = leaf.value
    if not isinstance(value, str) or ("<" not in value and "&" not in value):
        return leaf
    text = " ".join(_TAG.sub(" ", unescape(value)).split())
    return leaf._replace(value=text, quote=leaf.quote or value)
