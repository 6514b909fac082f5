"""Learning one field of one site: labels in, a wrapper out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import islice

from runo_spiders.learn.induce import induce
from runo_spiders.learn.judge import Guess, judge
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.values import Key, Subject, Told
from runo_spiders.learn.ways import Way, ways_to
from runo_spiders.learn.wrapper import NOTHING_LEARNED, Wrapper

MOST_SAMPLES = 16
"""So many labelled pages of a field are kept, the last ones."""

MOST_WAYS = 700
_NEW_WAYS = 400


@dataclass(frozen=True, slots=True)
class Sample:
    """A page with what the teacher told of the field; `key` is None where it said that there is no value."""

    index: PageIndex
    subject: Subject
    key: Key | None
    raw: str


class Lessons:
    """The labels of one field on one site, and all ways that lead to them."""

    def __init__(self, wrapper: Wrapper = NOTHING_LEARNED) -> None:
        self.wrapper = wrapper
        self._samples: list[Sample] = []
        self._sights: dict[Way, list[Sight | None]] = {}

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
        self.wrapper = induce(self.wrapper, guess, self._samples, self._sights)
        self._forget_worst()

    def _keep(self, sample: Sample) -> None:
        if len(self._samples) >= MOST_SAMPLES:
            self._samples.pop(0)
            for sights in self._sights.values():
                sights.pop(0)
        self._samples.append(sample)
        for way, sights in self._sights.items():
            sights.append(way.find(sample.index, sample.subject))

    def _add_ways(self, ways: Iterable[Way]) -> None:
        for way in ways:
            if way not in self._sights:
                self._sights[way] = [way.find(each.index, each.subject) for each in self._samples]

    def _forget_worst(self) -> None:
        if len(self._sights) > MOST_WAYS:
            members = {member.way for rank in self.wrapper.ranks for member in rank.members}
            ordered = sorted(self._sights, key=lambda way: (way in members, *self._merit(way)), reverse=True)
            self._sights = {way: self._sights[way] for way in ordered[:MOST_WAYS]}

    def _merit(self, way: Way) -> tuple[int, int]:
        """How many labels a way leads to, and the last of them."""
        sights = zip(self._sights[way], self._samples, strict=True)
        hits = [number for number, (sight, sample) in enumerate(sights) if sight and sight.key == sample.key]
        return len(hits), max(hits, default=-1)
