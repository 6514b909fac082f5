"""How likely a guess is right: support, doubts and the record of the field as one number from 0 to 1.

The odds were taken from guesses on some of the templates of the benchmark; `benchmarks.learning` shows on all
of them how often guesses of some confidence are right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from runo_spiders.learn.wrapper import Track

NEW = "too few labels"
DISSENT = "other values are found too"
ONE_KIND = "only one kind of way leads there"
SILENT = "ways that are as good find nothing"
ODD = "unlike the values that were told"
UNSTEADY = "the last label was another"
UNPROVEN = "too few labels without a value"
NEAR = "what stood beside the value is there"
UNKNOWN = "no way to a value is known"

_ODDS: Mapping[str, float] = {
    NEW: 24.0,
    DISSENT: 13.0,
    ONE_KIND: 13.0,
    SILENT: 19.0,
    ODD: 9.0,
    UNSTEADY: 40.0,
    UNPROVEN: 2.0,
    NEAR: 2.0,
    UNKNOWN: 0.15,
}
"""The odds for a guess with this doubt alone."""

_MORE = 0.35
"""What each further doubt leaves of the odds."""

_PER_EVIDENCE, _BEST_ODDS = 60.0, 400.0
_ABSENT_ODDS = 100.0
_PRIOR_GUESSES = 120.0
"""The record of a field counts as much as the odds after so many guesses."""


def confidence(evidence: float | None, doubts: Sequence[str], track: Track) -> float:
    """`evidence` is that of the best member that found the value; None for a guess that there is none."""
    odds = _ABSENT_ODDS if evidence is None else min(_PER_EVIDENCE * max(evidence, 0.2), _BEST_ODDS)
    if doubts:
        odds = min(odds, *(_ODDS[doubt] for doubt in doubts)) * _MORE ** (len(doubts) - 1)
    right, wrong = (track.null_right, track.null_wrong) if evidence is None else (track.right, track.wrong)
    chance = odds / (1 + odds)
    return (chance * _PRIOR_GUESSES + right) / (_PRIOR_GUESSES + right + wrong)
