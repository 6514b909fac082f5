"""The ladder: rungs are asked in order, each only for what is still open; the first value that fits wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from runo_spiders.errors import PageFailure
from runo_spiders.extract.protocol import Answered, Extractor, Question, ask
from runo_spiders.items import FREE, ErrorInfo, Extraction, Finding, Found, Page, Usage
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Schema, Slot, field_at


@dataclass(frozen=True, slots=True)
class Climb:
    """What came of a page: values by JSON pointer, and the failure of a rung.

    `rejected` says why candidates did not fit their fields, `refused` why they were not believed. `usage` is
    what the rungs cost, `warnings` what they have to tell.
    """

    findings: Mapping[str, Finding]
    rejected: Mapping[str, str]
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: ErrorInfo | None = None
    usage: Usage = FREE
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Taken:
    """What an extraction holds, sorted into values that fit their fields and reasons why others do not."""

    findings: dict[str, Finding] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)


class Way:
    """How far a climb has come: what was found, which slots are open, what the rungs had to tell."""

    def __init__(self, schema: Schema, reading: Reading) -> None:
        self.open = schema.slots
        self.failure: ErrorInfo | None = None
        self._schema = schema
        self._reading = reading
        self._indices: list[Visible] = []
        self._taken = Taken()
        self._refused: dict[str, str] = {}
        self._usage = FREE
        self._warnings: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        return self.failure is not None or not self.open

    def question(self) -> Question:
        """What the next rung is asked."""
        return Question(self._schema, self.open, self._taken.findings, self._reading, self._indices)

    def question_anew(self) -> Question:
        """What the first rung was asked."""
        return Question(self._schema, self._schema.slots, {}, self._reading, self._indices)

    def take(self, answer: Answered) -> None:
        """Keep what a rung answers for the slots that are open."""
        taken = take(answer.found, self._schema, self.open, self._reading)
        self._taken.findings.update(taken.findings)
        self._taken.rejected.update(taken.rejected)
        self._refused |= answer.refused
        self._usage += answer.usage
        self._warnings += answer.warnings
        self.failure = self.failure or answer.failure
        self.open = tuple(slot for slot in self.open if not filled(slot, taken.findings))

    def climb(self) -> Climb:
        findings = self._taken.findings
        rejected, refused = (
            {pointer: why for pointer, why in reasons.items() if pointer not in findings}
            for reasons in (self._taken.rejected, self._refused)
        )
        return Climb(findings, rejected, refused, self.failure, self._usage, self._warnings)


async def climb(page: Page, schema: Schema, reading: Reading, rungs: Sequence[Extractor]) -> Climb:
    """Fill the schema's slots from the page. A rung that fails ends the climb; what was found is kept."""
    way = Way(schema, reading)
    for rung in rungs:
        if way.is_over:
            break
        way.take(await answer_of(rung, page, way.question()))
    return way.climb()


async def answer_of(rung: Extractor, page: Page, question: Question) -> Answered:
    """What a rung answers; that it could not work at all is an answer too."""
    try:
        return await ask(rung, page, question)
    except PageFailure as failure:
        return Answered({}, failure=failure.info)


def take(extraction: Extraction, schema: Schema, still_open: Iterable[Slot], reading: Reading) -> Taken:
    """The values of an extraction that belong to open slots, read as their fields' types."""
    taken = Taken()
    slots = tuple(still_open)
    for pointer, found in extraction.items():
        target = field_at(schema.root, pointer)
        if target is None or not target.is_leaf or not any(within(pointer, slot) for slot in slots):
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


def within(pointer: str, slot: Slot) -> bool:
    return pointer == slot.pointer or pointer.startswith(slot.pointer + "/")


def filled(slot: Slot, findings: Mapping[str, Finding]) -> bool:
    if slot.field.is_leaf:
        return slot.pointer in findings
    return any(within(pointer, slot) for pointer in findings)
