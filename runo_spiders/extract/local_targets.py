"""What the rung `local` looks for: each open slot with its kind, its labels and the marks of it in names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runo_spiders.extract.labels import BY_NAME, Concept, Kind, words_of
from runo_spiders.page.visible import Visible, fold
from runo_spiders.schema.model import Field, Slot, unescape

_OWN_HINT_WORDS = 4
"""A hint of up to so many words is taken for a label; a longer one is a sentence about the field."""

_LEADING = frozenset(
    (
        *("article", "book", "camera", "car", "count", "current", "event", "full", "has", "is"),
        *("item", "job", "listing", "main", "no", "num", "number", "of", "page", "product"),
        *("property", "recipe", "the", "total"),
    )
)
_TRAILING = frozenset(
    (
        *("count", "info", "list", "minutes", "name", "number", "raw", "str", "string", "text"),
        *("url", "value"),
    )
)
_VAGUE = frozenset(
    (
        *("amount", "code", "id", "label", "name", "number", "text", "title", "type", "url"),
        *("value",),
    )
)

CLOSED_KINDS = frozenset(("code", "date", "duration", "gtin", "isbn", "number", "person", "price"))
"""Kinds whose values are known by their shape, so that a label needs no mark between it and the value."""

_NUMBERED = frozenset(("number", "numbers", "no", "nr", "id", "ids", "code", "codes"))
_CALLED = frozenset(("name", "names", "title", "titles"))
_QUOTED = re.compile(r"[\"'“„«]([^\"'“”„«»]{2,40})[\"'”“»]")


@dataclass(frozen=True, slots=True)
class Target:
    """An open slot.

    `labels` come in order of trust; `openings` has them, each with its rank, by what a text that holds them
    may open with. `marks` are runs of words within names in the markup.
    """

    pointer: str
    field: Field
    kind: Kind
    labels: tuple[str, ...]
    marks: frozenset[tuple[str, ...]]
    kind_of_items: Kind
    openings: Mapping[str, tuple[tuple[str, int], ...]]

    @property
    def is_title(self) -> bool:
        """Whether this is what a record is called."""
        return self.kind == "title" or not _CALLED.isdisjoint(words_of(self.field.name)[-1:])

    @property
    def leaf(self) -> Field:
        """The field of one value: of the items where the slot is an array."""
        return self.field.items or self.field


def openings_on(page: Visible, target: Target) -> list[str]:
    """The openings of a target that texts of the page have, always in the same order."""
    return [opening for opening in target.openings if opening in page.lines]


def target_of(slot: Slot) -> Target:
    """The slot as the rung looks for it."""
    phrases = [phrase for phrase in _phrases(slot) if phrase]
    concept = next((BY_NAME[phrase] for phrase in phrases if phrase in BY_NAME), None)
    own = [*dict.fromkeys(phrases), *_hinted(slot.field.hint)]
    labels = tuple(dict.fromkeys(map(fold, [*own, *(concept.labels if concept else ())])))
    marks = frozenset(words_of(phrase) for phrase in (*phrases, *(concept.marks if concept else ())))
    kind = _kind_of(slot.field, concept)
    of_items = _kind_of_items(slot.field, concept)
    return Target(slot.pointer, slot.field, kind, labels, marks, of_items, _openings(labels, kind))


def _openings(labels: Sequence[str], kind: Kind) -> Mapping[str, tuple[tuple[str, int], ...]]:
    """A label by itself, and by its first word where its value may follow in the same text without a mark."""
    found: dict[str, list[tuple[str, int]]] = {}
    for rank, label in enumerate(labels):
        first = label.split(" ", 1)[0]
        for opening in dict.fromkeys((label, first) if kind in CLOSED_KINDS else (label,)):
            found.setdefault(opening, []).append((label, rank))
    return {opening: tuple(ranked) for opening, ranked in found.items()}


def _phrases(slot: Slot) -> Iterator[str]:
    """What the slot may be called, the most telling first."""
    names = [words_of(unescape(token)) for token in slot.pointer.split("/") if not token.isdigit()]
    names = [name for name in names if name] or [words_of(slot.field.name)]
    own = names[-1]
    if len(names) > 1 and set(own) <= _VAGUE:
        yield " ".join((*names[-2], *own))
        yield " ".join(names[-2])
        return
    yield " ".join(own)
    yield from _shorter(own)


def _shorter(words: Sequence[str]) -> Iterator[str]:
    start, end = 0, len(words)
    while start < end - 1 and words[start] in _LEADING:
        start += 1
        yield " ".join(words[start:end])
    while end > start + 1 and words[end - 1] in _TRAILING:
        end -= 1
        yield " ".join(words[start:end])


def _hinted(hint: str) -> Iterator[str]:
    if hint and len(hint.split()) <= _OWN_HINT_WORDS:
        yield hint.lower().strip(" .:")
    for quoted in _QUOTED.findall(hint):
        yield quoted.lower().strip(" .:")


def _kind_of(field: Field, concept: Concept | None) -> Kind:
    if field.type == "array":
        return "list"
    by_type = _kind_by_type(field)
    if concept is None:
        return (
            "code" if by_type == "text" and not _NUMBERED.isdisjoint(words_of(field.name)[-1:]) else by_type
        )
    if field.type == "boolean":
        return "stock" if concept.kind == "stock" else "flag"
    if concept.kind == "list":
        return "prose"
    if by_type == "number" and concept.kind in ("text", "person", "prose", "title", "trail"):
        return "number"
    return concept.kind


def _kind_of_items(field: Field, concept: Concept | None) -> Kind:
    if concept is not None and concept.kind in ("person", "image"):
        return concept.kind
    by_type = _kind_by_type(field.items or field)
    return "item" if by_type == "text" else by_type


def _kind_by_type(field: Field) -> Kind:
    if field.type in ("integer", "number"):
        return "number"
    if field.type == "boolean":
        return "flag"
    by_format: dict[str | None, Kind] = {
        "date": "date",
        "date-time": "date",
        "uri": "link",
        "duration": "duration",
    }
    return by_format.get(field.format, "text")
