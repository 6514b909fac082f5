"""The words by which pages and schemas name common things.

They are data, in `labels.toml`. A concept has a kind (the shape of its values), the names that a schema may
give it, the labels that stand before its value on pages in several languages, and the marks by which class
names, ids and the like speak of it. A field that no concept knows is found by its own name alone, so nothing
there limits what can be asked.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal, TypeAlias, cast

Kind: TypeAlias = Literal[
    "text",
    "title",
    "prose",
    "person",
    "price",
    "currency",
    "code",
    "gtin",
    "isbn",
    "number",
    "date",
    "duration",
    "stock",
    "image",
    "link",
    "list",
    "item",
    "flag",
    "trail",
]

_WORD_BREAK = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[^a-zA-Z0-9\u0080-\uffff]+")


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing that many pages speak of. All words are lower case, with single spaces."""

    kind: Kind
    names: tuple[str, ...]
    labels: tuple[str, ...]
    marks: tuple[str, ...]


def words_of(name: str) -> tuple[str, ...]:
    """The lower-case words of an identifier: `datePublished`, `date_published` and `date-published` alike."""
    return tuple(word.lower() for word in _WORD_BREAK.split(name) if word)


def _split(words: str) -> tuple[str, ...]:
    return tuple(" ".join(word.split()) for word in words.split("|"))


def _concept(entry: Mapping[str, str]) -> Concept:
    names = _split(entry["names"])
    labels = _split(entry["labels"]) if "labels" in entry else ()
    marks = _split(entry["marks"]) if "marks" in entry else names
    return Concept(cast(Kind, entry["kind"]), names, labels, marks)


_TABLE = tomllib.loads(files(__package__).joinpath("labels.toml").read_text("utf-8"))

CONCEPTS = tuple(_concept(entry) for entry in _TABLE["concept"])

STOCK_PHRASES: Mapping[str, tuple[str, ...]] = {
    state: _split(words) for state, words in _TABLE["stock"].items()
}
"""What pages say of stock, by schema.org's name of the state; the texts of buttons that sell are among it."""

BY_NAME: Mapping[str, Concept] = {name: concept for concept in reversed(CONCEPTS) for name in concept.names}
"""Each name that a schema may give a concept; the first concept of the table wins."""

EVERY_LABEL = frozenset(label for concept in CONCEPTS for label in concept.labels)
"""The labels of all concepts: what stands here is a label and never a value."""
