"""What the rung `local` looks for: each open slot with its kind, its labels and the marks that speak of it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from runo_spiders.extract.labels import BY_NAME, Concept, Kind, words_of
from runo_spiders.page.visible import Spot, Visible, fold
from runo_spiders.schema.model import Field, Slot, slots_of, unescape

_OWN_HINT_WORDS = 4
"""A hint of up to so many words is taken for a label; a longer one is a sentence about the field."""

_LEADING = frozenset(
    ("product", "item", "article", "recipe", "book", "property", "listing", "page", "main", "the", "count")
    + ("num", "number", "of", "no", "total", "is", "has", "full", "job", "event", "current", "camera", "car")
)
_TRAILING = frozenset(
    ("string", "value", "text", "raw", "list", "str", "url", "minutes", "name", "info", "number", "count")
)
_VAGUE = frozenset(
    ("name", "value", "text", "id", "url", "title", "label", "type", "amount", "number", "code")
)
_CONTRARY = frozenset(
    (
        "was",
        "save",
        "saving",
        "savings",
        "saved",
        "old",
        "discount",
        "off",
        "label",
        "labels",
        "unit",
        "filter",
        "match",
    )
    + (
        "drop",
        "alert",
        "history",
        "shipping",
        "delivery",
        "related",
        "rrp",
        "msrp",
        "uvp",
        "strike",
        "before",
        "previous",
    )
    + (
        "icon",
        "btn",
        "button",
        "tax",
        "vat",
        "link",
        "search",
        "nav",
        "menu",
        "from",
        "symbol",
        "input",
        "select",
        "form",
    )
    + ("updated", "modified", "avatar", "image", "img", "bio", "logo", "tooltip", "tab", "tabs")
)
"""Words that turn a name away from what it would else speak of."""

CLOSED_KINDS = frozenset(("code", "gtin", "isbn", "price", "number", "date", "duration", "person"))
"""Kinds whose values are known by their shape, so that a label needs no mark between it and the value."""

_NUMBERED = frozenset((word,) for word in ("number", "numbers", "no", "nr", "id", "ids", "code", "codes"))
_QUOTED = re.compile(r"[\"'“„«]([^\"'“”„«»]{2,40})[\"'”“»]")


@dataclass(frozen=True, slots=True)
class Target:
    """An open slot.

    `labels` come in order of trust; `openings` has them, each with its rank, by what a text that holds them may
    open with. `marks` are runs of words within names in the markup.
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
        return self.kind == "title" or words_of(self.field.name)[-1:] in (
            ("name",),
            ("names",),
            ("title",),
            ("titles",),
        )

    @property
    def leaf(self) -> Field:
        """The field of one value: of the items where the slot is an array."""
        return self.field.items or self.field


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
        for opening in {label, first} if kind in CLOSED_KINDS else {label}:
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
        return "code" if by_type == "text" and words_of(field.name)[-1:] in _NUMBERED else by_type
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


class Plan:
    """The targets of one set of open slots, and which of them a name in the markup speaks of.

    The names of a site's markup repeat from page to page, so what they say is kept.
    """

    KEPT_NAMES = 20_000

    def __init__(self, slots: Iterable[Slot]) -> None:
        self.targets = tuple(target_of(slot) for slot in slots)
        self._within: dict[int, Plan] = {}
        self._heard: dict[str, tuple[tuple[int, float], ...]] = {}
        self._by_word: dict[str, list[tuple[int, tuple[str, ...]]]] = {}
        for number, target in enumerate(self.targets):
            for mark in target.marks:
                self._by_word.setdefault(mark[-1], []).append((number, mark))

    def within(self, number: int) -> Plan:
        """The plan for one record of an array of objects; its pointers start at the record."""
        if number not in self._within:
            self._within[number] = Plan(slots_of(self.targets[number].leaf))
        return self._within[number]

    def heard(self, name: str) -> tuple[tuple[int, float], ...]:
        """The numbers of the targets that a name speaks of, each with how clearly: 1 is the mark itself."""
        known = self._heard.get(name)
        if known is None:
            if len(self._heard) >= self.KEPT_NAMES:
                self._heard.clear()
            known = self._heard[name] = self._listen(name)
        return known

    def spoken(self, page: Visible) -> list[list[tuple[float, list[Spot]]]]:
        """By the number of the target: the elements whose names speak of it, with how clearly."""
        found: list[list[tuple[float, list[Spot]]]] = [[] for _ in self.targets]
        for name, spots in page.named.items():
            for number, clear in self.heard(name):
                found[number].append((clear, spots))
        return found

    def _listen(self, name: str) -> tuple[tuple[int, float], ...]:
        best: dict[int, float] = {}
        for token in name.split():
            words = words_of(token)
            for place, word in enumerate(words):
                for number, mark in self._by_word.get(word, ()):
                    start = place + 1 - len(mark)
                    if start >= 0 and words[start : place + 1] == mark:
                        clear = _clearness(words, start, place + 1)
                        best[number] = max(best.get(number, 0.0), clear)
        return tuple(best.items())


def _clearness(words: Sequence[str], start: int, end: int) -> float:
    """1 for a name that is the mark, less for each word that stands around it, more so after it."""
    contrary = not _CONTRARY.isdisjoint((*words[:start], *words[end:]))
    return max(0.2, 1.0 - 0.08 * start - 0.2 * (len(words) - end)) - (0.8 if contrary else 0.0)
