"""Feed exporters that write rows: JSON Lines, JSON, CSV and the batch answer.

An item that is no `Row` (another spider of the same project) is written as Scrapy's own exporter writes it.
"""

from __future__ import annotations

import json
import logging
import re
from abc import abstractmethod
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import IO, Any, Protocol, Self

from scrapy.crawler import Crawler
from scrapy.exporters import BaseItemExporter, CsvItemExporter, JsonItemExporter, JsonLinesItemExporter
from scrapy.settings import BaseSettings
from scrapy.utils.serialize import ScrapyJSONEncoder

from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json, Row
from runo_spiders.output.columns import Column, Line, layout, lines
from runo_spiders.rows_json import to_json
from runo_spiders.schema.model import Schema

_log = logging.getLogger(__name__)

FEED_EXPORTERS = {
    "jsonlines": "runo_spiders.output.exporters.JsonLinesExporter",
    "jsonl": "runo_spiders.output.exporters.JsonLinesExporter",
    "jl": "runo_spiders.output.exporters.JsonLinesExporter",
    "json": "runo_spiders.output.exporters.JsonExporter",
    "csv": "runo_spiders.output.exporters.CsvExporter",
    "batch": "runo_spiders.output.exporters.BatchExporter",
    "parquet": "runo_spiders.output.tables.ParquetExporter",
    "xlsx": "runo_spiders.output.tables.ExcelExporter",
}
"""What the setting of the same name is to hold."""

_LIBRARIES = {"parquet": "pyarrow", "xlsx": "openpyxl"}
_TABLES = ("csv", *_LIBRARIES)

_FORMULA = re.compile(r"[=@\t\r\n＝＠＋－]|[+-](?![\d (.][\d .,()/-]*(?:[eE][+-]?\d+)?$)")


def check_feeds(settings: BaseSettings) -> None:
    """Raises `UsageMistake` when a feed needs a library that is not installed; meant for a job's start."""
    for format_ in _feed_formats(settings):
        require_library(format_)


def check_feeds_without_columns(settings: BaseSettings) -> None:
    """Raises `UsageMistake` when a feed is a table: for a job whose schema is known only later."""
    for format_ in _feed_formats(settings):
        if format_ in _TABLES:
            raise UsageMistake(
                f"the format {format_} needs a schema from the start: use scrapy batch, or give a schema"
            )


def _feed_formats(settings: BaseSettings) -> list[str]:
    return [feed.get("format", "") for feed in settings.getdict("FEEDS").values()]


def require_library(format_: str) -> None:
    """Raises `UsageMistake` when the library that writes this format is not installed."""
    library = _LIBRARIES.get(format_)
    if library and find_spec(library) is None:
        raise UsageMistake(f"the format {format_} needs {library}: pip install runo-spiders[tables]")


def spider_schema(crawler: Crawler) -> Schema | None:
    """The schema of the crawler's spider, None for a spider that has none."""
    schema = getattr(crawler.spider, "schema", None)
    return schema if isinstance(schema, Schema) else None


