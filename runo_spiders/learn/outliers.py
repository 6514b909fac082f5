"""Labels that are set aside as mistakes of the teacher."""

from __future__ import annotations

from collections.abc import Sequence

from runo_spiders.learn.notes import Notes

_MOST = 0.3
"""At most so many of the labels, else they are another variant of the template."""


def outliers(notes: Notes) -> frozenset[int]:
    """Labels that the best way contradicts, and that no way explains which explains another such label."""
    everything = range(len(notes.samples))
    tallies = notes.tallies(everything)
    if not tallies or tallies[0].member.right < 2:
        return frozenset()
    best = tallies[0].found
    spoken = [number for number in everything if best[number] is not None]
    odd = [number for number in spoken if not notes.leads(best, number)]
    unexplained = [number for number in everything if number in odd or number not in spoken]
    aside = [n for n in odd if notes.samples[n].key is None or not _has_company(n, unexplained, notes)]
    return frozenset(aside) if len(aside) <= max(1, _MOST * len(notes.samples)) else frozenset()


def _has_company(number: int, others: Sequence[int], notes: Notes) -> bool:
    """Whether some way leads to this label and to another of those that the best way doesn't explain."""
    leading = (found for found in notes.sights.values() if notes.leads(found, number))
    return any(notes.leads(found, other) for found in leading for other in others if other != number)
