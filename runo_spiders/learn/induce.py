"""From labels and the ways that lead to them to a wrapper: which ways to trust together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING

from runo_spiders.learn.judge import Guess, elected, signs_of
from runo_spiders.learn.locators import Walk
from runo_spiders.learn.row_ways import RowsWay
from runo_spiders.learn.sight import Sight
from runo_spiders.learn.transforms import Whole
from runo_spiders.learn.values import Key, looks_of, weight_of
from runo_spiders.learn.ways import Way
from runo_spiders.learn.wrapper import Member, Pattern, Rank, Track, Wrapper

if TYPE_CHECKING:
    from runo_spiders.learn.lessons import Sample

MOST_MEMBERS = 9
_MOST_PLACES = 5
_SAME_PLACE = 3
_COVERING = 4
_MOST_RANKS = 4
_REPEATED = 0.25
_ASIDE = 0.3
"""At most so many labels are set aside as the teacher's mistakes."""

_WRONG, _ALARM, _MISSED = 2.5, 1.2, 0.35
_SLACK = 1.0

Sights = Mapping[Way, Sequence[Sight | None]]


def induce(old: Wrapper, guess: Guess, samples: Sequence[Sample], sights: Sights) -> Wrapper:
    """The wrapper that the samples speak for; `guess` is what was thought of the last one before it was told."""
    aside = _outliers(samples, sights)
    kept = frozenset(range(len(samples))) - aside
    ranks: list[Rank] = []
    left = kept
    while left and len(ranks) < _MOST_RANKS:
        rank = _rank(samples, sights, left, least=2 if ranks else 1)
        if rank is None:
            break
        ranks.append(rank)
        explained = {n for n in left if _explains(rank, samples, sights, n)}
        if not explained:
            break
        left = left - explained
    told = [each.raw for n, each in enumerate(samples) if each.key is not None and n in kept]
    lengths = [len(raw) for raw in told]
    agreed = len(samples) - 1 not in aside and (not old.ranks or guess.key == samples[-1].key)
    return Wrapper(
        tuple(ranks),
        _track(old, guess, samples[-1].key, agreed),
        old.labels + 1,
        min(lengths, default=0),
        max(lengths, default=0),
        frozenset.intersection(*map(looks_of, told)) if told else frozenset(),
    )


def _track(old: Wrapper, guess: Guess, key: Key | None, agreed: bool) -> Track:
    track = old.track
    if not old.ranks and guess.sight is None and not old.labels:
        return replace(track, steady=1)
    right = guess.key == key
    if guess.sight is None:
        track = replace(
            track,
            null_right=track.null_right + right,
            null_wrong=track.null_wrong + (not right),
            null_run=track.null_run + 1 if right else 0,
        )
    else:
        track = replace(track, right=track.right + right, wrong=track.wrong + (not right))
    return replace(track, steady=track.steady + 1 if agreed else 0)


@dataclass(frozen=True, slots=True)
class _Tally:
    """How one way did on some samples, and the score it gets for that."""

    member: Member
    score: float
    places: tuple[object, ...]


def _tally(
    way: Way, found: Sequence[Sight | None], samples: Sequence[Sample], chosen: Collection[int]
) -> _Tally:
    right = wrong = missed = alarms = idle = 0
    evidence = 0.0
    seen: set[Key] = set()
    places: list[object] = []
    for number in chosen:
        key, sight = samples[number].key, found[number]
        if sight is None:
            missed += key is not None
            idle += key is None and way.is_near(samples[number].index)
        elif key is None:
            alarms += 1
        elif sight.key == key:
            right += 1
            evidence += weight_of(key) * (_REPEATED if key in seen else 1.0)
            seen.add(key)
            places.append(sight.slot)
        else:
            wrong += 1
    score = evidence - _WRONG * wrong - _ALARM * alarms - _MISSED * missed + _prior(way)
    return _Tally(Member(way, right, wrong, missed, alarms, idle, round(evidence, 3)), score, tuple(places))


def _prior(way: Way) -> float:
    """What is thought of a way before any label: names and labels outlast positions."""
    if isinstance(way, RowsWay):
        return 0.0
    prior = 0.0 if isinstance(way.cut, Whole) else -0.1
    if isinstance(way.locate, Walk):
        return prior + (-0.3 if way.locate.chain is None else 0.2 - 0.02 * len(way.locate.steps))
    return prior + 0.1


