"""How well a column of blocks that repeat fits a field."""

from __future__ import annotations

from collections.abc import Sequence

from runo_spiders.extract.local_plan import Plan
from runo_spiders.extract.local_targets import Target
from runo_spiders.extract.local_values import CURRENCY, read
from runo_spiders.extract.record_columns import Column
from runo_spiders.page.visible import HEADINGS

ENOUGH = 1.0
"""What must speak for a column so that a field takes it."""

_MIN_FIT = 0.6
_DISTINCT = 0.8
_TITLE_LENGTH = 10
_CODE_LENGTH = 40
_NO_LINK = ("#", "javascript:", "mailto:", "data:")
_LINKS = ("@href", "@src", "@data-src")
_LABELLED, _NAMED, _SHAPED, _TITLED, _LINKED, _NUMBERED = 3.0, 2.0, 1.5, 1.3, 1.2, 1.2
_SELF_EVIDENT = frozenset(("price", "date", "stock", "isbn", "duration"))


def affinity(plan: Plan, number: int, column: Column, blocks: int) -> float:
    """What speaks for a column as the target's, out of so many blocks; 0 if its cells are of another kind."""
    target = plan.targets[number]
    texts = [cell.text for cell in column.cells.values()]
    fitting = [text for text in texts if value_in(target, text, column)]
    if len(fitting) < _MIN_FIT * len(texts):
        return 0.0
    score = _labelled(target, column) + _named(plan, number, column) + _evident(target, column, fitting)
    if len(set(fitting)) < min(3, len(fitting)) and not score >= _LABELLED:
        score *= 0.3
    return score * len(fitting) / blocks


def value_in(target: Target, text: str, column: Column) -> str | None:
    """The target's value in a cell of the column; None if it holds none."""
    is_link = column.path.endswith(_LINKS)
    if target.kind in ("link", "image"):
        return text if is_link and not text.startswith(_NO_LINK) else None
    if is_link or (target.is_title and 3 * sum(map(str.isalpha, text)) < len(text)):
        return None
    if target.kind == "code" and len(text) <= _CODE_LENGTH:
        # A number that is a name is all of the cell, `364, 2024` too.
        return text if any(map(str.isdigit, text)) else None
    return read(target.kind, text)


def _labelled(target: Target, column: Column) -> float:
    labels = {column.header} if column.header else {cell.label for cell in column.cells.values()}
    return _LABELLED if not labels.isdisjoint(target.labels) else 0.0


def _named(plan: Plan, number: int, column: Column) -> float:
    clear = [
        clear / (1 + depth)
        for depth, name in enumerate(column.names)
        for heard, clear in plan.heard(name)
        if heard == number
    ]
    return _NAMED * max(clear, default=0.0)


def _evident(target: Target, column: Column, texts: Sequence[str]) -> float:
    """What the column's own shape says."""
    if target.kind in ("link", "image"):
        wanted = "@href" if target.kind == "link" else "@"
        return _LINKED if wanted in column.path else 0.0
    if target.kind == "price":
        return _SHAPED if all(CURRENCY.search(text) for text in texts) else 0.0
    if target.kind in _SELF_EVIDENT:
        return _SHAPED
    if target.kind == "code":
        other = sum(bool(read("date", text) or CURRENCY.search(text)) for text in texts)
        return 0.0 if 2 * other > len(texts) else _NUMBERED
    return _titled(target, column, texts) if target.is_title else 0.0


def _titled(target: Target, column: Column, texts: Sequence[str]) -> float:
    """Titles stand in headings and links, each of them once."""
    in_heading = any(f"{tag}." in column.path for tag in HEADINGS)
    in_link = "a." in column.path.removesuffix("/text").rsplit("/", 1)[-1] or column.path.endswith("@title")
    if len(set(texts)) < _DISTINCT * len(texts):
        return 0.0
    if not (in_heading or in_link):
        return ENOUGH if sum(map(len, texts)) > _TITLE_LENGTH * len(texts) else 0.0
    cut = sum(text.endswith(("...", "…")) for text in texts)
    return (
        _TITLED
        + (0.5 if in_heading else 0.0)
        + (0.2 if column.path.endswith("@title") else 0.0)
        - (0.6 if cut else 0.0)
    )
