"""The columns of blocks that repeat: what stands at one place in most of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from runo_spiders.page.document import collapse
from runo_spiders.page.places import Element, Place
from runo_spiders.page.record_blocks import LINES_OF_A_BLOCK, kind_of_class
from runo_spiders.page.visible import Visible, fold

Way: TypeAlias = tuple[str, tuple[str, ...]]
"""How a node is reached within its block, and the class names on that way, the nearest first."""

_ATTRIBUTES = {"a": ("href", "title"), "img": ("src", "data-src", "alt"), "time": ("datetime",)}


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


def columns_of(page: Visible, blocks: Sequence[Element]) -> list[Column]:
    """The columns of blocks, with the headings above them if the blocks are rows of a table."""
    columns: dict[str, Column] = {}
    for number, block in enumerate(blocks):
        seen: dict[str, int] = {}
        for (path, names), cell in _cells(page, block):
            seen[path] = seen.get(path, 0) + 1
            key = f"{path} {seen[path]}"
            columns.setdefault(key, Column(path, names)).cells[number] = cell
    _note_headers(page, blocks, columns)
    return list(columns.values())


def _cells(page: Visible, block: Element) -> Iterator[tuple[Way, Cell]]:
    """The lines of a block, their texts, and the attributes that may be values."""
    first, last = page.spans[block]
    last = min(last, first + LINES_OF_A_BLOCK)
    before = ""
    while first < last:
        end = page.line_end(first, last)
        yield from _of_line(page, block, first, end, before)
        before, first = fold(page.read(first, end)), end
    for element in block.iter(*_ATTRIBUTES):
        for name in _ATTRIBUTES[str(element.tag)]:
            if element.get(name):
                path, names = _way(block, element)
                text = collapse(str(element.get(name)))
                yield (f"{path}@{name}", names), Cell(text, Place(element, name))


def _of_line(page: Visible, block: Element, first: int, end: int, before: str) -> Iterator[tuple[Way, Cell]]:
    """A line, what stands behind its colon, and each of its texts by itself."""
    place, text = page.place_of(first, end), page.read(first, end)
    path, names = _way(block, page.texts[first].holder)
    head, colon, rest = text.partition(":")
    if colon and rest.strip():
        yield (f"{path}|{fold(head)}", names), Cell(rest.strip(), place, fold(head))
    yield (path, names), Cell(text, place, before)
    for index in range(first, end) if end - first > 1 else ():
        path, names = _way(block, page.texts[index].holder)
        yield (f"{path}/text", names), Cell(page.texts[index].text, page.place_of(index, index + 1))


def _way(block: Element, element: Element) -> Way:
    """How an element is reached within its block, and the class names on that way."""
    steps, names = [], []
    while element is not block:
        step, name = element.tag, element.get("class") or ""
        parent = element.getparent()
        if step in ("td", "th") and parent is not None:
            step = f"{step}[{parent.index(element)}]"
        steps.append(f"{step}.{kind_of_class(element)}")
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
