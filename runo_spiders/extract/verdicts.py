"""Why a page gave what it gave: for each slot what each rung found, and why it won or lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from runo_spiders.extract.ladder import Climb, Way, answer_of
from runo_spiders.extract.protocol import Answered, Extractor, Learner, costs
from runo_spiders.extract.taken import Taken, take, within
from runo_spiders.items import Evidence, Page, Scalar
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Schema, Slot


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why one rung's candidate for one leaf won or lost; `raw` is None where there is none."""

    pointer: str
    rung: str
    outcome: str
    raw: Scalar | None = None
    value: Scalar | None = None
    evidence: Evidence | None = None


async def explain(
    page: Page, schema: Schema, reading: Reading, rungs: Sequence[Extractor]
) -> tuple[tuple[Verdict, ...], Climb]:
    """The verdict on each candidate, and the climb that came of them.

    A free rung is also asked for what is filled, to tell what it would have said. A rung that costs or that
    learns is asked once, and only what a job asks it. None is taught.
    """
    way = Way(schema, reading)
    gone: dict[str, str] = {}
    verdicts: list[Verdict] = []
    for rung in rungs:
        answer = Answered({}) if way.is_over else await answer_of(rung, page, way.question())
        once = costs(rung) or isinstance(rung, Learner)
        shown = answer if once else await answer_of(rung, page, way.question_anew())
        taken = take(shown.found, schema, schema.slots, reading)
        hearing = _Hearing(rung.name, shown, taken, gone, once)
        verdicts += (verdict for slot in schema.slots for verdict in hearing.of(slot))
        way.take(answer)
        gone = _why_gone(rung.name, way, schema) | gone
    return tuple(verdicts), way.climb()


def _why_gone(rung: str, way: Way, schema: Schema) -> dict[str, str]:
    """Why rungs after this one have no say on slots, by their pointers."""
    filled = {slot.pointer: f"{rung} was first" for slot in schema.slots if slot not in way.open}
    return {slot.pointer: f"{rung} failed" for slot in way.open if way.failure} | filled


@dataclass(frozen=True, slots=True)
class _Hearing:
    """One rung: what it answered, what of it fits, and why it has no say on slots that are `gone`."""

    rung: str
    shown: Answered
    taken: Taken
    gone: Mapping[str, str]
    once: bool

    def of(self, slot: Slot) -> Iterator[Verdict]:
        if self.once and slot.pointer in self.gone:
            yield Verdict(slot.pointer, self.rung, f"not asked: {self.gone[slot.pointer]}")
            return
        found = [pointer for pointer in self.shown.found if within(pointer, slot)]
        refused = [pointer for pointer in self.shown.refused if within(pointer, slot)]
        yield from (self._on_candidate(pointer, slot) for pointer in found)
        yield from (self._left_out(pointer) for pointer in refused)
        if not (found or refused):
            yield Verdict(slot.pointer, self.rung, self._why_none(slot))

    def _why_none(self, slot: Slot) -> str:
        if self.shown.failure:
            return f"failed: {self.shown.failure.code}"
        return "won: there is none" if slot.pointer in self.shown.absent else "found nothing"

    def _on_candidate(self, pointer: str, slot: Slot) -> Verdict:
        found, finding = self.shown.found[pointer], self.taken.findings.get(pointer)
        evidence = finding.evidence if finding else found.evidence
        value = finding.value if finding else None
        return Verdict(pointer, self.rung, self._outcome(slot, pointer), found.value, value, evidence)

    def _left_out(self, pointer: str) -> Verdict:
        return Verdict(pointer, self.rung, f"left out: {self.shown.refused[pointer]}")

    def _outcome(self, slot: Slot, pointer: str) -> str:
        if pointer in self.taken.rejected:
            return f"does not fit: {self.taken.rejected[pointer]}"
        return f"lost: {self.gone[slot.pointer]}" if slot.pointer in self.gone else "won"
