"""Runs of the benchmark of learning, added up."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from math import ceil

from benchmarks.interval import upper_bound
from benchmarks.learning_runs import SOURCES, Answer, Run
from benchmarks.scoring import Mark, score


@dataclass(frozen=True, slots=True)
class Figures:
    """Answers added up: `asked` in page-equivalents, `share` of all fields, `silent` wrong of `sure` ones."""

    f1: float
    low: float
    high: float
    asked: float
    allowed: float
    share: float
    silent: int
    sure: int
    seeds: int

    @property
    def bound(self) -> float:
        """Seeds draw from the same pages, so they count as one."""
        return upper_bound(ceil(self.silent / self.seeds), self.sure // self.seeds)


def figures(runs: Sequence[Run]) -> Figures:
    """F1 is the mean over the fields of all templates, its interval by a bootstrap over these."""
    by_field: defaultdict[tuple[str, str], list[Mark]] = defaultdict(list)
    for each in runs:
        for answer in each.answers:
            by_field[each.case.name, answer.field].append(Mark(answer.answered_right, answer.true_found))
    scores = [score(marks).f1 for marks in by_field.values() if any(m.true_found is not None for m in marks)]
    chance = random.Random(7)
    means = sorted(sum(chance.choices(scores, k=len(scores))) / len(scores) for _ in range(1000))
    answers = [answer for each in runs for answer in each.answers]
    sure = [answer for answer in answers if not answer.asked]
    return Figures(
        f1=sum(scores) / len(scores),
        low=means[25],
        high=means[974],
        asked=sum(sum(answer.asked for answer in each.answers) / each.fields for each in runs),
        allowed=sum(min(5, each.pages) + 0.015 * max(0, each.pages - 5) for each in runs),
        share=sum(answer.asked for answer in answers) / len(answers),
        silent=sum(not answer.right for answer in sure),
        sure=len(sure),
        seeds=len({each.case.seed for each in runs}),
    )


def print_line(name: str, found: Figures, runs: int) -> None:
    """One line; `asked` is that of one run on average."""
    print(
        f"{name:34} F1 {found.f1:.4f} [{found.low:.4f}, {found.high:.4f}]  asked {found.asked / runs:5.1f} of"
        f" {found.allowed / runs:4.1f} page-eq. ({found.share:5.1%})  silent {found.silent}/{found.sure}"
        f" (at most {found.bound:.2%})"
    )


def print_each(runs: Sequence[Run]) -> None:
    """A line for each big template; the recipe sites and news sites have one for all of them."""

    def name(each: Run) -> str:
        case = each.case
        return f"  {case.noise:4.0%} {case.name if case.source in SOURCES.values() else case.source}"

    for key, group in groupby(sorted(runs, key=name), key=name):
        of_name = list(group)
        print_line(key, figures(of_name), len(of_name))


_LEAST_IN_BIN = 50
_BINS = (0.0, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.995, 1.01)


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often answers of some confidence are right: the expected error of it, and squared errors (Brier),
    beside those of one number for all."""

    error: float
    brier: float
    constant: float


def reliability(answers: Sequence[Answer]) -> Reliability:
    """Prints the table as well."""
    error = 0.0
    print("\nConfidence      answers   said  right")
    for group in _binned(answers):
        said = sum(answer.confidence for answer in group) / len(group)
        right = sum(bool(answer.guessed) for answer in group) / len(group)
        error += abs(said - right) * len(group) / len(answers)
        low, high = group[0].confidence, group[-1].confidence
        print(f"  {low:.3f}-{high:.3f} {len(group):8} {said:6.3f} {right:6.3f}")
    base = sum(bool(answer.guessed) for answer in answers) / len(answers)
    squares = [(answer.confidence - bool(answer.guessed)) ** 2 for answer in answers]
    return Reliability(error, sum(squares) / len(squares), base * (1 - base))


def _binned(answers: Sequence[Answer]) -> Iterator[list[Answer]]:
    """Answers by confidence, neighbouring bins joined until each has enough."""
    group: list[Answer] = []
    ordered = sorted(answers, key=lambda answer: answer.confidence)
    for low, high in pairwise(_BINS):
        group += [answer for answer in ordered if low <= answer.confidence < high]
        if len(group) >= _LEAST_IN_BIN:
            yield group
            group = []
    if group:
        yield group
