"""How large a strict schema may be, by OpenAI's guide to structured outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runo_spiders.items import Json

DEEPEST = 10
"""How many objects and arrays may stand within one another."""
MOST_MEMBERS = 1_000
_MANY_MEMBERS = 250
_MOST_CHARACTERS_OF_MANY = 15_000


@dataclass(frozen=True, slots=True)
class Weight:
    """What a strict schema costs: properties, characters of their names and of enums, members of enums."""

    properties: int = 0
    characters: int = 0
    members: int = 0

    def __add__(self, other: Weight) -> Weight:
        return Weight(
            self.properties + other.properties,
            self.characters + other.characters,
            self.members + other.members,
        )

    @property
    def fault(self) -> str:
        """The limit that is passed, in words; empty if none is."""
        limits = (
            (self.properties, MOST.properties, "properties"),
            (self.characters, MOST.characters, "characters of names and enums"),
            (self.members, MOST.members, "enum values"),
        )
        return next((f"it has {has} {what}, over {most}" for has, most, what in limits if has > most), "")


MOST = Weight(5_000, 120_000, MOST_MEMBERS)


def weigh(schema: Json) -> Weight:
    """The weight of a strict schema."""
    return sum(map(_own_weight, _nodes(schema)), Weight())


def named(name: str) -> Weight:
    """The weight of a property without its schema."""
    return Weight(1, len(name))


def depth(schema: Json) -> int:
    """How many objects and arrays stand within one another in a strict schema."""
    own = "properties" in schema or "items" in schema
    return own + max(map(depth, _children(schema)), default=0)


def is_long_enum(members: list[Json]) -> bool:
    """Whether a list of values is longer than the `enum` of one property may be."""
    characters = _characters(members)
    return len(members) > MOST_MEMBERS or (
        len(members) > _MANY_MEMBERS and characters > _MOST_CHARACTERS_OF_MANY
    )


def _nodes(schema: Json) -> Iterator[Json]:
    yield schema
    for child in _children(schema):
        yield from _nodes(child)


def _children(schema: Json) -> list[Json]:
    items = [schema["items"]] if "items" in schema else []
    return [*schema.get("anyOf", ()), *schema.get("properties", {}).values(), *items]


def _own_weight(schema: Json) -> Weight:
    names, members = list(schema.get("properties", ())), schema.get("enum", [])
    return Weight(len(names), _characters(names) + _characters(members), len(members))


def _characters(values: list[Json]) -> int:
    return sum(len(value) for value in values if isinstance(value, str))
