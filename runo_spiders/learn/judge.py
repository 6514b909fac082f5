"""What a wrapper makes of a page: the value its members agree on, and what speaks against trusting it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runo_spiders.learn.confidence import (
    DISSENT,
    NEAR,
    NEW,
    ODD,
    ONE_KIND,
    SILENT,
    UNKNOWN,
    UNPROVEN,
    UNSTEADY,
    confidence,
)
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.values import Key, Subject, looks_of
from runo_spiders.learn.wrapper import Member, Rank, Track, Wrapper

LEAST_EVIDENCE = 1.6
"""Two labels that differ, or more that are alike."""

LEAST_FOR_LISTS = 2.4
"""Three labels that differ: two say little of how long a list may be."""

_LEAST_NULLS = 3
_MOST_SILENT = 0.5
_AS_GOOD = 0.8
_VERIFIED = 2
_OFTEN = 5
_STEADY_RECORDS = 4
"""Records have many leaves that can be wrong, and hardly a second kind of way to check them."""


@dataclass(frozen=True, slots=True)
class Guess:
    """`sight` is None where the page seems to have no value. `doubts` tell why it is not to be trusted.

    `confidence` is the chance that it is right. `learned` is false where nothing was told before. `signs`
    tells who agreed, see `Pattern`; `rank` counts from 0, and is -1 for a guess that nothing is there.
    """

    sight: Sight | None
    doubts: tuple[str, ...]
    confidence: float
    learned: bool
    rank: int = -1
    signs: str = ""

    @property
    def trusted(self) -> bool:
        return not self.doubts

    @property
    def key(self) -> Key | None:
        return None if self.sight is None else self.sight.key


def judge(wrapper: Wrapper, index: PageIndex, subject: Subject) -> Guess:
    """The wrapper's guess for a page."""
    guesses = list(_by_rank(wrapper, index, subject))
    trusted = next((guess for guess in guesses if guess.trusted), None)
    return trusted or (guesses[0] if guesses else _absent(wrapper, index))


def _by_rank(wrapper: Wrapper, index: PageIndex, subject: Subject) -> Iterator[Guess]:
    """The guesses of the ranks up to the first one of which most members speak."""
    for number, rank in enumerate(wrapper.ranks):
        sights = [member.way.find(index, subject) for member in rank.members]
        winner = elected(rank.members, sights)
        if winner is None:
            continue
        guess = _weighed(wrapper, number, sights, winner)
        yield guess
        if guess.signs.count(".") < _MOST_SILENT * len(sights):
            return


def elected(members: Sequence[Member], sights: Sequence[Sight | None]) -> Key | None:
    """The value that most speaks for; None where nobody speaks."""
    votes: defaultdict[Key, float] = defaultdict(float)
    for member, sight in zip(members, sights, strict=True):
        if sight is not None:
            votes[sight.key] += strength(member)
    return max(votes, key=lambda key: votes[key], default=None)


def strength(member: Member) -> float:
    """What a member's word weighs."""
    tried = member.right + member.wrong + member.alarms
    return member.evidence * (member.right / tried) ** 2 if tried else 0.0


def signs_of(sights: Sequence[Sight | None], winner: Key | None) -> str:
    return "".join("." if sight is None else "+" if sight.key == winner else "-" for sight in sights)


def _weighed(wrapper: Wrapper, number: int, sights: Sequence[Sight | None], winner: Key) -> Guess:
    rank = wrapper.ranks[number]
    signs = signs_of(sights, winner)
    agreeing = [sight for sight in sights if sight is not None and sight.key == winner]
    # A value can be read from the text around it too.
    sight = min(agreeing, key=lambda sight: sum(len(leaf.raw) for leaf in sight.leaves))
    doubts = tuple(_doubts(wrapper, rank, signs, sight))
    evidence = max(member.evidence for member in _members(rank, signs, "+"))
    return Guess(sight, doubts, confidence(evidence, doubts, wrapper.track), True, number, signs)


def _doubts(wrapper: Wrapper, rank: Rank, signs: str, sight: Sight) -> Iterator[str]:
    agreeing = _members(rank, signs, "+")
    evidence = max(member.evidence for member in agreeing)
    verified = any(
        each.signs == signs and each.right >= _VERIFIED and not each.wrong for each in rank.patterns
    )
    if evidence < (LEAST_FOR_LISTS if sight.leaves[0].pointer else LEAST_EVIDENCE):
        yield NEW
    if "-" in signs and not verified:
        yield DISSENT
    if len({member.way.kind for member in agreeing}) < 2 and not (
        verified and evidence >= 2 * LEAST_EVIDENCE
    ):
        yield ONE_KIND
    if not verified and _are_missed(_members(rank, signs, "."), agreeing, signs):
        yield SILENT
    if not _looks_usual(wrapper, sight):
        yield ODD
    if wrapper.track.steady < 1 or (_is_of_records(sight) and not _is_proven(wrapper.track)):
        yield UNSTEADY


def _is_proven(track: Track) -> bool:
    """Whether guesses were right for long, and hardly ever wrong."""
    return track.steady >= _STEADY_RECORDS and track.right >= _OFTEN * track.wrong


def _is_of_records(sight: Sight) -> bool:
    return any(leaf.pointer.count("/") > 1 for leaf in sight.leaves)


def _members(rank: Rank, signs: str, sign: str) -> list[Member]:
    return [member for member, each in zip(rank.members, signs, strict=True) if each == sign]


def _are_missed(silent: Sequence[Member], agreeing: Sequence[Member], signs: str) -> bool:
    """Whether most members are silent, or many of those that proved as much as the best of the others."""
    evidence = max(member.evidence for member in agreeing)
    as_good = [member for member in silent if member.evidence >= _AS_GOOD * evidence]
    return len(silent) > _MOST_SILENT * len(signs) or 2 * len(as_good) >= len(agreeing)


def _looks_usual(wrapper: Wrapper, sight: Sight) -> bool:
    text = " ".join(leaf.raw for leaf in sight.leaves)
    return (
        wrapper.shortest / 4 - 8 <= len(text) <= 4 * wrapper.longest + 40 and looks_of(text) >= wrapper.looks
    )


def _absent(wrapper: Wrapper, index: PageIndex) -> Guess:
    """No member finds anything: that is an answer only where it was one before."""
    doubts = tuple(_null_doubts(wrapper, index))
    return Guess(None, doubts, confidence(None, doubts, wrapper.track), bool(wrapper.labels))


def _null_doubts(wrapper: Wrapper, index: PageIndex) -> Iterator[str]:
    track = wrapper.track
    often = track.null_run >= _LEAST_NULLS or 0 < _OFTEN * track.null_wrong <= track.null_right
    if track.null_right < _LEAST_NULLS or not often or not track.null_run:
        yield UNPROVEN if wrapper.ranks else UNKNOWN
    if any(
        not member.idle and member.way.is_near(index) for rank in wrapper.ranks for member in rank.members
    ):
        yield NEAR
    if track.steady < 1:
        yield UNSTEADY
