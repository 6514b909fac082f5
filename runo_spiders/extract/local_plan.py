"""The targets of a set of open slots, and which of them a name in the markup speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

from runo_spiders.extract.labels import words_of
from runo_spiders.extract.local_targets import target_of
from runo_spiders.page.places import Spot
from runo_spiders.page.visible import Visible
from runo_spiders.schema.model import Slot, slots_of

Spoken: TypeAlias = Sequence[tuple[float, Sequence[Spot]]]
"""The elements whose names speak of one target, by name, with how clearly: 1 is the mark itself."""

_CONTRARY = frozenset(
    (
        *("alert", "avatar", "before", "bio", "btn", "button", "delivery", "discount", "drop"),
        *("filter", "form", "from", "history", "icon", "image", "img", "input", "label", "labels"),
        *("link", "logo", "match", "menu", "modified", "msrp", "nav", "off", "old", "previous"),
        *("related", "rrp", "save", "saved", "saving", "savings", "search", "select", "shipping"),
        *("strike", "symbol", "tab", "tabs", "tax", "tooltip", "unit", "updated", "uvp", "vat"),
        *("was",),
    )
)
"""Words that turn a name away from what it would else speak of."""


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
            record = slots_of(self.targets[number].leaf)
            self._within[number] = Plan(slot for slot in record if slot.field.is_leaf)
        return self._within[number]

    def heard(self, name: str) -> tuple[tuple[int, float], ...]:
        """The numbers of the targets that a name speaks of, each with how clearly: 1 is the mark itself."""
        known = self._heard.get(name)
        if known is None:
            if len(self._heard) >= self.KEPT_NAMES:
                self._heard.clear()
            known = self._heard[name] = self._listen(name)
        return known

    def spoken(self, page: Visible) -> Sequence[Spoken]:
        """The elements whose names speak of each target."""
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
