"""Feed exporters for typed tables: Parquet (pyarrow) and Excel (openpyxl), the extra `tables`.

Both libraries are imported when a table is written, so that other jobs do not wait for them.
"""

from __future__ import annotations

import json
import logging
from abc import abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from typing import IO, TYPE_CHECKING, Any, Self

from scrapy.crawler import Crawler

from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json, Row
from runo_spiders.output.columns import Column, Line, layout, lines
from runo_spiders.output.exporters import RowExporter, require_library, spider_schema, starts_empty
from runo_spiders.rows_json import evidence_to_json
from runo_spiders.schema.model import Field, Schema

if TYPE_CHECKING:
    import pyarrow as pa
    from openpyxl.cell import Cell

_log = logging.getLogger(__name__)

_ROW_GROUP = 1_000
_SHEET_ROWS = 1_048_576
_SHEET_DIGITS = 2**53
_INT64 = range(-(2**63), 2**63)


class TableExporter(RowExporter):
    """The frame of a typed table: columns from the schema and from the first row's input columns.

    A value that does not fit its column (its field allows several types) is null in the table; the log says
    how many there were.
    """

    format: str

    def __init__(self, file: IO[bytes], *, schema: Schema | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        require_library(self.format)
        if not starts_empty(file):
            raise UsageMistake(f"nothing can be appended to a {self.format} file: overwrite it with -O")
        self.file = file
        self.columns: tuple[Column, ...] = ()
        self.misfits: Counter[str] = Counter()
        self._schema = schema

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **kwargs: Any) -> Self:
        return cls(file, schema=spider_schema(crawler), **kwargs)

    @abstractmethod
    def begin(self) -> None:
        """Writes what stands before the first line; `columns` are known by now."""

    @abstractmethod
    def write(self, line: Line) -> None: ...

    @abstractmethod
    def end(self) -> None:
        """Writes what is left, without closing the file."""

    def export_row(self, row: Row) -> None:
        if not self.columns:
            self._lay_out(row.extra)
        for line in lines(row, self._schema):
            self.write(line)

    def finish_exporting(self) -> None:
        super().finish_exporting()
        if not self.columns:
            self._lay_out(())
        self.end()
        for name, count in self.misfits.items():
            _log.warning("%d values of %s do not fit its type and are null in the table.", count, name)

    def _lay_out(self, extra: Iterable[str]) -> None:
        self.columns = layout(self._schema, extra)
        self.begin()


class ParquetExporter(TableExporter):
    """Parquet in row groups of 1,000 lines, with the evidence as a last column of JSON text."""

    format = "parquet"

    def begin(self) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        types = [(column.name, arrow_type(column.field)) for column in self.columns]
        self._arrow = pa.schema([*types, ("evidence", pa.string())])
        self._writer = parquet.ParquetWriter(self.file, self._arrow, compression="zstd")
        self._group: list[list[Any]] = []

    def write(self, line: Line) -> None:
        values = [typed(column.read(line), column.field, self.misfits) for column in self.columns]
        evidence = {pointer: evidence_to_json(found) for pointer, found in line.evidence.items()}
        self._group.append([*values, _text(evidence) if evidence else None])
        if len(self._group) == _ROW_GROUP:
            self._write_group()

    def end(self) -> None:
        self._write_group()
        self._writer.close()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._group:
            columns = zip(*self._group, strict=True)
            arrays = [pa.array(values, kind) for values, kind in zip(columns, self._arrow.types, strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, schema=self._arrow))
            self._group = []


class ExcelExporter(TableExporter):
    """Excel, further sheets when one is full. Nested values are compact JSON; no text runs as a formula."""

    format = "xlsx"

    def begin(self) -> None:
        from openpyxl import Workbook

        self._book = Workbook(write_only=True)
        self._add_sheet()

    def write(self, line: Line) -> None:
        if self._rows == _SHEET_ROWS:
            self._add_sheet()
        self._rows += 1
        self._sheet.append([self._cell(column, line) for column in self.columns])

    def end(self) -> None:
        self._book.save(_WriteOnly(self.file))

    def _add_sheet(self) -> None:
        self._sheet = self._book.create_sheet()
        self._sheet.freeze_panes = "A2"
        self._sheet.append([self._text_cell(column.name) for column in self.columns])
        self._rows = 1

    def _cell(self, column: Column, line: Line) -> Any:
        value = column.read(line)
        if value is None:
            return None
        found = typed(value, column.field, self.misfits) if column.field.is_leaf else _text(value)
        return self._text_cell(found) if isinstance(found, str) else _sheet_value(found)

    def _text_cell(self, text: str) -> Cell | str:
        from openpyxl.cell import WriteOnlyCell
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

        clean = ILLEGAL_CHARACTERS_RE.sub("", text)
        if not clean.startswith(("=", "#")):
            return clean
        cell = WriteOnlyCell(self._sheet, value=clean)
        cell.data_type = "s"  # openpyxl reads a leading "=" as a formula and "#N/A" as an error
        return cell


class _WriteOnly:
    """A file that cannot go back: in a feed opened to append, what zipfile rewrites would go astray."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
        self.flush = file.flush


def arrow_type(field: Field) -> pa.DataType:
    """The Arrow type of a field: struct and list by its parts, JSON text where the parts are unknown."""
    import pyarrow as pa

    if field.type == "object" and field.properties:
        return pa.struct([(part.name, arrow_type(part)) for part in field.properties])
    if field.type == "array" and field.items:
        return pa.list_(arrow_type(field.items))
    leaves: dict[str, pa.DataType] = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "date-time": pa.timestamp("us", tz="UTC"),
    }
    return leaves.get(_kind(field), pa.string())


def typed(value: Json, field: Field, misfits: Counter[str]) -> Any:
    """A JSON value as the Python value of its field's type; what does not fit is None and counted by name.

    Dates become `date`, date-times `datetime` in UTC; one without a zone is taken for UTC.
    """
    if value is None:
        return None
    try:
        if field.type == "object" and field.properties:
            return {part.name: typed(value.get(part.name), part, misfits) for part in field.properties}
        if field.type == "array" and field.items:
            return [typed(item, field.items, misfits) for item in value]
        return _LEAVES.get(_kind(field), _text)(value)
    except (AttributeError, TypeError, ValueError):
        misfits[field.name] += 1
        return None


def _kind(field: Field) -> str:
    is_time = field.type == "string" and field.format in ("date", "date-time")
    return str(field.format) if is_time else field.type


def _text(value: Json) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # Half of a surrogate pair cannot be stored.
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _integer(value: Json) -> int:
    number = int(value)
    if isinstance(value, bool | str) or number != value or number not in _INT64:
        raise ValueError(value)
    return number


def _number(value: Json) -> float:
    if isinstance(value, bool | str):
        raise TypeError(value)
    return float(value)


def _boolean(value: Json) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _moment(value: Json) -> datetime:
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_LEAVES: Mapping[str, Callable[[Json], Any]] = {
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": date.fromisoformat,
    "date-time": _moment,
}


def _sheet_value(value: Any) -> Any:
    """A value as Excel can hold it: times without a zone (they are UTC), long numbers as text."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None)
    if isinstance(value, int) and abs(value) > _SHEET_DIGITS:
        return str(value)
    return value
