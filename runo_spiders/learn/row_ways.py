"""Ways to the records of a list: elements that repeat, and where within each of them its fields stand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from runo_spiders.learn.list_ways import generalised
from runo_spiders.learn.locators import EVERY, End, Step, Walk, descend, text_number
from runo_spiders.learn.page_index import VALUES, PageIndex, Piece, fold
from runo_spiders.learn.propose import has_plain_path, locators_for, steps_between
from runo_spiders.learn.sight import Found, Sight
from runo_spiders.learn.sightings import part_of, sightings
from runo_spiders.learn.transforms import WHOLE, Transform, Whole
from runo_spiders.learn.values import Reader, Subject, Told
from runo_spiders.page.document import collapse, string_value
from runo_spiders.page.places import Element, Text

_MOST_ROWS = 300
_MORE_ROWS = 3
"""So many of the repeated elements may be heads and feet of a table."""

_PIECES, _LOCATORS = 5, 8
_MOST_PARTS = 80


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a field stands within the element of a record."""

    pointer: str
    steps: tuple[Step, ...]
    end: End
    cut: Transform = WHOLE

    def read(self, row: Element) -> Found | None:
        for element in islice(descend(row, self.steps), 1):
            piece = self.end.read(element)
            raw = None if piece is None else self.cut.cut(piece.text)
            if piece is not None and raw:
                return Found(self.pointer, raw, piece)
        return None


@dataclass(frozen=True, slots=True)
class RowsWay:
    """`rows` finds the elements of the records; one with fewer than `least` of its fields is none."""

    rows: Walk
    cells: tuple[Cell, ...]
    least: int

    kind = "rows"

    def is_near(self, index: PageIndex) -> bool:
        """Whether a page has what this way starts from."""
        return self.rows.is_near(index)

    def find(self, index: PageIndex, subject: Subject) -> Sight | None:
        leaves: list[Found] = []
        number = 0
        for row in islice(self.rows.find(index), _MOST_ROWS):
            cells = [cell.read(row.place.element) for cell in self.cells]
            found = [each for each in cells if each is not None and _is_read(each, subject)]
            if len(found) >= self.least:
                leaves += [Found(f"/{number}{each.pointer}", each.raw, each.piece) for each in found]
                number += 1
        key = subject.key({leaf.pointer: leaf.raw for leaf in leaves})
        return None if key is None else Sight(key, tuple(leaves))


def _is_read(cell: Found, subject: Subject) -> bool:
    reader = subject.reader(f"/0{cell.pointer}")
    return reader is not None and reader.key(cell.raw) is not None


def row_ways_to(told: Told, subject: Subject, index: PageIndex) -> Iterator[RowsWay]:
    """The ways that find just the records that were told on this page."""
    records = _records(told)
    key = subject.key(told.raws)
    if key is None:
        return
    for rows in _repeated(records, subject, index):
        elements = [piece.place.element for piece in rows.find(index)]
        aligned = _aligned(records, elements)
        if aligned is None:
            continue
        cells = tuple(_cells(records, aligned, subject))
        least = min(sum(cell.pointer in record for cell in cells) for record in records)
        way = RowsWay(rows, cells, max(1, least))
        sight = way.find(index, subject)
        if sight is not None and sight.key == key:
            yield way


def _records(told: Told) -> list[dict[str, str]]:
    """The raw texts of each record by the pointer within it."""
    records: defaultdict[int, dict[str, str]] = defaultdict(dict)
    for pointer, raw in told.raws.items():
        _, number, rest = pointer.split("/", 2)
        records[int(number)]["/" + rest] = raw
    return [records[number] for number in sorted(records)]


def _repeated(records: Sequence[Mapping[str, str]], subject: Subject, index: PageIndex) -> list[Walk]:
    """Walks to elements that repeat about as often as there are records, likely ones first."""
    votes: Counter[Walk] = Counter()
    for pointer, raw in records[0].items():
        reader = subject.reader(f"/0{pointer}")
        key = None if reader is None else reader.key(raw)
        if reader is None or key is None:
            continue
        for sighting in sightings(key, raw, reader, index)[:_PIECES]:
            votes.update(list(dict.fromkeys(_rows_around(sighting.piece, index))))
    fitting = (walk for walk, _ in votes.most_common() if _fits(walk, len(records), index))
    return list(islice(fitting, _LOCATORS))


def _rows_around(piece: Piece, index: PageIndex) -> Iterator[Walk]:
    for locator in locators_for(piece, index):
        if not isinstance(locator, Walk):
            continue
        for each in generalised(locator):
            if isinstance(each, Walk):
                yield Walk(each.chain, _up_to_open(each), End())


def _up_to_open(walk: Walk) -> tuple[Step, ...]:
    if walk.chain is not None and walk.chain.number == EVERY:
        return ()
    place = next(number for number, step in enumerate(walk.steps) if step.number == 0)
    return walk.steps[: place + 1]


def _fits(walk: Walk, records: int, index: PageIndex) -> bool:
    count = sum(1 for _ in islice(walk.find(index), _MOST_ROWS))
    return records <= count <= records + _MORE_ROWS


def _aligned(records: Sequence[Mapping[str, str]], elements: Sequence[Element]) -> list[Element] | None:
    """The element of each record, in order; None if one has none."""
    aligned: list[Element] = []
    left = iter(elements)
    for record in records:
        words = [fold(raw) for raw in record.values()]
        element = next((each for each in left if _holds(each, words)), None)
        if element is None:
            return None
        aligned.append(element)
    return aligned


def _holds(element: Element, words: Sequence[str]) -> bool:
    text = fold(collapse(string_value(element)))
    return 2 * sum(word in text for word in words) >= len(words)


def _cells(
    records: Sequence[Mapping[str, str]], elements: Sequence[Element], subject: Subject
) -> Iterator[Cell]:
    for pointer in dict.fromkeys(pointer for record in records for pointer in record):
        reader = subject.reader(f"/0{pointer}")
        if reader is None:
            continue
        votes: Counter[Cell] = Counter()
        for record, element in zip(records, elements, strict=True):
            if pointer in record:
                votes.update(list(dict.fromkeys(_cells_in(element, pointer, record[pointer], reader))))
        if votes:
            yield max(votes, key=lambda cell: (votes[cell], isinstance(cell.cut, Whole), -len(cell.steps)))


def _cells_in(row: Element, pointer: str, raw: str, reader: Reader) -> Iterator[Cell]:
    key = reader.key(raw)
    for element, end in islice(_parts(row), _MOST_PARTS):
        piece = end.read(element)
        if piece is None or key is None or not has_plain_path(element):
            continue
        steps = steps_between(row, element)
        if reader.key(piece.text) == key:
            yield Cell(pointer, steps, end)
        else:
            yield from (Cell(pointer, steps, end, cut) for cut in part_of(piece, raw, key, reader))


def _parts(row: Element) -> Iterator[tuple[Element, End]]:
    for element in row.iter("*"):
        for text in (
            Text(element.text or "", element, False),
            *(Text(c.tail or "", c, True) for c in element),
        ):
            if text.raw.strip():
                yield element, End(number=text_number(text))
        if len(element):
            yield element, End()
        yield from ((element, End(name)) for name in VALUES if element.get(name))
