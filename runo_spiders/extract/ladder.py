"""The ladder: rungs are asked in order, each only for what is still open; the first value that fits wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from runo_spiders.errors import PageFailure
from runo_spiders.extract.protocol import Answered, Extractor, Question, ask
from runo_spiders.extract.taken import Taken, filled, take
from runo_spiders.extract.teaching import Asked, teach
from runo_spiders.items import FREE, ErrorInfo, Finding, Page, Usage
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Schema, Slot


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


class Way:
    """How far a climb has come: what was found, which slots are open, what the rungs had to tell."""

    def __init__(self, schema: Schema, reading: Reading) -> None:
        self.open = schema.slots
        self.failure: ErrorInfo | None = None
        self.unsure: set[str] = set()
        """Leaves of which something was said that was not kept: it tells nothing of what the page holds."""
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
        self.unsure |= {*taken.rejected, *answer.refused, *answer.untold}
        self._usage += answer.usage
        self._warnings += answer.warnings
        self.failure = self.failure or answer.failure
        self.open = tuple(slot for slot in self.open if not _is_closed(slot, taken.findings, answer.absent))

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
    asked: list[Asked] = []
    for rung in rungs:
        if way.is_over:
            break
        asked.append(Asked(rung, way.question()))
        way.take(await answer_of(rung, page, asked[-1].question))
    came = way.climb()
    if came.failure is not None:
        return came
    findings, warnings = teach(page, asked, came.findings, way.unsure)
    return replace(came, findings=findings, warnings=came.warnings + warnings)


def _is_closed(slot: Slot, findings: Mapping[str, Finding], absent: frozenset[str]) -> bool:
    return slot.pointer in absent or filled(slot, findings)


async def answer_of(rung: Extractor, page: Page, question: Question) -> Answered:
    """What a rung answers; that it could not work at all is an answer too."""
    try:
        return await ask(rung, page, question)
    except PageFailure as failure:
        return Answered({}, failure=failure.info)
