"""The words of structured data: what a field asks for, and under which names it may be kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import dropwhile

from runo_spiders.extract.concepts import CONCEPTS, Concept, Path, words
from runo_spiders.page.entity import fold
from runo_spiders.schema.model import Field

_BY_NAME: Mapping[str, Concept] = {name: each for each in reversed(CONCEPTS) for name in each.names}
_KINDS = words(
    "product item article recipe job event listing page post news property book movie main current the story"
    " offer company place publication"
)
_ENDINGS = words("name value text string list amount url number code raw float")
_FILLERS = _KINDS | words(
    "a an this its full exact total of in for as on with and or per at by if to when that which is shown"
)

_WRAPPERS = words(
    "offer offers pricing details info product item article recipe data times record listing job event"
    " metadata meta attributes properties result"
)
"""Names of objects in schemas that only group the fields of the record they belong to."""


def concept_of(field: Field) -> Concept | None:
    """What the field asks for: by its name, by its name without words like `product`, or by its hint."""
    return _concept_of(field.name, field.hint)


def asks_for(field: Field, name: str) -> bool:
    """Whether the field asks for the concept of this (folded) name."""
    concept = concept_of(field)
    return concept is not None and name in concept.names


def is_wrapper(field: Field) -> bool:
    """Whether an object of the schema is a mere group of fields, and no entity of its own."""
    return field.type == "object" and fold(field.name) in _WRAPPERS


def fields_of(record: Field) -> Iterator[Field]:
    """The fields of a record, those within mere groups too."""
    for field in record.properties:
        if is_wrapper(field):
            yield from fields_of(field)
        else:
            yield field


def paths_of(field: Field) -> tuple[Path, ...]:
    """Where an entity may keep the field, best first: under its own name, then as the vocabulary says."""
    return _paths_of(field.name, field.hint)


def tags_of(field: Field) -> tuple[str, ...]:
    """The meta tags that may hold the field: those of its concept, then those of its own name."""
    return _tags_of(field.name, field.hint)


def names_of(field: Field) -> frozenset[str]:
    """The folded names under which JSON may have the field."""
    concept = concept_of(field)
    return (concept.names if concept else frozenset()) | {fold(field.name)}


@lru_cache(maxsize=4096)
def _concept_of(name: str, hint: str) -> Concept | None:
    return _named(name) or _hinted(hint)


@lru_cache(maxsize=4096)
def _paths_of(name: str, hint: str) -> tuple[Path, ...]:
    own = (fold(name),)
    concept = _concept_of(name, hint)
    if concept is None:
        return (own,)
    return concept.paths if own in concept.paths else (own, *concept.paths)


@lru_cache(maxsize=4096)
def _tags_of(name: str, hint: str) -> tuple[str, ...]:
    concept = _concept_of(name, hint)
    spelled = name.lower()
    own = (f"label:{fold(name)}", f"product:{spelled}", f"og:{spelled}", spelled)
    return (*(concept.tags if concept else ()), *own)


def _named(name: str) -> Concept | None:
    folded = fold(name)
    return next((_BY_NAME[each] for each in _spellings(folded) if each in _BY_NAME), None)


def _spellings(name: str) -> Iterator[str]:
    """The name, and the name without a word in front that tells the kind of page, and without an ending."""
    yield name
    for kind in sorted(_KINDS):
        if name.startswith(kind) and len(name) > len(kind) + 2:
            yield name[len(kind) :]
    for ending in sorted(_ENDINGS):
        if name.endswith(ending) and len(name) > len(ending) + 2:
            yield name[: -len(ending)]


def _hinted(hint: str) -> Concept | None:
    """What the hint begins with, as in `Current price of the product`."""
    words = [fold(word) for word in hint.split()]
    head = list(dropwhile(_FILLERS.__contains__, words))[:2]
    ends_with_noun = len(head) < 2 or head[1] in _FILLERS
    return _BY_NAME.get("".join(head[:2])) or (_BY_NAME.get(head[0]) if head and ends_with_noun else None)
