"""From findings to an answer: data in the schema's shape, validated, filtered and capped, with its warnings.

The steps change the findings, never the data: data is assembled from what is left.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from runo_spiders.errors import PageFailure
from runo_spiders.items import NOTHING_FOUND, Evidence, Finding, Json
from runo_spiders.job import DateFilter, JobSpec
from runo_spiders.schema.assemble import assemble, close_gaps
from runo_spiders.schema.model import Schema, escape
from runo_spiders.schema.validate import Validator

Findings = Mapping[str, Finding]
NONE: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Rules:
    """What a job demands of a row. `require` holds JSON pointers of fields of a record."""

    require: tuple[str, ...] = ()
    date_filter: DateFilter | None = None
    max_items: int | None = None

    @classmethod
    def of(cls, job: JobSpec) -> Rules:
        return cls(tuple("/" + escape(name) for name in job.require), job.date_filter, job.max_items_per_url)


@dataclass(frozen=True, slots=True)
class Answer:
    data: Json
    evidence: Mapping[str, Evidence]
    warnings: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    """`told` are the pointers at which a value was left out for a reason that the warnings give."""

    findings: Findings
    told: set[str]
    warnings: list[str] = field(default_factory=list)


class Answers:
    """Makes the answers of one job."""

    def __init__(self, schema: Schema, rules: Rules) -> None:
        self._schema = schema
        self._rules = rules
        self._validator = Validator(schema)

    def answer(
        self, findings: Findings, rejected: Mapping[str, str], refused: Mapping[str, str] = NONE
    ) -> Answer:
        """`rejected` are values that do not fit their fields, `refused` those that are not believed.

        Raises `PageFailure` if nothing fits its field, or a required field has no value.
        """
        if rejected and not findings and len(rejected) >= len(self._schema.slots):
            raise PageFailure("TYPE_COERCION_FAILED", "; ".join(_tell(rejected.items())))
        # What was rejected has left gaps.
        closed = close_gaps(self._schema, findings) if rejected else findings
        draft = _Draft(closed, {*rejected, *refused})
        self._drop_invalid(draft)
        self._drop_out_of_dates(draft)
        self._cut(draft)
        self._tell_what_is_odd(draft, [*rejected.items(), *refused.items()])
        data = assemble(self._schema, draft.findings)
        self._check_required(draft.findings)
        evidence = {pointer: finding.evidence for pointer, finding in draft.findings.items()}
        return Answer(data, evidence, tuple(draft.warnings))

    def _drop_invalid(self, draft: _Draft) -> None:
        violations = self._validator.check(assemble(self._schema, draft.findings))
        draft.warnings += (f"{violation.pointer or '/'}: {violation.message}" for violation in violations)
        forbidden = {violation.pointer for violation in violations} & set(draft.findings)
        if forbidden:
            draft.told |= forbidden
            allowed = {
                pointer: found for pointer, found in draft.findings.items() if pointer not in forbidden
            }
            draft.findings = close_gaps(self._schema, allowed)

    def _drop_out_of_dates(self, draft: _Draft) -> None:
        wanted = self._rules.date_filter
        if wanted is None or not self._schema.many:
            return
        days = {index: _day(draft.findings, index, wanted.field) for index in _records(draft.findings)}
        undated = sum(day is None for day in days.values())
        if undated:
            draft.warnings.append(f"{undated} items without a readable {wanted.field} were left out")
        kept = [index for index, day in days.items() if _is_within(day, wanted)]
        draft.findings = close_gaps(self._schema, _of_records(draft.findings, kept))

    def _cut(self, draft: _Draft) -> None:
        most = self._rules.max_items
        records = _records(draft.findings) if self._schema.many and most is not None else []
        if most is not None and len(records) > most:
            draft.warnings.append(f"max_items_per_url was reached: {len(records) - most} items were left out")
            draft.findings = _of_records(draft.findings, records[:most])

    def _tell_what_is_odd(self, draft: _Draft, left_out: Iterable[tuple[str, str]]) -> None:
        if not draft.findings:
            draft.warnings.append(NOTHING_FOUND)
        for pointer, finding in draft.findings.items():
            draft.warnings += (f"{pointer}: {warning}" for warning in finding.warnings)
        draft.warnings += _tell(left_out)
        missing = [slot.pointer for slot in self._schema.slots if not _has(draft.findings, slot.pointer)]
        draft.warnings += (f"{name or '/'}: not found" for name in missing if not _has(draft.told, name))

    def _check_required(self, findings: Findings) -> None:
        prefixes = [f"/{i}" for i in _records(findings)] if self._schema.many else [""]
        for prefix in prefixes or [""]:
            missing = [name[1:] for name in self._rules.require if not _has(findings, prefix + name)]
            if missing:
                raise PageFailure("REQUIRED_MISSING", ", ".join(missing))


def _tell(left_out: Iterable[tuple[str, str]]) -> list[str]:
    return [f"{pointer}: {why}" for pointer, why in left_out]


def _has(pointers: Collection[str], pointer: str) -> bool:
    return pointer in pointers or any(each.startswith(pointer + "/") for each in pointers)


def _records(findings: Findings) -> list[int]:
    """The indices of the records of a root array, ascending."""
    return sorted({int(pointer.split("/")[1]) for pointer in findings})


def _of_records(findings: Findings, records: list[int]) -> Findings:
    kept = {str(record) for record in records}
    return {pointer: found for pointer, found in findings.items() if pointer.split("/")[1] in kept}


def _day(findings: Findings, record: int, name: str) -> date | None:
    finding = findings.get(f"/{record}/{escape(name)}")
    try:
        return date.fromisoformat(str(finding.value)[:10]) if finding else None
    except ValueError:
        return None


def _is_within(day: date | None, wanted: DateFilter) -> bool:
    if day is None:
        return False
    return (wanted.after is None or day >= wanted.after) and (wanted.before is None or day <= wanted.before)
