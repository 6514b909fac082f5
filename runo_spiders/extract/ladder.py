"""The ladder: rungs are asked in order, each only for what is still open; the first value that fits wins."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from runo_spiders.errors import PageFailure
from runo_spiders.extract.protocol import Answered, Extractor, Learner, Lesson, Question, ask
from runo_spiders.items import FREE, ErrorInfo, Evidence, Extraction, Finding, Found, Page, Scalar, Usage
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Schema, Slot, field_at


@dataclass(frozen=True, slots=True)
class Climb:
    """What came of a page: values by JSON pointer, why candidates did not fit, and the failure of a rung.

    `usage` is what the rungs cost, `warnings` what they have to tell.
    """

    findings: Mapping[str, Finding]
    rejected: Mapping[str, str]
    failure: ErrorInfo | None = None
    usage: Usage = FREE
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one rung's candidate for one leaf won or lost; `raw` is None where the rung found nothing."""

    pointer: str
    rung: str
    outcome: str
    raw: Scalar | None = None
    value: Scalar | None = None
    evidence: Evidence | None = None


@dataclass(slots=True)
class _Taken:
    """What an extraction holds, sorted into values that fit their fields and reasons why others do not."""

    findings: dict[str, Finding] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)


async def climb(page: Page, schema: Schema, reading: Reading, rungs: Sequence[Extractor]) -> Climb:
    """Fill the schema's slots from the page. A rung that fails ends the climb; what was found is kept."""
    findings: dict[str, Finding] = {}
    rejected: dict[str, str] = {}
    told = Answered({})
    indices: list[Visible] = []
    asked: list[tuple[Extractor, Question]] = []
    unsure: set[str] = set()
    still_open = schema.slots
    for rung in rungs:
        if told.failure or not still_open:
            break
        question = Question(schema, still_open, findings, reading, indices)
        answer = await _answer(rung, page, question)
        asked.append((rung, question))
        told = replace(answer, usage=told.usage + answer.usage, warnings=(*told.warnings, *answer.warnings))
        taken = _take(answer.found, schema, still_open, reading)
        findings |= taken.findings
        rejected |= taken.rejected
        unsure |= {*taken.rejected, *answer.refused}
        still_open = tuple(slot for slot in still_open if not _is_closed(slot, taken.findings, answer.absent))
    rejected = {pointer: why for pointer, why in rejected.items() if pointer not in findings}
    warnings = told.warnings if told.failure else (*told.warnings, *_teach(page, asked, findings, unsure))
    return Climb(findings, rejected, told.failure, told.usage, warnings)


def _teach(
    page: Page,
    asked: Sequence[tuple[Extractor, Question]],
    findings: dict[str, Finding],
    unsure: Collection[str],
) -> Iterable[str]:
    """Tells the rungs that learn what later ones found. Returns their warnings, and takes their corrections.

    `unsure` are leaves of which something was said that was not kept: it says nothing of what the page holds.
    """
    warnings: list[str] = []
    for (rung, question), (_, later) in pairwise(asked):
        if isinstance(rung, Learner):
            taught = tuple(slot for slot in later.open if not any(_within(each, slot) for each in unsure))
            told = {
                pointer: finding
                for pointer, finding in findings.items()
                if any(_within(pointer, slot) for slot in taught)
            }
            answer = rung.learn(page, question, Lesson(taught, told))
            _correct(findings, answer, taught, question)
            warnings += answer.warnings
    return warnings


def _correct(
    findings: dict[str, Finding], answer: Answered, taught: Sequence[Slot], question: Question
) -> None:
    corrections = _take(answer.found, question.schema, taught, question.reading).findings
    for slot in taught:
        if _filled(slot, corrections):
            for pointer in [each for each in findings if _within(each, slot)]:
                del findings[pointer]
    findings |= corrections


def _is_closed(slot: Slot, findings: Mapping[str, Finding], absent: frozenset[str]) -> bool:
    return slot.pointer in absent or _filled(slot, findings)


async def _answer(rung: Extractor, page: Page, question: Question) -> Answered:
    try:
        return await ask(rung, page, question)
    except PageFailure as failure:
        return Answered({}, failure=failure.info)


async def explain(
    page: Page, schema: Schema, reading: Reading, rungs: Sequence[Extractor]
) -> tuple[Verdict, ...]:
    """Ask every rung for every slot, and tell for each leaf which candidate wins and why the others lose."""
    verdicts: list[Verdict] = []
    winners: dict[str, str] = {}
    for rung in rungs:
        extraction = (await ask(rung, page, Question(schema, schema.slots, {}, reading))).found
        taken = _take(extraction, schema, schema.slots, reading)
        verdicts += _judge(rung.name, extraction, taken, winners, schema)
        winners |= {
            slot.pointer: rung.name
            for slot in schema.slots
            if slot.pointer not in winners and _filled(slot, taken.findings)
        }
    return tuple(verdicts)


def _judge(
    rung: str, extraction: Extraction, taken: _Taken, winners: Mapping[str, str], schema: Schema
) -> Iterable[Verdict]:
    for slot in schema.slots:
        leaves = [pointer for pointer in extraction if _within(pointer, slot)]
        if not leaves:
            yield Verdict(slot.pointer, rung, "found nothing")
        for pointer in leaves:
            found = extraction[pointer]
            finding = taken.findings.get(pointer)
            yield Verdict(
                pointer,
                rung,
                _outcome(slot, pointer, taken, winners),
                found.value,
                finding.value if finding else None,
                finding.evidence if finding else found.evidence,
            )


def _outcome(slot: Slot, pointer: str, taken: _Taken, winners: Mapping[str, str]) -> str:
    if pointer in taken.rejected:
        return f"does not fit: {taken.rejected[pointer]}"
    if slot.pointer in winners:
        return f"lost: {winners[slot.pointer]} was first"
    return "won"


def _take(extraction: Extraction, schema: Schema, still_open: Iterable[Slot], reading: Reading) -> _Taken:
    taken = _Taken()
    slots = tuple(still_open)
    for pointer, found in extraction.items():
        target = field_at(schema.root, pointer)
        if target is None or not target.is_leaf or not any(_within(pointer, slot) for slot in slots):
            continue
        try:
            taken.findings[pointer] = _fit(found, target, reading)
        except CoercionError as misfit:
            taken.rejected[pointer] = str(misfit)
    return taken


def _fit(found: Found, target: Field, reading: Reading) -> Finding:
    coerced = coerce(found.value, target, reading)
    evidence = replace(found.evidence, derived=True) if coerced.derived else found.evidence
    return Finding(coerced.value, evidence, coerced.warnings)


def _within(pointer: str, slot: Slot) -> bool:
    return pointer == slot.pointer or pointer.startswith(slot.pointer + "/")


def _filled(slot: Slot, findings: Mapping[str, Finding]) -> bool:
    if slot.field.is_leaf:
        return slot.pointer in findings
    return any(_within(pointer, slot) for pointer in findings)
