"""The labels of one field on one site, what each way finds on their pages, and how the ways did."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from runo_spiders.learn.locators import Walk
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.row_ways import RowsWay
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.transforms import Whole
from runo_spiders.learn.values import Key, Subject, weight_of
from runo_spiders.learn.ways import Way
from runo_spiders.learn.wrapper import Member

_REPEATED = 0.25
"""What a value that was met before proves, of what it proved at first."""

_WRONG, _ALARM, _MISSED = 2.5, 1.2, 0.35
"""What a page costs a way on which it finds another value, or one where none is, or none where one is."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A page with what the teacher told of the field; `key` is None where it said that there is no value."""

    index: PageIndex
    subject: Subject
    key: Key | None
    raw: str


@dataclass(frozen=True, slots=True)
class Tally:
    """How one way did on some samples, and the score that it gets for that.

    `places` are where it led, `found` what it finds on each sample's page.
    """

    member: Member
    score: float
    places: tuple[object, ...]
    found: Sequence[Sight | None]


@dataclass(frozen=True, slots=True)
class Notes:
    """`sights` has what each way finds on the page of each sample, in the same order.

    `past` are members of a wrapper that was learned before from pages that are not kept.
    """

    samples: list[Sample] = field(default_factory=list)
    sights: dict[Way, list[Sight | None]] = field(default_factory=dict)
    past: Sequence[Mapping[Way, Member]] = ()

    def leads(self, found: Sequence[Sight | None], number: int) -> bool:
        """Whether a way that finds this leads to the value of a sample."""
        sight = found[number]
        return sight is not None and sight.key == self.samples[number].key

    def tallies(self, chosen: Collection[int], rank: int = 0) -> list[Tally]:
        """The ways that are more often right than wrong on some of the samples, the best first."""
        before = self.past[rank] if rank < len(self.past) else {}
        numbers = sorted(chosen)
        # A way is deep: to look it up costs more than to count what it finds.
        ways = self.sights.items()
        tallies = [
            self._tally(way, found, numbers, before.get(way) if before else None) for way, found in ways
        ]
        good = [each for each in tallies if each.member.right > each.member.wrong + each.member.alarms]
        return sorted(good, key=lambda each: -each.score)

    def _tally(
        self, way: Way, found: Sequence[Sight | None], chosen: Sequence[int], before: Member | None
    ) -> Tally:
        right = wrong = missed = alarms = idle = 0
        hits: list[tuple[Key, object]] = []
        for number in chosen:
            key, sight = self.samples[number].key, found[number]
            if sight is None:
                missed += key is not None
                idle += key is None and way.is_near(self.samples[number].index)
            elif sight.key == key:
                right += 1
                hits.append((sight.key, sight.slot))
            else:
                wrong += key is not None
                alarms += key is None
        evidence = _evidence([key for key, _ in hits])
        member = Member(way, right, wrong, missed, alarms, idle, round(evidence, 3))
        if before is not None:
            member = _added(member, before)
        return Tally(member, _score(member), tuple(place for _, place in hits), found)


def _evidence(keys: Sequence[Key]) -> float:
    seen: set[Key] = set()
    total = 0.0
    for key in keys:
        total += weight_of(key) * (_REPEATED if key in seen else 1.0)
        seen.add(key)
    return total


def _added(member: Member, before: Member) -> Member:
    return Member(
        member.way,
        member.right + before.right,
        member.wrong + before.wrong,
        member.missed + before.missed,
        member.alarms + before.alarms,
        member.idle + before.idle,
        round(member.evidence + before.evidence, 3),
    )


def _score(member: Member) -> float:
    lost = _WRONG * member.wrong + _ALARM * member.alarms + _MISSED * member.missed
    return member.evidence - lost + _prior(member.way)


def _prior(way: Way) -> float:
    """What is thought of a way before any label: names and labels outlast positions."""
    if isinstance(way, RowsWay):
        return 0.0
    prior = 0.0 if isinstance(way.cut, Whole) else -0.1
    if isinstance(way.locate, Walk):
        return prior + (-0.3 if way.locate.chain is None else 0.2 - 0.02 * len(way.locate.steps))
    return prior + 0.1
