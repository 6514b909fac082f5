"""From labels and the ways that lead to them to a wrapper: which ways to trust together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from runo_spiders.learn.judge import Guess, elected, signs_of
from runo_spiders.learn.notes import Notes, Tally
from runo_spiders.learn.outliers import outliers
from runo_spiders.learn.values import Key, looks_of
from runo_spiders.learn.wrapper import Pattern, Rank, Track, Wrapper

MOST_MEMBERS = 9
_COVERING = 4
"""So many members more may come in for pages that only one kind of way leads to."""

_MOST_PLACES, _SAME_PLACE = 5, 3
_MOST_RANKS = 4
_SLACK, _SLACK_SHARE = 1.0, 0.3
"""A way whose score is less than the best one's by more than this does not speak."""


def induce(old: Wrapper, guess: Guess, notes: Notes) -> Wrapper:
    """The wrapper that the notes speak for; `guess` is what was thought of the last page before."""
    aside = outliers(notes)
    kept = frozenset(range(len(notes.samples))) - aside
    ranks = tuple(_ranks(notes, kept))
    last = len(notes.samples) - 1
    key = notes.samples[last].key
    agreed = last not in aside and (not old.ranks or guess.key == key)
    told = [each.raw for number, each in enumerate(notes.samples) if each.key is not None and number in kept]
    lengths = [len(raw) for raw in told]
    return Wrapper(
        # Those of pages that are not kept, and of which none of these here was one.
        (*ranks, *old.ranks[len(ranks) : len(notes.past)]),
        _tracked(old, guess, key, agreed),
        old.labels + 1,
        min(lengths, default=old.shortest),
        max(lengths, default=old.longest),
        frozenset.intersection(*map(looks_of, told)) if told else old.looks,
    )


def _tracked(old: Wrapper, guess: Guess, key: Key | None, agreed: bool) -> Track:
    track = old.track
    if not old.labels:
        return replace(track, steady=1)
    right = guess.key == key
    steady = track.steady + 1 if agreed else 0
    if guess.sight is not None:
        return replace(track, right=track.right + right, wrong=track.wrong + (not right), steady=steady)
    return replace(
        track,
        null_right=track.null_right + right,
        null_wrong=track.null_wrong + (not right),
        null_run=track.null_run + 1 if right else 0,
        steady=steady,
    )


def _ranks(notes: Notes, kept: Collection[int]) -> Iterator[Rank]:
    """One rank after the other, each for the samples that those before it don't explain.

    A rank after the first needs two labels: one alone may be a mistake, and would speak on other pages.
    """
    left = set(kept)
    for number in range(_MOST_RANKS):
        tallies = [each for each in notes.tallies(left, number) if each.member.right > min(number, 1)]
        if not left or not tallies:
            return
        chosen = _covered(_ensemble(tallies), tallies, notes, left)
        ballots = {each: _ballot(chosen, each) for each in left}
        yield Rank(tuple(each.member for each in chosen), _patterns(ballots, notes))
        explained = {each for each, (winner, _) in ballots.items() if winner == notes.samples[each].key}
        if not explained:
            return
        left -= explained


def _ensemble(tallies: Sequence[Tally]) -> list[Tally]:
    """The best ways, from as many places and of as many kinds as are about as good as the best."""
    best = tallies[0].score
    least = best - max(_SLACK, _SLACK_SHARE * best)
    places: defaultdict[tuple[object, ...], list[Tally]] = defaultdict(list)
    for each in tallies:
        same = places[each.places]
        kinds = {other.member.way.kind for other in same}
        if each.score >= least and len(same) < _SAME_PLACE and each.member.way.kind not in kinds:
            same.append(each)
    groups = sorted(filter(None, places.values()), key=lambda group: -group[0].score)[:_MOST_PLACES]
    in_turn = [group[n] for n in range(_SAME_PLACE) for group in groups if n < len(group)]
    return sorted(in_turn[:MOST_MEMBERS], key=lambda each: -each.score)


def _covered(
    members: list[Tally], tallies: Sequence[Tally], notes: Notes, chosen: Collection[int]
) -> list[Tally]:
    """With ways of a second kind for the samples that only one kind leads to.

    What stands where it always does, on a page that lacks everything else it knows, is not to be trusted.
    """
    tried = (each for each in tallies if each.member.right > 1)
    exact = [each for each in tried if not each.member.wrong + each.member.alarms]
    for number in sorted(chosen):
        kinds = {each.member.way.kind for each in members if notes.leads(each.found, number)}
        if len(kinds) == 1 and len(members) < MOST_MEMBERS + _COVERING:
            others = (each for each in exact if each.member.way.kind not in kinds)
            members = [*members, *islice((each for each in others if notes.leads(each.found, number)), 1)]
    return members


def _ballot(members: Sequence[Tally], number: int) -> tuple[Key | None, str]:
    """The value that members find on a sample's page together, and who agrees."""
    found = [each.found[number] for each in members]
    winner = elected([each.member for each in members], found)
    return winner, signs_of(found, winner)


def _patterns(ballots: Mapping[int, tuple[Key | None, str]], notes: Notes) -> tuple[Pattern, ...]:
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for number, (winner, signs) in ballots.items():
        if winner is not None:
            counts[signs][winner != notes.samples[number].key] += 1
    return tuple(Pattern(signs, *each) for signs, each in sorted(counts.items()))
