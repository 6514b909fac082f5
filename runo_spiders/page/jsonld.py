"""JSON-LD: the entities of a page's `application/ld+json` scripts, references among them resolved."""

from __future__ import annotations

from collections.abc import Iterator

from runo_spiders.items import Json
from runo_spiders.page.document import Document
from runo_spiders.page.entity import (
    MAX_DEPTH,
    Entity,
    Home,
    JsonObject,
    JsonSource,
    References,
    Value,
    roots_of,
)
from runo_spiders.schema.model import escape

_INNER = ("mainentity", "mainentityofpage", "itemreviewed")
"""Properties that lead from an entity about the page to the entity that the page is about."""


def read_jsonld(document: Document) -> list[Entity]:
    """The entities that stand for themselves: top-level ones, those of an `@graph`, and main entities."""
    references = References()
    roots: list[JsonObject] = []
    for script in document.root.iter("script"):
        if "ld+json" in script.get("type", "").lower() and script.text:
            source = JsonSource(script, references)
            value = document.json_in(script.text)
            roots += roots_of(value, source)
            if '"@id"' in script.text:
                references.by_id.update(_identified(value, source, "", 0))
    seen: set[int] = set()
    return [entity for root in roots for entity in _standing(root, seen)]


def _standing(entity: JsonObject, seen: set[int]) -> Iterator[Entity]:
    if entity.identity in seen or entity.is_reference or entity.depth > MAX_DEPTH:
        return
    seen.add(entity.identity)
    members = _objects(entity.member("@graph"))
    if entity.types or not members:
        yield entity
    for name in _INNER:
        members += _objects(entity.get(name))
    for each in members:
        yield from _standing(each, seen)


def _objects(values: list[Value]) -> list[JsonObject]:
    return [each for each in values if isinstance(each, JsonObject)]


def _identified(value: Json, source: JsonSource, pointer: str, depth: int) -> Iterator[tuple[str, Home]]:
    """The objects that can be referred to: they have an `@id` and say more than that."""
    if depth > MAX_DEPTH:
        return
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _identified(each, source, f"{pointer}/{index}", depth + 1)
    elif isinstance(value, dict):
        if isinstance(value.get("@id"), str):
            entity = JsonObject(value, source, pointer)
            if not entity.is_reference:
                yield entity.id, entity.home
        for key, each in value.items():
            if isinstance(each, dict | list):
                yield from _identified(each, source, f"{pointer}/{escape(key)}", depth + 1)
