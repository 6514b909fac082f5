"""Many records of a page: the blocks that repeat, and which part of a block is which field.

A block is a table row, a list item, a card. What stands at the same place in most blocks is a column; each
field takes the column that its label, its name in the markup or its shape speaks for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from runo_spiders.extract.local_candidates import Candidate
from runo_spiders.extract.local_plan import Plan
from runo_spiders.extract.local_targets import Target
from runo_spiders.extract.local_values import CURRENCY, read
from runo_spiders.page.document import collapse
from runo_spiders.page.visible import HEADINGS, Element, Place, Visible, fold
from runo_spiders.page.zones import BESIDE, CHROME

MIN_BLOCKS = 2
_GROUPS_TRIED = 12
_LINES_OF_A_BLOCK = 60
_MIN_COVERAGE = 0.3
_MIN_FIT = 0.6
_ENOUGH = 1.0
_LABELLED, _NAMED, _SHAPED, _TITLED, _LINKED, _NUMBERED = 3.0, 2.0, 1.5, 1.3, 1.2, 1.2
_VARIANTS = re.compile(r"\b(?:odd|even|first|last|active|alt|selected|\w*\d\w*)\b")
_ROW_TAGS = frozenset(("tr", "li", "dt", "dd"))
_ATTRIBUTES = {"a": ("href", "title"), "img": ("src", "data-src", "alt"), "time": ("datetime",)}
_SELF_EVIDENT = frozenset(("price", "date", "stock", "isbn", "duration"))

Record = Mapping[int, Candidate]
"""The values of one block by the number of their target."""


class Cell(NamedTuple):
    """One value place of a block: its text, and the node that holds it."""

    text: str
    place: Place
    label: str = ""


@dataclass(slots=True)
class Column:
    """What stands at one place within the blocks, by the number of the block."""

    path: str
    names: tuple[str, ...]
    cells: dict[int, Cell] = field(default_factory=dict)
    header: str = ""


def records(page: Visible, plan: Plan) -> list[Record]:
    """The records of a page, in its order; empty if no repeated blocks fit the fields."""
    best: tuple[float, list[Record]] = (0.0, [])
    for blocks in _groups(page):
        score, found = _read_group(page, plan, blocks)
        if score > best[0]:
            best = score, found
    return best[1]


def _groups(page: Visible) -> Iterator[Sequence[Element]]:
    """Elements that look alike and hold text, the groups with most text first."""
    alike: dict[object, list[Element]] = {}
    for element, span in page.spans.items():
        if not page.zones[span[0]] & (CHROME | BESIDE):
            alike.setdefault(_signature(element), []).append(element)
    groups = [_outermost(page, group) for group in alike.values() if len(group) >= MIN_BLOCKS]
    weighed = sorted(groups, key=lambda group: -_weight(page, group))
    yield from (group for group in weighed[:_GROUPS_TRIED] if len(group) >= MIN_BLOCKS)


def _signature(element: Element) -> object:
    parent = element.getparent()
    if element.tag in _ROW_TAGS:
        return element.tag, parent
    above = ("", "") if parent is None else (parent.tag, _kind_of_class(parent))
    own = _kind_of_class(element)
    return (element.tag, own, *above) if own else (element.tag, parent)


def _kind_of_class(element: Element) -> str:
    return _VARIANTS.sub("", element.get("class") or "").strip()


def _outermost(page: Visible, group: Sequence[Element]) -> list[Element]:
    kept: list[Element] = []
    for element in sorted(group, key=lambda each: (page.spans[each][0], -page.spans[each][1])):
        if not kept or page.spans[element][0] >= page.spans[kept[-1]][1]:
            kept.append(element)
    return kept


def _weight(page: Visible, group: Sequence[Element]) -> int:
    return sum(min(page.spans[element][1] - page.spans[element][0], _LINES_OF_A_BLOCK) for element in group)


def _read_group(page: Visible, plan: Plan, blocks: Sequence[Element]) -> tuple[float, list[Record]]:
    columns = _columns(page, blocks)
    _note_headers(page, blocks, columns)
    chosen = _assign(plan, list(columns.values()), len(blocks))
    if not chosen:
        return 0.0, []
    found = [_record(plan, chosen, number) for number in range(len(blocks))]
    kept = [record for record in found if _is_record(record, chosen)]
    if len(kept) < MIN_BLOCKS:
        return 0.0, []
    return sum(score for score, _ in chosen.values()) * (1 - 0.5 / len(kept)), kept


def _columns(page: Visible, blocks: Sequence[Element]) -> dict[str, Column]:
    columns: dict[str, Column] = {}
    for number, block in enumerate(blocks):
        seen: dict[str, int] = {}
        for path, names, cell in _cells(page, block):
            seen[path] = seen.get(path, 0) + 1
            key = f"{path} {seen[path]}"
            columns.setdefault(key, Column(path, names)).cells[number] = cell
    return columns


def _cells(page: Visible, block: Element) -> Iterator[tuple[str, tuple[str, ...], Cell]]:
    """The lines of a block and the attributes that may be values, each with its path and names."""
    first, last = page.spans[block]
    last = min(last, first + _LINES_OF_A_BLOCK)
    before = ""
    while first < last:
        end = page.line_end(first, last)
        text = page.read(first, end)
        path, names = _way(block, page.texts[first].holder)
        head, colon, rest = text.partition(":")
        if colon and rest.strip():
            yield f"{path}|{fold(head)}", names, Cell(rest.strip(), page.place_of(first, end), fold(head))
        yield path, names, Cell(text, page.place_of(first, end), before)
        before, first = fold(text), end
    for element in block.iter(*_ATTRIBUTES):
        for name in _ATTRIBUTES[element.tag]:
            if element.get(name):
                path, names = _way(block, element)
                yield (
                    f"{path}@{name}",
                    names,
                    Cell(collapse(str(element.get(name))), Place(element, f"@{name}")),
                )


def _way(block: Element, element: Element) -> tuple[str, tuple[str, ...]]:
    """How an element is reached within its block, and the class names on that way."""
    steps, names = [], []
    while element is not block:
        step, name = element.tag, element.get("class") or ""
        parent = element.getparent()
        if step in ("td", "th") and parent is not None:
            step = f"{step}[{parent.index(element)}]"
        steps.append(f"{step}.{_VARIANTS.sub('', name).strip()}")
        names.append(name)
        if parent is None:
            break
        element = parent
    return "/".join(reversed(steps)), tuple(name for name in names if name)


def _note_headers(page: Visible, blocks: Sequence[Element], columns: Mapping[str, Column]) -> None:
    """Give the columns of a table the headings above them."""
    table = next(blocks[0].iterancestors("table"), None) if blocks[0].tag == "tr" else None
    if table is None:
        return
    for row in table.iter("tr"):
        cells = [cell for cell in row if cell.tag in ("th", "td")]
        if cells and (all(cell.tag == "th" for cell in cells) or _is_in_head(row)):
            headings = [fold(page.read(*page.spans[cell])) if cell in page.spans else "" for cell in cells]
            for column in columns.values():
                found = re.match(r"t[dh]\[(\d+)\]", column.path)
                if found and int(found[1]) < len(headings):
                    column.header = headings[int(found[1])]
            return


def _is_in_head(row: Element) -> bool:
    parent = row.getparent()
    return parent is not None and parent.tag == "thead"


def _assign(plan: Plan, columns: Sequence[Column], blocks: int) -> dict[int, tuple[float, Column]]:
    """Each target's column: the pairs that most speaks for come first, and no column serves two targets."""
    pairs = [
        (_affinity(plan, number, column, blocks), number, column)
        for number in range(len(plan.targets))
        for column in columns
        if len(column.cells) >= _MIN_COVERAGE * blocks
    ]
    chosen: dict[int, tuple[float, Column]] = {}
    taken: set[int] = set()
    for score, number, column in sorted(pairs, key=lambda pair: -pair[0]):
        if score >= _ENOUGH and number not in chosen and id(column) not in taken:
            chosen[number] = score, column
            taken.add(id(column))
    return chosen


