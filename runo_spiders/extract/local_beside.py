"""Values that stand beside their label: in the next cell, behind the colon, under the heading.

`Brand: Acme`, `<dt>Brand</dt><dd>Acme</dd>`, `<th>Brand</th><td>Acme</td>`, a table with a row of headings,
`<b>Brand</b> Acme`, two columns of `div`s; and `3 bedrooms`, where the label stands behind its number.
"""

from __future__ import annotations

from collections.abc import Iterator

from runo_spiders.extract.local_candidates import Candidate, standing
from runo_spiders.extract.local_targets import CLOSED_KINDS, Target, openings_on
from runo_spiders.extract.local_values import is_label, read, relative_date
from runo_spiders.page.places import Element
from runo_spiders.page.visible import LABEL_MARKS, Span, Visible, fold
from runo_spiders.page.zones import STRUCK

_NEVER_PAIRS = frozenset(
    ("li", "a", "button", "tr", "option", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table")
)
"""Two neighbours of these kinds are of one rank, so the one isn't the label of the other."""

_LABEL_TAGS = {
    "th": 1.0,
    "dt": 1.0,
    "td": 0.7,
    "label": 0.5,
    "strong": 0.6,
    "b": 0.6,
    "h2": 0.4,
    "h3": 0.4,
    "h4": 0.4,
}
MAX_HITS = 40
"""How many texts that open with one label are looked at."""

_COUNTED_KINDS = frozenset(("number", "text"))
_FOUND = 4.0
_UNMARKED = 3.2
_LATER_LABEL = 0.002


def beside(page: Visible, target: Target) -> Iterator[Candidate]:
    """Candidates for a target that stand beside one of its labels."""
    for opening in openings_on(page, target):
        for index in page.lines[opening][:MAX_HITS]:
            for label, rank in target.openings[opening]:
                candidate = _at(page, target, label, index, rank * _LATER_LABEL)
                if candidate is not None:
                    yield candidate


def _at(page: Visible, target: Target, label: str, index: int, lost: float) -> Candidate | None:
    text = page.texts[index].text
    head, colon, rest = _partition(text)
    if fold(text) == label:
        return _elsewhere(page, target, index, lost)
    if colon and fold(head) == label:
        return _inline(page, target, index, rest, _FOUND + 0.6 - lost)
    if text[0].isdigit() and label in text.lower():
        return _counted(page, target, index, lost)
    return _behind_words(page, target, label, index, lost)


def _partition(text: str) -> tuple[str, str, str]:
    return text.replace("：", ":", 1).partition(":")


def _inline(page: Visible, target: Target, index: int, rest: str, score: float) -> Candidate | None:
    quote = _read(target, rest.strip())
    if quote is None:
        return None
    return Candidate(quote, quote, page.place_of(index, index + 1), score + standing(page, index))


def _read(target: Target, text: str) -> str | None:
    """The value in a text that stands behind a label, which vouches for codes of shops' own making."""
    quote = read(target.kind, text)
    if quote is None and target.kind == "gtin":
        return read("code", text)
    return relative_date(text) if quote is None and target.kind == "date" else quote


def _behind_words(page: Visible, target: Target, label: str, index: int, lost: float) -> Candidate | None:
    """`SKU 12345`, `By Jane Doe`: label and value in one text with nothing but a space between."""
    text = page.texts[index].text
    if target.kind not in CLOSED_KINDS or not text.lower().startswith(label + " "):
        return None
    return _inline(page, target, index, text[len(label) :].strip(LABEL_MARKS), _UNMARKED - lost)


def _counted(page: Visible, target: Target, index: int, lost: float) -> Candidate | None:
    """`3 bedrooms`: the number before the label."""
    if target.kind not in _COUNTED_KINDS:
        return None
    text = page.texts[index].text
    return Candidate(text, text, page.place_of(index, index + 1), _UNMARKED - lost + standing(page, index))


def _elsewhere(page: Visible, target: Target, index: int, lost: float) -> Candidate | None:
    """The value of a label that has a text node of its own."""
    cell, row = _cell_and_row(page, index)
    if row is None:
        return None
    marked = 0.5 if page.texts[index].raw.rstrip().endswith((":", "：")) else 0.0
    score = _FOUND + max(marked, _LABEL_TAGS.get(cell.tag, 0.0)) - lost + standing(page, index)
    span = _value_span(page, cell, row, index)
    candidate = _read_span(page, target, span, score) if span else None
    if candidate is None and target.kind == "number":
        return _number_before(page, target, row, index, score)
    return candidate


def _cell_and_row(page: Visible, index: int) -> tuple[Element, Element | None]:
    """The largest element with nothing but this text, and the element around it, which holds more."""
    cell = page.texts[index].holder
    if page.spans[cell] != (index, index + 1):
        return page.texts[index].owner if page.texts[index].tail else cell, cell
    parent = cell.getparent()
    while parent is not None and page.spans.get(parent) == (index, index + 1):
        cell, parent = parent, parent.getparent()
    return cell, parent if parent is not None and parent in page.spans else None


def _value_span(page: Visible, cell: Element, row: Element, index: int) -> Span | None:
    if _heads_a_column(cell, row):
        return _cell_below(page, cell, row)
    following = index + 1
    end = page.spans[row][1]
    if following >= end:
        return None
    if page.texts[following].holder is row:
        return following, page.line_end(following, end)
    value_cell = child_towards(row, page.texts[following].holder)
    if cell.tag == value_cell.tag and cell.tag in _NEVER_PAIRS:
        return None
    if is_label(page.texts[following].text):
        return None
    return following, page.spans[value_cell][1]


def _heads_a_column(cell: Element, row: Element) -> bool:
    """Whether a cell is one of a row of headings."""
    if row.tag != "tr" or cell.getparent() is not row or len(row) < 2:
        return False
    parent = row.getparent()
    in_head = parent is not None and parent.tag == "thead"
    return in_head or all(other.tag == "th" for other in row)


def child_towards(ancestor: Element, element: Element) -> Element:
    """The child of `ancestor` that is `element` or holds it."""
    parent = element.getparent()
    while parent is not None and parent is not ancestor:
        element, parent = parent, parent.getparent()
    return element


def _cell_below(page: Visible, cell: Element, row: Element) -> Span | None:
    """The cell in the same column of the next row of the table."""
    table = next(row.iterancestors("table"), None)
    if table is None:
        return None
    rows = list(table.iter("tr"))
    below = rows.index(row) + 1 if row in rows else len(rows)
    column = list(row).index(cell)
    if below >= len(rows) or column >= len(rows[below]):
        return None
    return page.spans.get(rows[below][column])


def _read_span(page: Visible, target: Target, span: Span, score: float) -> Candidate | None:
    """The value in a cell: the whole cell if it is one value, else its first line that holds one."""
    first, last = span
    if target.kind == "prose":
        return _prose(page, span, score)
    while first < last - 1 and page.zones[first] & STRUCK:
        first += 1
    for start, end in _readings(page, first, last):
        text = page.read(start, end)
        quote = _read(target, text)
        if quote is not None:
            return Candidate(quote, quote, page.place_of(start, end), score)
    return None


_LOOKED_AT = 4
_WHOLE_CELL = 6


def _readings(page: Visible, first: int, last: int) -> Iterator[Span]:
    """The whole cell where it is small, then its lines, one by one."""
    if last - first <= _WHOLE_CELL:
        yield first, last
    start = first
    for _ in range(_LOOKED_AT):
        if start >= last:
            return
        end = page.line_end(start, last)
        yield start, end
        start = end


def _prose(page: Visible, span: Span, score: float) -> Candidate | None:
    first, last = span
    text = page.read(first, last)
    return Candidate(text, text, page.place_of(first, last), score) if len(text) >= 20 else None


def _number_before(page: Visible, target: Target, row: Element, index: int, score: float) -> Candidate | None:
    """`<b>3</b><span>beds</span>`: a number right before its label, in a row of the two."""
    if page.spans[row][0] != index - 1:
        return None
    text = page.texts[index - 1].text
    if not text[:1].isdigit():
        return None
    return Candidate(text, text, page.place_of(index - 1, index), score)
