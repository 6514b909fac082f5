"""After a climb: the rungs that learn are told what those after them found, and may correct it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from runo_spiders.extract.protocol import Extractor, Learner, Lesson, Question
from runo_spiders.extract.taken import filled, take, within
from runo_spiders.items import Extraction, Finding, Page
from runo_spiders.schema.model import Slot

Findings = Mapping[str, Finding]


class Asked(NamedTuple):
    """A rung, and what it was asked in a climb."""

    rung: Extractor
    question: Question


def teach(
    page: Page, asked: Sequence[Asked], findings: Findings, unsure: Collection[str]
) -> tuple[Findings, tuple[str, ...]]:
    """The findings as the rungs that learn correct them, and the warnings of these.

    Slots with leaves that are `unsure` are no part of a lesson.
    """
    warnings: list[str] = []
    for (rung, question), (_, later) in pairwise(asked):
        if isinstance(rung, Learner):
            lesson = _lesson(later.open, findings, unsure)
            answer = rung.learn(page, question, lesson)
            findings = _corrected(findings, answer.found, lesson.taught, question)
            warnings += answer.warnings
    return findings, tuple(warnings)


def _lesson(left_open: Iterable[Slot], findings: Findings, unsure: Collection[str]) -> Lesson:
    taught = tuple(slot for slot in left_open if not any(within(leaf, slot) for leaf in unsure))
    told = {leaf: found for leaf, found in findings.items() if any(within(leaf, slot) for slot in taught)}
    return Lesson(taught, told)


def _corrected(
    findings: Findings, corrections: Extraction, taught: Iterable[Slot], question: Question
) -> Findings:
    """The findings, with the slots that have a correction replaced as a whole."""
    taken = take(corrections, question.schema, taught, question.reading).findings
    replaced = [slot for slot in taught if filled(slot, taken)]
    kept = {leaf: found for leaf, found in findings.items() if not any(within(leaf, s) for s in replaced)}
    return kept | taken
