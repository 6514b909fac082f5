"""Many records of a page: the blocks that repeat, and which part of a block is which field.

What stands at the same place in most blocks is a column; each field takes the column that its label, its name
in the markup or its shape speaks for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from runo_spiders.extract.local_candidates import Candidate
from runo_spiders.extract.local_plan import Plan
from runo_spiders.extract.record_columns import Column, columns_of
from runo_spiders.extract.record_fit import ENOUGH, affinity, value_in
from runo_spiders.page.places import Element
from runo_spiders.page.record_blocks import MIN_BLOCKS, groups
from runo_spiders.page.visible import Visible

_MIN_COVERAGE = 0.3

Record: TypeAlias = Mapping[int, Candidate]
"""The values of one block by the number of their target."""

Chosen: TypeAlias = Mapping[int, tuple[float, Column]]
"""The column of each target, with what speaks for it."""


def records(page: Visible, plan: Plan) -> list[Record]:
    """The records of a page, in its order; empty if no repeated blocks fit the fields."""
    best: tuple[float, list[Record]] = (0.0, [])
    for blocks in groups(page):
        score, found = _read_group(page, plan, blocks)
        if score > best[0]:
            best = score, found
    return best[1]


def _read_group(page: Visible, plan: Plan, blocks: Sequence[Element]) -> tuple[float, list[Record]]:
    chosen = _assign(plan, columns_of(page, blocks), len(blocks))
    if not chosen:
        return 0.0, []
    found = [_record(plan, chosen, number) for number in range(len(blocks))]
    kept = [record for record in found if _is_record(record, chosen)]
    if len(kept) < MIN_BLOCKS:
        return 0.0, []
    return sum(score for score, _ in chosen.values()) * (1 - 0.5 / len(kept)), kept


def _assign(plan: Plan, columns: Sequence[Column], blocks: int) -> Chosen:
    """Each target's column: the pairs that most speaks for come first, and no column serves two targets."""
    pairs = [
        (affinity(plan, number, column, blocks), number, column)
        for number in range(len(plan.targets))
        for column in columns
        if len(column.cells) >= _MIN_COVERAGE * blocks
    ]
    chosen: dict[int, tuple[float, Column]] = {}
    taken: set[int] = set()
    for score, number, column in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= ENOUGH and number not in chosen and id(column) not in taken:
            chosen[number] = score, column
            taken.add(id(column))
    return chosen


def _record(plan: Plan, chosen: Chosen, block: int) -> Record:
    found: dict[int, Candidate] = {}
    for number, (score, column) in chosen.items():
        cell = column.cells.get(block)
        quote = None if cell is None else value_in(plan.targets[number], cell.text, column)
        if cell is not None and quote is not None:
            found[number] = Candidate(quote, quote, cell.place, score)
    return found


def _is_record(record: Record, chosen: Chosen) -> bool:
    """Rows of headings, of page numbers and of advertisements lack most of the fields."""
    return len(record) >= max(1, len(chosen) / 2)
