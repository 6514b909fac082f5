"""Rows as a table that fits the width: URL, status and as many fields as there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from rich import box
from rich.console import Group, JustifyMethod, RenderableType
from rich.table import Table
from rich.text import Text

from runo_spiders.items import Evidence, Json, Row
from runo_spiders.output.columns import Line, lines
from runo_spiders.schema.model import Field, Schema, escape

_WIDEST = 34
_NARROWEST = 9
_WIDEST_URL = 30
_PADDING = 2

MARKS: Mapping[str, tuple[str, str]] = {
    "structured": ("◆", "green"),
    "local": ("●", "cyan"),
    "learned": ("▲", "blue"),
    "llm": ("✦", "magenta"),
}
"""How the rung that found a value is shown: a sign and a colour."""

_OTHER_RUNG = ("○", "yellow")


@dataclass(frozen=True, slots=True)
class _Shown:
    """A field's column: its texts, one for each line, and how many of them hold a value."""

    field: Field
    texts: Sequence[Text]
    filled: int

    @property
    def width(self) -> int:
        longest = max((text.cell_len for text in self.texts), default=0)
        return min(max(longest, len(self.field.name)), _WIDEST)


def rows_table(rows: Iterable[Row], schema: Schema, width: int, most: int = 50) -> RenderableType:
    """The first `most` lines of rows in `width` columns, with a legend below.

    Fields that few rows have are left out first when there is no room for all; the legend names them.
    """
    shown = list(islice((line for row in rows for line in lines(row, schema)), most))
    places = _places([line.row.url for line in shown], min(_WIDEST_URL, width // 3))
    states = [_status(line) for line in shown]
    room = width - sum(_widest(texts) + _PADDING for texts in (places, states)) - _PADDING
    fields = [_column(field, shown) for field in schema.record.properties or (schema.record,)]
    kept = _most_filled(fields, room)
    table = _table(places, states, kept, room)
    return Group(table, _legend(shown, [column.field.name for column in fields if column not in kept]))


def mark_of(evidence: Evidence) -> Text:
    """The sign of the rung that found a value; `~` beside it says that the value was concluded."""
    sign, style = MARKS.get(evidence.rung, _OTHER_RUNG)
    return Text(f"{sign}~" if evidence.derived else sign, style=style)


def plain(value: Json) -> str:
    """A value as one short line of text: lists by commas, objects by their values."""
    if isinstance(value, dict):
        return ", ".join(plain(part) for part in value.values() if part is not None)
    if isinstance(value, list):
        return ", ".join(plain(part) for part in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else " ".join(str(value).split())


def _table(places: Sequence[Text], states: Sequence[Text], fields: Sequence[_Shown], room: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
    table.add_column("url", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for column, width in zip(fields, _widths(fields, room), strict=True):
        justify: JustifyMethod = "right" if column.field.type in ("number", "integer") else "left"
        table.add_column(column.field.name, width=width, no_wrap=True, justify=justify)
    for cells in zip(places, states, *(column.texts for column in fields), strict=True):
        table.add_row(*cells)
    return table


def _column(field: Field, shown: Sequence[Line]) -> _Shown:
    texts = [_cell(line, field) for line in shown]
    return _Shown(field, texts, sum(bool(text.plain.strip(" –")) for text in texts))


def _cell(line: Line, field: Field) -> Text:
    if line.row.error is not None and line.record is None:
        return Text()
    value = line.record.get(field.name) if isinstance(line.record, dict) else line.record
    text = plain(value)
    if not text:
        return Text("–", style="dim")
    evidence = _evidence(line, field)
    return Text.assemble(mark_of(evidence), " ", text) if evidence else Text(text)


def _evidence(line: Line, field: Field) -> Evidence | None:
    record = "" if line.item is None else f"/{line.item}"
    pointer = f"{record}/{escape(field.name)}" if isinstance(line.record, dict) else record
    if pointer in line.evidence:
        return line.evidence[pointer]
    return next((found for key, found in line.evidence.items() if key.startswith(pointer + "/")), None)


def _status(line: Line) -> Text:
    error = line.row.error
    if error is not None:
        status = f" {line.row.http_status}" if line.row.http_status else ""
        return Text(error.code + status, style="red")
    return Text("ok", style="green") if line.row.evidence else Text("empty", style="yellow")


def _places(urls: Sequence[str], widest: int) -> list[Text]:
    """The ends of URLs, without the host if all share it."""
    hosts = {urlsplit(url).netloc for url in urls}
    host = hosts.pop() if len(hosts) == 1 else "://"
    ends = [url.partition(host)[2] or url for url in urls]
    return [Text(end if len(end) <= widest else "…" + end[1 - widest :]) for end in ends]


def _most_filled(fields: Sequence[_Shown], room: int) -> list[_Shown]:
    kept = list(fields)
    while len(kept) > 1 and not _fits(kept, room, _NARROWEST):
        kept.remove(min(reversed(kept), key=lambda column: column.filled))
    return kept


def _widths(fields: Sequence[_Shown], room: int) -> list[int]:
    """As wide as each wants, down to the same limit for all that want more; the first get what is over."""
    limits = range(_WIDEST, _NARROWEST, -1)
    limit = next((limit for limit in limits if _fits(fields, room, limit)), _NARROWEST)
    widths = [min(column.width, limit) for column in fields]
    over = max(0, room - sum(width + _PADDING for width in widths))
    for place, column in enumerate(fields):
        more = min(over, column.width - widths[place])
        widths[place] += more
        over -= more
    return widths


def _fits(fields: Sequence[_Shown], room: int, widest: int) -> bool:
    return sum(min(column.width, widest) + _PADDING for column in fields) <= room


def _widest(texts: Sequence[Text]) -> int:
    return max((text.cell_len for text in texts), default=0)


def _legend(shown: Sequence[Line], hidden: Sequence[str]) -> Text:
    rungs = {found.rung for line in shown for found in line.evidence.values()}
    known = [rung for rung in MARKS if rung in rungs] + sorted(rungs - MARKS.keys())
    parts = [Text.assemble(mark_of(Evidence(rung, "", "")), f" {rung}") for rung in known]
    if any(found.derived for line in shown for found in line.evidence.values()):
        parts.append(Text("~ derived"))
    if hidden:
        parts.append(Text(f"no room for {', '.join(hidden)}", style="dim"))
    return Text("   ").join(parts)
