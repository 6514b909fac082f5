"""Values as they are compared: what a raw text means to a field, and how much it says that two are equal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from runo_spiders.items import Scalar
from runo_spiders.learn.page_index import fold
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.links import means_link
from runo_spiders.schema.model import Field, field_at

Key: TypeAlias = str | float | bool | tuple["Key", ...]
"""A value without what spelling adds to it; a tuple for the items of a list."""

_MOST_KEPT = 20_000
_A_LINK = "/a"


def key_of(value: Scalar) -> Key:
    if isinstance(value, str):
        return fold(value)
    return value if isinstance(value, bool) else float(value)


class Reader:
    """What raw texts mean to one field; each text is read once."""

    def __init__(self, leaf: Field, reading: Reading) -> None:
        self.leaf = leaf
        self._reading = reading
        self._read: dict[str, Key | None] = {}

    @property
    def is_text(self) -> bool:
        """Whether values are compared by their words alone."""
        leaf = self.leaf
        return leaf.type == "string" and not (leaf.format or leaf.enum or means_link(leaf.name, _A_LINK))

    def key(self, raw: str) -> Key | None:
        """None where the field can't be read from the text."""
        if raw not in self._read:
            if len(self._read) > _MOST_KEPT:
                self._read.clear()
            self._read[raw] = self._coerced(raw)
        return self._read[raw]

    def _coerced(self, raw: str) -> Key | None:
        try:
            return key_of(coerce(raw, self.leaf, self._reading).value)
        except CoercionError:
            return None


@dataclass(frozen=True, slots=True)
class Told:
    """What a field's value is said to be: raw texts by the pointer below the field (empty for a leaf).

    Without any it says that there is no value.
    """

    raws: Mapping[str, str]

    @property
    def text(self) -> str:
        """All raw texts, the first for a leaf."""
        return " ".join(self.raws.values())


class Subject:
    """A field as it is read on one page: a leaf, or a list of leaves or of records of leaves."""

    def __init__(self, field: Field, reading: Reading) -> None:
        self.field = field
        self._reading = reading
        self._readers: dict[str, Reader] = {}

    @property
    def is_list(self) -> bool:
        return self.field.items is not None

    def reader(self, pointer: str) -> Reader | None:
        """How the leaf at a pointer is read; items of lists share one reader."""
        place = "/".join("0" if token.isdigit() else token for token in pointer.split("/"))
        if place not in self._readers:
            leaf = field_at(self.field, place)
            if leaf is None or not leaf.is_leaf:
                return None
            self._readers[place] = Reader(leaf, self._reading)
        return self._readers[place]

    def key(self, raws: Mapping[str, str]) -> Key | None:
        """What raw texts mean together; None where there are none, or one of them can't be read."""
        keys: list[Key] = []
        for pointer, raw in raws.items():
            reader = self.reader(pointer)
            key = None if reader is None else reader.key(raw)
            if key is None:
                return None
            keys.append((pointer, key) if self.is_list else key)
        if not self.is_list:
            return keys[0] if keys else None
        return tuple(sorted(keys, key=str)) if keys else None


def weight_of(key: Key) -> float:
    """How much it says that something equals this value: a short one is met by chance."""
    if isinstance(key, tuple):
        return max(weight_of(each[1]) for each in key if isinstance(each, tuple))
    length = len(str(key).removesuffix(".0"))
    return 1.0 if length >= 5 else 0.7 if length >= 3 else 0.4


def looks_of(text: str) -> frozenset[str]:
    """What kinds of signs a text has: digits, letters, more than one word."""
    return frozenset(
        name
        for name, has in (
            ("digits", any(map(str.isdigit, text))),
            ("letters", any(map(str.isalpha, text))),
            ("words", " " in text),
        )
        if has
    )
