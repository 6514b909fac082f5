"""Learning one field of one site: labels in, a wrapper out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from runo_spiders.items import Scalar
from runo_spiders.learn.induce import induce
from runo_spiders.learn.judge import Guess, judge
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.values import Key, Reader
from runo_spiders.learn.ways import Sight, Way, ways_to
from runo_spiders.learn.wrapper import NOTHING_LEARNED, Wrapper

MOST_SAMPLES = 16
"""So many labelled pages of a field are kept, the last ones."""

MOST_WAYS = 700
_NEW_WAYS = 400


@dataclass(frozen=True, slots=True)
class Sample:
    """A page with what the teacher told of the field; `key` is None where it said that there is no value."""

    index: PageIndex
    reader: Reader
    key: Key | None
    raw: str


class Lessons:
    """The labels of one field on one site, and all ways that lead to them."""

    def __init__(self, wrapper: Wrapper = NOTHING_LEARNED) -> None:
        self.wrapper = wrapper
        self.samples: list[Sample] = []
        self.sights: dict[Way, list[Sight | None]] = {}

    def guess(self, index: PageIndex, reader: Reader) -> Guess:
        return judge(self.wrapper, index, reader)

    def trust(self) -> None:
        """A guess was given without asking."""
        track = self.wrapper.track
        self.wrapper = replace(self.wrapper, track=replace(track, sure=track.sure + 1))

    def learn(self, index: PageIndex, reader: Reader, key: Key | None, raw: str) -> None:
        """One page more of which the teacher told the value: `raw` as told, `key` as the field means it."""
        guess = self.guess(index, reader)
        self._keep(Sample(index, reader, key, raw))
        if key is not None:
            self._add_ways(islice(ways_to(key, raw, reader, index), _NEW_WAYS))
        self.wrapper = induce(self.wrapper, guess, self.samples, self.sights)
        self._forget_worst()

    def _keep(self, sample: Sample) -> None:
        if len(self.samples) >= MOST_SAMPLES:
            self.samples.pop(0)
            for sights in self.sights.values():
                sights.pop(0)
        self.samples.append(sample)
        for way, sights in self.sights.items():
            sights.append(way.find(sample.index, sample.reader))

    def _add_ways(self, ways: Iterable[Way]) -> None:
        for way in ways:
            if way not in self.sights:
                self.sights[way] = [way.find(each.index, each.reader) for each in self.samples]

    def _forget_worst(self) -> None:
        if len(self.sights) <= MOST_WAYS:
            return
        keys = [sample.key for sample in self.samples]
        members = {member.way for rank in self.wrapper.ranks for member in rank.members}

        def merit(way: Way) -> tuple[bool, int, int]:
            hits = [n for n, (sight, key) in enumerate(zip(self.sights[way], keys, strict=True)) if sight and sight.key == key]
            return way in members, len(hits), max(hits, default=-1)

        best = sorted(self.sights, key=merit, reverse=True)[:MOST_WAYS]
        self.sights = {way: self.sights[way] for way in best}


_ = (Iterator, Sequence, Scalar, defaultdict)
