"""Pages of many records: the entities of one kind that each fill most of a record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from runo_spiders.extract.concepts import words
from runo_spiders.extract.main_entity import FURNITURE, coverage
from runo_spiders.page.entity import Entity, Leaf
from runo_spiders.schema.model import Field

_ENOUGH = 0.6
"""The part of a record's fields that the entities must fill; with less, the visible page knows more."""

_LISTING = (
    *("itemlistelement", "mainentity", "hasvariant", "hasmenuitem", "subevent", "event", "itemoffered"),
    *("review", "comment", "episode", "track", "offers"),
)
_NAVIGATION = words("BreadcrumbList SiteNavigationElement")


def record_entities(entities: Sequence[Entity], record: Field) -> list[Entity]:
    """The entities of the most telling list on the page, in order; [] if there is none worth it."""
    groups = [group for group in _groups(entities) if len(group) > 1]
    best = max(groups, key=lambda group: _filled(group, record), default=[])
    leaves = max(1, len(record.properties))
    return best if best and _filled(best, record) >= _ENOUGH * leaves * len(best) else []


def _groups(entities: Sequence[Entity]) -> Iterator[list[Entity]]:
    """Lists that entities hold, and the page's entities of one type."""
    by_type: dict[frozenset[str], list[Entity]] = {}
    for entity in entities:
        if not entity.types & _NAVIGATION:
            by_type.setdefault(entity.types, []).append(entity)
            yield from _lists_in(entity, 0)
    yield from (group for types, group in by_type.items() if not types or not types <= FURNITURE)


def _lists_in(entity: Entity, depth: int) -> Iterator[list[Entity]]:
    for name in _LISTING:
        members = [each for each in entity.get(name) if not isinstance(each, Leaf)]
        if len(members) > 1:
            yield [_matter_of(each) for each in members]
        if depth < 2:
            for each in members[:3]:
                yield from _lists_in(each, depth + 1)


def _matter_of(entity: Entity) -> Entity:
    """The thing that a list item stands for, or the item itself when it says everything."""
    inner = next((each for each in entity.get("item") if not isinstance(each, Leaf)), None)
    return entity if inner is None else inner


def _filled(group: Sequence[Entity], record: Field) -> int:
    """How many fields the members fill together."""
    return sum(sum(coverage(each, record)) for each in group)
