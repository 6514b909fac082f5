"""Values as they are compared: what a raw text means to a field, and whether two such meanings are the same."""

from __future__ import annotations

from typing import TypeAlias

from runo_spiders.items import Scalar
from runo_spiders.learn.page_index import fold
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field

Key: TypeAlias = str | float | bool | tuple["Key", ...]
"""A value without what spelling adds to it; a tuple for the items of a list."""

_MOST_KEPT = 20_000


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
        return self.leaf.type == "string" and not self.leaf.format and not self.leaf.enum

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


def weight_of(key: Key) -> float:
    """How much it says that something equals this value: a short one is met by chance."""
    if isinstance(key, tuple):
        return max(map(weight_of, key), default=0.3)
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
