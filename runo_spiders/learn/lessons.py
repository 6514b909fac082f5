"""Learning one field of one site: labels in, a wrapper out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import islice

from runo_spiders.learn.induce import induce
from runo_spiders.learn.judge import Guess, judge
from runo_spiders.learn.notes import Notes, Sample
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.values import Subject, Told
from runo_spiders.learn.ways import Way, ways_to
from runo_spiders.learn.wrapper import NOTHING_LEARNED, Wrapper

MOST_SAMPLES = 16
"""So many labelled pages of a field are kept, the last ones."""

MOST_WAYS = 400
_NEW_WAYS = 300


class Lessons:
    """The labels of one field on one site, and the wrapper that they speak for.

    It may start with a wrapper that was learned before, whose pages are not there any more.
    """

    def __init__(self, wrapper: Wrapper = NOTHING_LEARNED) -> None:
        self.wrapper = wrapper
        self._restart()

    def _restart(self) -> None:
        past = tuple({member.way: member for member in rank.members} for rank in self.wrapper.ranks)
        self._notes = Notes(past=past, sights={way: [] for members in past for way in members})

    @property
    def pages(self) -> int:
        """How many labelled pages are kept."""
        return len(self._notes.samples)

    def drop_pages(self) -> None:
        """Keeps what was learned and lets go of the pages."""
        self._restart()

    def guess(self, index: PageIndex, subject: Subject) -> Guess:
        return judge(self.wrapper, index, subject)

    def spare(self) -> None:
        """A guess was given without asking."""
        track = self.wrapper.track
        self.wrapper = replace(self.wrapper, track=replace(track, sure=track.sure + 1))

    def learn(self, index: PageIndex, subject: Subject, told: Told) -> None:
        """One page more of which the teacher told the value."""
        guess = self.guess(index, subject)
        self._keep(Sample(index, subject, subject.key(told.raws), told.text))
        self._add_ways(islice(ways_to(told, subject, index), _NEW_WAYS))
        self.wrapper = induce(self.wrapper, guess, self._notes)
        self._forget_worst()

    def _keep(self, sample: Sample) -> None:
        notes = self._notes
        if len(notes.samples) >= MOST_SAMPLES:
            notes.samples.pop(0)
            for sights in notes.sights.values():
                sights.pop(0)
        notes.samples.append(sample)
        for way, sights in notes.sights.items():
            sights.append(way.find(sample.index, sample.subject))

    def _add_ways(self, ways: Iterable[Way]) -> None:
        notes = self._notes
        for way in ways:
            if way not in notes.sights:
                notes.sights[way] = [way.find(each.index, each.subject) for each in notes.samples]

    def _forget_worst(self) -> None:
        notes = self._notes
        if len(notes.sights) > MOST_WAYS:
            members = {member.way for rank in self.wrapper.ranks for member in rank.members}
            merits = {way: (way in members, *self._merit(found)) for way, found in notes.sights.items()}
            for way in sorted(merits, key=lambda way: merits[way], reverse=True)[MOST_WAYS:]:
                del notes.sights[way]

    def _merit(self, found: Sequence[Sight | None]) -> tuple[int, int]:
        """How many labels a way leads to, and the last of them."""
        hits = [number for number in range(self.pages) if self._notes.leads(found, number)]
        return len(hits), max(hits, default=-1)
