"""The rung `structured`: what a page says about itself in JSON-LD, microdata, RDFa, meta tags and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runo_spiders.extract.app_state import AppState
from runo_spiders.extract.entity_records import record_entities
from runo_spiders.extract.identity import Identity
from runo_spiders.extract.main_entity import main_entities
from runo_spiders.extract.mapping import leaf_for, leaves_for, objects_for
from runo_spiders.extract.protocol import Question
from runo_spiders.extract.vocabulary import asks_for, is_wrapper
from runo_spiders.items import Extraction, Found, Page
from runo_spiders.page.entity import Entity, Leaf
from runo_spiders.page.structured import StructuredData
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field, escape


class StructuredExtractor:
    """Fills fields from the entity that the page is about, and from the page's meta tags after it."""

    name = "structured"

    async def extract(self, page: Page, question: Question) -> Extraction:
        data = StructuredData(page.document)
        identity = Identity(page.document, data.tags)
        filler = _Filler(identity, question.reading, frozenset(slot.pointer for slot in question.open))
        if question.schema.many:
            return dict(_many(data, question, filler))
        return _single(data, question, filler)


def _single(data: StructuredData, question: Question, filler: _Filler) -> Extraction:
    """The leaves of one record: from entities, from tags, and what is still open from the page's scripts."""
    record = question.schema.root
    identity = filler.identity
    found = dict(filler.fill([*main_entities(data.entities, record, identity), data.tags], record, ""))
    still_open = [slot for slot in question.open if slot.field.is_leaf and slot.pointer not in found]
    state = AppState(identity, record, [slot.field for slot in still_open])
    for slot in still_open:
        leaf = state.leaf_for(slot.field, question.reading)
        if leaf is not None:
            found[slot.pointer] = filler.found(leaf)
    return found


def _many(data: StructuredData, question: Question, filler: _Filler) -> Iterator[tuple[str, Found]]:
    """The leaves of all records of a page, in the order of its entities."""
    if question.open:
        record = question.schema.record
        yield from filler.records(record_entities(data.entities, record), record, "")


@dataclass(frozen=True, slots=True)
class _Filler:
    """Fills the open slots of a record from entities, the best entity first."""

    identity: Identity
    reading: Reading
    open: frozenset[str]

    def fill(self, entities: Sequence[Entity], record: Field, pointer: str) -> Iterator[tuple[str, Found]]:
        for child in record.properties:
            place = f"{pointer}/{escape(child.name)}"
            if child.type == "object":
                yield from self.fill(_inner(entities, child), child, place)
            elif place in self.open and child.items is not None:
                yield from self._fill_list(entities, child, child.items, place)
            elif place in self.open:
                yield from self._fill_leaf(entities, child, place)

    def fill_anew(self, entity: Entity, record: Field, pointer: str) -> Iterator[tuple[str, Found]]:
        """All leaves of a record within a list, whose slot is the list."""
        if record.is_leaf:
            yield from self._fill_leaf([entity], record, pointer)
        for child in record.properties:
            place = f"{pointer}/{escape(child.name)}"
            if child.type == "object":
                for inner in _inner([entity], child)[:1]:
                    yield from self.fill_anew(inner, child, place)
            elif child.items is not None:
                yield from self._fill_list([entity], child, child.items, place)
            else:
                yield from self._fill_leaf([entity], child, place)

    def _fill_leaf(self, entities: Sequence[Entity], field: Field, place: str) -> Iterator[tuple[str, Found]]:
        in_order = reversed(entities) if asks_for(field, "image") else entities
        leaves = (self._leaf(entity, field) for entity in in_order)
        leaf = next((leaf for leaf in leaves if leaf is not None), None)
        if leaf is not None:
            yield place, self.found(leaf)

    def _leaf(self, entity: Entity, field: Field) -> Leaf | None:
        leaf = leaf_for(entity, field, self.reading)
        return None if leaf is None else self._checked(leaf, entity, field)

    def _checked(self, leaf: Leaf, entity: Entity, field: Field) -> Leaf | None:
        """The leaf as what the page shows of it, for what pages tend to write for other readers."""
        if asks_for(field, "headline"):
            return self.identity.title(leaf, entity)
        if asks_for(field, "author"):
            return leaf if self.identity.is_byline(leaf, entity) else None
        return leaf

    def _fill_list(
        self, entities: Sequence[Entity], field: Field, item: Field, place: str
    ) -> Iterator[tuple[str, Found]]:
        for entity in entities:
            if item.is_leaf:
                leaves = leaves_for(entity, field, item, self.reading)
                checked = (self._checked(leaf, entity, field) for leaf in leaves)
                filled = [
                    (f"{place}/{index}", self.found(leaf)) for index, leaf in enumerate(filter(None, checked))
                ]
            else:
                filled = list(self.records(objects_for(entity, field), item, place))
            if filled:
                yield from filled
                return

    def records(self, entities: Sequence[Entity], item: Field, place: str) -> Iterator[tuple[str, Found]]:
        """One record for each entity that fills any of its fields."""
        records = (list(self.fill_anew(each, item, "")) for each in entities)
        for index, record in enumerate(record for record in records if record):
            for pointer, found in record:
                yield f"{place}/{index}{pointer}", found

    def found(self, leaf: Leaf) -> Found:
        return Found(leaf.value, leaf.evidence(self.identity.document, StructuredExtractor.name))


def _inner(entities: Sequence[Entity], field: Field) -> Sequence[Entity]:
    """The entities that an object of the schema means: a property's values, or for a mere group the same."""
    found = [inner for entity in entities for inner in objects_for(entity, field)]
    return entities if not found and is_wrapper(field) else found