class RowEncoder(ScrapyJSONEncoder):
    """Writes half of a surrogate pair, for which UTF-8 has no bytes, as JSON's escape for it."""

    def encode(self, o: Any) -> str:
        text = super().encode(o)
        return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class _RowsAsJson(BaseItemExporter):
    """Lets Scrapy's JSON exporters see a row as its JSON object."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.encoder = RowEncoder(**self._kwargs)

    def get_serialized_fields(
        self, item: Any, default_value: Any = None, include_empty: bool | None = None
    ) -> Iterable[tuple[str, Any]]:
        if not isinstance(item, Row):
            return super().get_serialized_fields(item, default_value, include_empty)
        record = to_json(item)
        if self.fields_to_export is None:
            return record.items()
        return super().get_serialized_fields(record, default_value, include_empty)


class JsonLinesExporter(_RowsAsJson, JsonLinesItemExporter):
    """One JSON object a line."""

    encoder: RowEncoder


class JsonExporter(_RowsAsJson, JsonItemExporter):
    """One JSON array."""

    encoder: RowEncoder


class CsvExporter(CsvItemExporter):
    """A line for each row, or for each record of a row whose data is a list.

    Columns are those of `columns.layout`; input columns are known from the first row. Nested values are
    compact JSON. A text that a spreadsheet would run as a formula gets an apostrophe in front.
    """

    def __init__(self, file: IO[bytes], *, schema: Schema | None = None, **kwargs: Any) -> None:
        # Text with a broken surrogate pair cannot be encoded; it must not cost the row.
        super().__init__(file, errors=kwargs.pop("errors", "backslashreplace"), **kwargs)  # type: ignore[arg-type]
        self._schema = schema
        self._columns: tuple[Column, ...] = ()
        self._starts_empty = starts_empty(file)

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **kwargs: Any) -> Self:
        return cls(file, schema=spider_schema(crawler), **kwargs)

    def export_item(self, item: Any) -> None:
        if not isinstance(item, Row):
            super().export_item(item)
            return
        if not self._columns:
            self._lay_out(item.extra)
        for line in lines(item, self._schema):
            super().export_item(self._cells(line))

    def finish_exporting(self) -> None:
        """A job without a row still gives a table with a header."""
        if self._schema and self._headers_not_written:
            self._lay_out(())
            self._write_headers_and_set_fields_to_export({})
        super().finish_exporting()

    def _lay_out(self, extra: Iterable[str]) -> None:
        self._columns = layout(self._schema, extra)
        self.include_headers_line = self.include_headers_line and self._starts_empty
        if not self.fields_to_export:
            self.fields_to_export = {column.name: csv_cell(column.name) for column in self._columns}

    def _cells(self, line: Line) -> dict[str, str]:
        return {column.name: csv_cell(column.read(line)) for column in self._columns}


def csv_cell(value: Json) -> str:
    """A JSON value as the text of a cell: null is empty, nested values are compact JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if _FORMULA.match(value) else value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


class CompleteRows(Protocol):
    """What a spider offers as `spool`: its rows, one for each URL and in the order of the request."""

    @property
    def cancelled(self) -> bool: ...

    def complete_rows(self) -> Iterator[Row]: ...


class RowExporter(BaseItemExporter):
    """For formats that only rows have: leaves other items out and says how many."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(dont_fail=True, **kwargs)
        self._others = 0

    @abstractmethod
    def export_row(self, row: Row) -> None: ...

    def export_item(self, item: Any) -> None:
        if isinstance(item, Row):
            self.export_row(item)
        else:
            self._others += 1

    def finish_exporting(self) -> None:
        if self._others:
            _log.warning("%d items are no rows and are left out of the feed.", self._others)


class BatchExporter(RowExporter):
    """`{"results": [...], "cancelled": false}` in the order of the request, written at the end of the job.

    The rows come from the spider's spool. For a spider without one they are held in memory until then.
    """

    def __init__(self, file: IO[bytes], *, spool: CompleteRows | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._file = file
        self._spool = spool
        self._held: list[Row] = []

    @classmethod
    def from_crawler(cls, crawler: Crawler, file: IO[bytes], **kwargs: Any) -> Self:
        return cls(file, spool=getattr(crawler.spider, "spool", None), **kwargs)

    def export_row(self, row: Row) -> None:
        if self._spool is None:
            self._held.append(row)

    def finish_exporting(self) -> None:
        super().finish_exporting()
        if self._spool is None:
            write_batch(self._file, sorted(self._held, key=_place), cancelled=False)
        else:
            write_batch(self._file, self._spool.complete_rows(), cancelled=self._spool.cancelled)


def write_batch(file: IO[bytes], rows: Iterable[Row], *, cancelled: bool) -> None:
    """Writes a batch answer, a row a line; `rows` is read once and never held."""
    encoder = RowEncoder(ensure_ascii=False)
    separator = b'{"results": [\n'
    for row in rows:
        file.write(separator + encoder.encode(to_json(row)).encode())
        separator = b",\n"
    if separator != b",\n":
        file.write(separator)
    file.write(b'\n], "cancelled": ' + json.dumps(cancelled).encode() + b"}\n")


def _place(row: Row) -> int:
    return -1 if row.index is None else row.index


def starts_empty(file: IO[bytes]) -> bool:
    """Whether nothing stands before what will be written; a pipe is taken for empty."""
    try:
        return file.tell() == 0
    except OSError:
        return True