def _affinity(plan: Plan, number: int, column: Column, blocks: int) -> float:
    target = plan.targets[number]
    texts = [cell.text for cell in column.cells.values()]
    fitting = [text for text in texts if _reads(target, text, column)]
    if len(fitting) < _MIN_FIT * len(texts):
        return 0.0
    score = _labelled(target, column) + _named(plan, number, column) + _evident(target, column, fitting)
    if len(set(fitting)) < min(3, len(fitting)) and not score >= _LABELLED:
        score *= 0.3
    return score * len(fitting) / blocks


def _reads(target: Target, text: str, column: Column) -> bool:
    is_link = column.path.endswith(("@href", "@src", "@data-src"))
    if target.kind in ("link", "image"):
        return is_link and text[:1] not in "#" and not text.startswith(("javascript:", "mailto:", "data:"))
    return not is_link and read(target.kind, text) is not None


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
        return 0.0 if any(read("date", text) or CURRENCY.search(text) for text in texts) else _NUMBERED
    return _titled(target, column, texts) if target.is_title else 0.0


def _titled(target: Target, column: Column, texts: Sequence[str]) -> float:
    """Titles stand in headings and links, each of them once."""
    in_heading = any(f"{tag}." in column.path for tag in HEADINGS)
    in_link = "a." in column.path.rsplit("/", 2)[-1] or column.path.endswith("@title")
    if not (in_heading or in_link) or len(set(texts)) < 0.8 * len(texts):
        return 0.0
    cut = sum(text.endswith(("...", "…")) for text in texts)
    return (
        _TITLED
        + (0.5 if in_heading else 0.0)
        + (0.2 if column.path.endswith("@title") else 0.0)
        - (0.6 if cut else 0.0)
    )


def _record(plan: Plan, chosen: Mapping[int, tuple[float, Column]], block: int) -> Record:
    found: dict[int, Candidate] = {}
    for number, (score, column) in chosen.items():
        cell = column.cells.get(block)
        target = plan.targets[number]
        if cell is None or not _reads(target, cell.text, column):
            continue
        quote = cell.text if target.kind in ("link", "image") else read(target.kind, cell.text)
        if quote is not None:
            found[number] = Candidate(quote, quote, cell.place, score)
    return found


def _is_record(record: Record, chosen: Mapping[int, object]) -> bool:
    """Rows of headings, of page numbers and of advertisements lack most of the fields."""
    return len(record) >= max(1, len(chosen) / 2)
