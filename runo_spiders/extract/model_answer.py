"""A model's answer, taken apart into claims about the page; and what is told of those that did not hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set

from runo_spiders.extract.ground import Claim, Grounded, item_of
from runo_spiders.extract.protocol import Answered
from runo_spiders.items import Found, Json
from runo_spiders.schema.assemble import close_gaps
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Schema, escape

MOST_TOLD = 30
"""So many values that were left out are told one by one; an answer may hold a thousand."""


def claims_in(data: Json, node: Field, pointer: str = "") -> Iterator[Claim]:
    """Every value of an answer in the shape of a schema's part, with the quote that came with it."""
    if node.is_leaf:
        yield from _claim(data, pointer)
    elif node.items is not None:
        for place, item in enumerate(data if isinstance(data, list) else ()):
            yield from claims_in(item, node.items, f"{pointer}/{place}")
    elif isinstance(data, dict):
        for child in node.properties:
            yield from claims_in(data.get(child.name), child, f"{pointer}/{escape(child.name)}")


def plain(data: Json, node: Field) -> Json:
    """An answer without its quotes: as the client's own schema has it."""
    if node.is_leaf:
        return data.get("value") if isinstance(data, dict) else data
    if node.items is not None:
        return [plain(item, node.items) for item in data] if isinstance(data, list) else data
    if not isinstance(data, dict):
        return data
    known = {child.name: child for child in node.properties}
    return {name: plain(value, known[name]) if name in known else value for name, value in data.items()}


def as_typed(data: Json, node: Field, reading: Reading) -> Json:
    """A plain answer with each leaf read as its field's type, "3 May 2024" as a date; others as they are."""
    if node.is_leaf:
        return _typed(data, node, reading)
    if node.items is not None:
        return [as_typed(item, node.items, reading) for item in data] if isinstance(data, list) else data
    if not isinstance(data, dict):
        return data
    typed = {
        child.name: as_typed(data[child.name], child, reading)
        for child in node.properties
        if child.name in data
    }
    return {**data, **typed}


def _typed(value: Json, leaf: Field, reading: Reading) -> Json:
    if not isinstance(value, str | int | float):
        return value
    try:
        return coerce(value, leaf, reading).value
    except CoercionError:
        return value


def _claim(data: Json, pointer: str) -> Iterator[Claim]:
    value, quote = (
        (data.get("value"), str(data.get("quote") or "")) if isinstance(data, dict) else (data, None)
    )
    if isinstance(value, str | int | float) and value != "":
        yield Claim(pointer, value, quote)


def settled(grounded: Grounded, schema: Schema) -> Answered:
    """The values that hold, items of arrays numbered without gaps, and what is to be told of the others.

    The leaves of items that are left out as a whole are among the `untold`, as the model numbered them.
    """
    found = {pointer: Found(each.value, each.evidence) for pointer, each in grounded.findings.items()}
    moved = {old: new for new, old in close_gaps(schema, {pointer: pointer for pointer in found}).items()}
    numbered = {new: found[old] for old, new in moved.items()}
    unseen = (f"{moved[pointer]}: stands only where readers do not see it" for pointer in grounded.unseen)
    items = {"": ""} | {item_of(old): item_of(new) for old, new in moved.items()}
    refused = dict(_renumbered(grounded.refused, items))
    told = dict(list(refused.items())[:MOST_TOLD])
    untold = refused.keys() - told.keys()
    gone = {pointer for pointer in grounded.refused if item_of(pointer) not in items}
    counted = _counted(len(untold), {item_of(pointer) for pointer in gone})
    return Answered(numbered, refused=told, untold=frozenset(untold | gone), warnings=(*counted, *unseen))


def _renumbered(refused: Mapping[str, str], items: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The reasons that are about items of which something is kept, by their new pointers."""
    for pointer, why in refused.items():
        item = item_of(pointer)
        if item in items:
            yield f"{items[item]}{pointer[len(item) :]}", why


def _counted(untold: int, gone: Set[str]) -> Iterator[str]:
    if untold:
        yield f"other values that were left out for such reasons: {untold}"
    if gone:
        yield f"items that were left out, as nothing of them stands on the page: {len(gone)}"
