"""What a wrapper makes of a page: the value its members agree on, and how far that is to be trusted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.values import Key, Subject, looks_of
from runo_spiders.learn.wrapper import Member, Rank, Wrapper

LEAST_EVIDENCE = 1.6
"""Two labels that differ, or more that are alike."""

_LEAST_NULLS = 3
_MOST_ABSENT = 0.5
_AS_GOOD = 0.8
_VERIFIED = 2
_OFTEN = 5


@dataclass(frozen=True, slots=True)
class Guess:
    """`sight` is None where the page seems to have no value. `confidence` is the chance that this is right.
    `learned` is false where nothing was told before. `signs` tells who agreed, see `Pattern`; `rank` counts from 0, and is -1 for a guess that nothing is there."""

    sight: Sight | None
    confidence: float
    trusted: bool
    learned: bool
    rank: int = -1
    signs: str = ""

    @property
    def key(self) -> Key | None:
        return None if self.sight is None else self.sight.key


def judge(wrapper: Wrapper, index: PageIndex, subject: Subject) -> Guess:
    """The wrapper's guess for a page."""
    guesses = [guess for guess in _by_rank(wrapper, index, subject) if guess is not None]
    trusted = next((guess for guess in guesses if guess.trusted), None)
    return trusted or (guesses[0] if guesses else _absent(wrapper))


def _by_rank(wrapper: Wrapper, index: PageIndex, subject: Subject) -> Iterator[Guess | None]:
    for number, rank in enumerate(wrapper.ranks):
        sights = [member.way.find(index, subject) for member in rank.members]
        guess = _vote(wrapper, rank, sights, number)
        yield guess
        if guess is not None and guess.signs.count(".") < len(sights) / 2:
            return


def _vote(wrapper: Wrapper, rank: Rank, sights: Sequence[Sight | None], number: int) -> Guess | None:
    votes: defaultdict[Key, float] = defaultdict(float)
    for member, sight in zip(rank.members, sights, strict=True):
        if sight is not None:
            votes[sight.key] += strength(member)
    if not votes:
        return None
    winner = max(votes, key=lambda key: votes[key])
    signs = signs_of(sights, winner)
    sight = next(sight for sight in sights if sight is not None and sight.key == winner)
    confidence, trusted = _trust(wrapper, rank, signs, sight)
    return Guess(sight, confidence, trusted, True, number, signs)


def strength(member: Member) -> float:
    """What a member's word weighs."""
    tried = member.right + member.wrong + member.alarms
    return member.evidence * (member.right / tried) ** 2 if tried else 0.0


def signs_of(sights: Sequence[Sight | None], winner: Key | None) -> str:
    return "".join("." if sight is None else "+" if sight.key == winner else "-" for sight in sights)


def _trust(wrapper: Wrapper, rank: Rank, signs: str, sight: Sight) -> tuple[float, bool]:
    agreeing = [member for member, sign in zip(rank.members, signs, strict=True) if sign == "+"]
    evidence = max(member.evidence for member in agreeing)
    kinds = len({member.way.kind for member in agreeing})
    known = next((pattern for pattern in rank.patterns if pattern.signs == signs), None)
    verified = known is not None and known.right >= _VERIFIED and not known.wrong
    doubts = sum(
        (
            evidence < LEAST_EVIDENCE,
            "-" in signs and not verified,
            kinds < 2 and not (verified and evidence >= 2 * LEAST_EVIDENCE),
            _is_missed(rank, signs, evidence) and not verified,
            not _sane(wrapper, sight),
            wrapper.track.steady < 1,
        )
    )
    right = evidence + (known.right if known else 0) + wrapper.track.right
    confidence = (right + 0.5) / (right + 1.0 + wrapper.track.wrong + 2.0 * doubts)
    return confidence, not doubts


def _is_missed(rank: Rank, signs: str, evidence: float) -> bool:
    """Whether most members are silent, or one that proved as much as the best of those that speak."""
    silent = [member for member, sign in zip(rank.members, signs, strict=True) if sign == "."]
    if len(silent) > _MOST_ABSENT * len(signs):
        return True
    return any(member.evidence >= _AS_GOOD * evidence for member in silent)


def _sane(wrapper: Wrapper, sight: Sight) -> bool:
    """Whether a value looks like those that were told."""
    length = sum(len(leaf.raw) for leaf in sight.leaves)
    if not wrapper.shortest / 4 - 8 <= length <= 4 * wrapper.longest + 40:
        return False
    return looks_of(" ".join(leaf.raw for leaf in sight.leaves)) >= wrapper.looks


def _absent(wrapper: Wrapper) -> Guess:
    """No member finds anything: that is an answer only where it was one before."""
    track = wrapper.track
    trusted = (
        bool(wrapper.labels)
        and track.null_right >= _LEAST_NULLS
        and (
            track.null_run >= _LEAST_NULLS
            or 0 < track.null_run
            and track.null_right >= _OFTEN * track.null_wrong
        )
        and track.steady >= 1
    )
    confidence = (track.null_right + 0.3) / (track.null_right + track.null_wrong + 1.0)
    return Guess(None, confidence, trusted, bool(wrapper.labels))