def _tallies(samples: Sequence[Sample], sights: Sights, chosen: Collection[int]) -> list[_Tally]:
    numbers = sorted(chosen)
    tallies = [_tally(way, found, samples, numbers) for way, found in sights.items()]
    good = [each for each in tallies if each.member.right > each.member.wrong + each.member.alarms]
    return sorted(good, key=lambda each: -each.score)


def _rank(samples: Sequence[Sample], sights: Sights, chosen: Collection[int], least: int) -> Rank | None:
    tallies = [each for each in _tallies(samples, sights, chosen) if each.member.right >= least]
    if not tallies:
        return None
    members = tuple(_covered(_ensemble(tallies), tallies, samples, sights, chosen))
    rank = Rank(members)
    return replace(rank, patterns=_patterns(rank, samples, sights, chosen))


def _ensemble(tallies: Sequence[_Tally]) -> list[Member]:
    """The best ways, from as many places and of as many kinds as are about as good as the best."""
    least = tallies[0].score - max(_SLACK, 0.3 * tallies[0].score)
    places: defaultdict[tuple[object, ...], list[_Tally]] = defaultdict(list)
    for each in tallies:
        if each.score < least:
            break
        same = places[each.places]
        kinds = {other.member.way.kind for other in same}
        if len(same) < _SAME_PLACE and each.member.way.kind not in kinds:
            same.append(each)
    groups = sorted(places.values(), key=lambda group: -group[0].score)[:_MOST_PLACES]
    rounds = [group[n] for n in range(_SAME_PLACE) for group in groups if n < len(group)]
    return [each.member for each in sorted(rounds[:MOST_MEMBERS], key=lambda each: -each.score)]


def _covered(
    members: list[Member],
    tallies: Sequence[_Tally],
    samples: Sequence[Sample],
    sights: Sights,
    chosen: Collection[int],
) -> list[Member]:
    """With ways of a second kind for the samples that only one kind leads to: what stands where it always
    does, on a page that lacks everything else it knows, is not to be trusted."""
    exact = [
        each.member
        for each in tallies
        if each.member.right > 1 and not each.member.wrong and not each.member.alarms
    ]
    for number in sorted(chosen):
        hitting = {each.way.kind for each in members if _hits(sights[each.way], samples, number)}
        if len(hitting) == 1 and len(members) < MOST_MEMBERS + _COVERING:
            other = (
                each
                for each in exact
                if each.way.kind not in hitting and _hits(sights[each.way], samples, number)
            )
            members = [*members, *islice(other, 1)]
    return members


def _hits(found: Sequence[Sight | None], samples: Sequence[Sample], number: int) -> bool:
    sight = found[number]
    return sight is not None and sight.key == samples[number].key


def _patterns(
    rank: Rank, samples: Sequence[Sample], sights: Sights, chosen: Collection[int]
) -> tuple[Pattern, ...]:
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number in chosen:
        winner, signs = _ballot(rank, sights, number)
        if winner is not None:
            counts[signs][winner != samples[number].key] += 1
    return tuple(Pattern(signs, *each) for signs, each in sorted(counts.items()))


def _ballot(rank: Rank, sights: Sights, number: int) -> tuple[Key | None, str]:
    found = [sights[member.way][number] for member in rank.members]
    winner = elected(rank.members, found)
    return winner, signs_of(found, winner)


def _explains(rank: Rank, samples: Sequence[Sample], sights: Sights, number: int) -> bool:
    """Whether the rank finds the sample's value, or rightly nothing."""
    winner, _ = _ballot(rank, sights, number)
    return winner == samples[number].key


def _outliers(samples: Sequence[Sample], sights: Sights) -> frozenset[int]:
    """Labels against which the best ways speak, and which no way explains that explains another label too."""
    everything = range(len(samples))
    tallies = _tallies(samples, sights, everything)
    if not tallies or tallies[0].member.right < 2:
        return frozenset()
    best = sights[tallies[0].member.way]
    odd = [n for n in everything if (sight := best[n]) is not None and sight.key != samples[n].key]
    unexplained = [n for n in everything if best[n] is None or n in odd]
    aside = [n for n in odd if samples[n].key is None or not _has_company(n, unexplained, samples, sights)]
    return frozenset(aside) if len(aside) <= max(1, _ASIDE * len(samples)) else frozenset()


def _has_company(number: int, others: Sequence[int], samples: Sequence[Sample], sights: Sights) -> bool:
    """Whether some way leads to this label and to another one of those that the best way doesn't explain."""
    return any(
        _hits(found, samples, number) and any(_hits(found, samples, n) for n in others if n != number)
        for found in sights.values()
    )
