"""The answers for the parts of one page, joined to one answer.

Lists of records are set one after the other. A record that two parts both tell of is told once: the parts of
a page overlap in their headings, and a record too long for a part is torn. A page can list the same thing
twice; within one part everything stays as it was answered.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from runo_spiders.items import Json
from runo_spiders.page.asked import words_of
from runo_spiders.schema.model import Field

_NUMBERS = frozenset(("id", "sku", "gtin", "ean", "upc", "isbn", "asin", "mpn", "identifier", "uuid", "doi"))
_ADDRESSES = frozenset(("url", "link", "href", "permalink"))
_PICTURES = frozenset(("image", "img", "picture", "photo", "thumbnail", "logo", "icon"))


def merge(parts: Sequence[Json], field: Field) -> Json:
    """The answer for the whole from those for its parts, in the order of the page; all of them fit `field`.

    A single value is that of the first part that has one.
    """
    given = [part for part in parts if _bare(part) is not None]
    if not given:
        return None
    if field.type == "object":
        return _merge_objects(given, field)
    if field.type == "array" and field.items is not None:
        items = field.items
        return reduce(lambda before, after: _joined(before, after, items), given)
    return given[0]


def _merge_objects(parts: Sequence[Json], field: Field) -> Json:
    merged = {
        child.name: merge([part.get(child.name) for part in parts], child) for child in field.properties
    }
    return {name: value for name, value in merged.items() if any(name in part for part in parts)}


def _joined(before: list[Json], after: list[Json], items: Field) -> list[Json]:
    """Two lists as one. A record of the second that the first has too completes it."""
    joined = list(before)
    for place, record in enumerate(after):
        twin = _twin(before, record, items, is_next=place == 0)
        if twin is None:
            joined.append(record)
        else:
            joined[twin] = merge([joined[twin], record], items)
    return joined


def _twin(before: Sequence[Json], record: Json, items: Field, *, is_next: bool) -> int | None:
    """Where the list before has the same record. Without a key only neighbours can be one torn record."""
    if items.type == "string":
        return next((place for place, each in enumerate(before) if _same(each, record)), None)
    key = _key(record, items)
    if key is not None:
        alike = (place for place, each in enumerate(before) if _key(each, items) == key)
        return next((place for place in alike if _agree(before[place], record)), None)
    last = len(before) - 1
    return (
        last
        if is_next and before and _agree(before[last], record) and _overlap(before[last], record)
        else None
    )


def _key(record: Json, items: Field) -> tuple[str, Json] | None:
    """What tells a record apart, with the name of its field: a number of its own, else its address."""
    for telling in (_NUMBERS, _ADDRESSES):
        for child in items.properties:
            words = set(words_of(child.name))
            value = _bare(record.get(child.name)) if child.is_leaf and isinstance(record, dict) else None
            if value is not None and words & telling and not words & _PICTURES:
                return child.name, value
    return None


def _agree(one: Json, other: Json) -> bool:
    """Whether no field has two different values."""
    if isinstance(one, dict) and isinstance(other, dict):
        return all(_agree(one[name], other[name]) for name in one.keys() & other.keys())
    if isinstance(one, list) and isinstance(other, list):
        return True
    return one is None or other is None or _same(one, other)


def _overlap(one: Json, other: Json) -> bool:
    """Whether some value stands in both."""
    shared = one.keys() & other.keys() if isinstance(one, dict) and isinstance(other, dict) else ()
    return any(one[name] not in (None, []) and _same(one[name], other[name]) for name in shared)


def _same(one: Json, other: Json) -> bool:
    return bool(_folded(one) == _folded(other))


def _folded(value: Json) -> Json:
    bare = _bare(value)
    return " ".join(bare.split()).casefold() if isinstance(bare, str) else bare


def _bare(value: Json) -> Json:
    """The value of a leaf, which may be asked for together with its quote."""
    return value["value"] if isinstance(value, dict) and value.keys() == {"value", "quote"} else value
