"""Why a page gave what it gave: for each field what each rung found, where, and why it won or lost."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.text import Text

from runo_spiders.extract.taken import within
from runo_spiders.extract.verdicts import Verdict
from runo_spiders.output.rows_table import plain
from runo_spiders.schema.model import Schema, Slot

_MOST_LEAVES = 8
_RUNG = 12
_MARKS = {
    "won": ("✓", "green"),
    "lost": ("·", "dim"),
    "does not fit": ("✗", "yellow"),
    "left out": ("✗", "yellow"),
    "failed": ("✗", "red"),
}
_NOTHING = ("–", "dim")


def verdicts_text(verdicts: Sequence[Verdict], schema: Schema) -> Text:
    """A block for each slot of the schema, its candidates in the order in which the rungs were asked."""
    blocks = [_block(slot, [v for v in verdicts if within(v.pointer, slot)]) for slot in schema.slots]
    return Text("\n\n").join(blocks)


def _block(slot: Slot, verdicts: Sequence[Verdict]) -> Text:
    lines = [Text.assemble((slot.pointer or "/", "bold"), (f"  {slot.field.type}", "dim"))]
    by_pointer: dict[str, list[Verdict]] = {}
    for verdict in verdicts:
        by_pointer.setdefault(verdict.pointer, []).append(verdict)
    for pointer, candidates in list(by_pointer.items())[:_MOST_LEAVES]:
        if pointer != slot.pointer:
            lines.append(Text(f"  {pointer}", style="dim bold"))
        lines += [_candidate(verdict) for verdict in candidates]
    if len(by_pointer) > _MOST_LEAVES:
        lines.append(Text(f"  and {len(by_pointer) - _MOST_LEAVES} more", style="dim"))
    return Text("\n").join(lines)


def _candidate(verdict: Verdict) -> Text:
    sign, style = _MARKS.get(verdict.outcome.partition(":")[0], _NOTHING)
    head = Text.assemble("  ", (sign, style), " ", (f"{verdict.rung:<{_RUNG}}", style))
    if verdict.raw is None:
        return head.append(verdict.outcome, style="dim")
    value = verdict.raw if verdict.value is None else verdict.value
    head.append(f"{plain(value)}  ").append(verdict.outcome, style=style)
    return Text("\n").join([head, *_quote(verdict)])


def _quote(verdict: Verdict) -> Iterable[Text]:
    if verdict.evidence is None:
        return
    indent = " " * (_RUNG + 4)
    text = f'{indent}"{verdict.evidence.text}"'
    yield Text(f"{text} (derived)" if verdict.evidence.derived else text)
    inside = f" → {verdict.evidence.pointer}" if verdict.evidence.pointer else ""
    yield Text(f"{indent}{verdict.evidence.xpath}{inside}", style="dim")
