"""What of a rung's answer belongs to the slots that it was asked for, read as their fields' types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from runo_spiders.items import Extraction, Finding, Found
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Schema, Slot, field_at


@dataclass(frozen=True, slots=True)
class Taken:
    """What an extraction holds, sorted into values that fit their fields and reasons why others do not."""

    findings: dict[str, Finding] = field(default_factory=dict)
    rejected: dict[str, str] = field(default_factory=dict)


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
