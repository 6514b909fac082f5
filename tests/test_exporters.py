"""What clients find in the files: each format, of one record and of many, and through a real crawl."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pytest
from itemadapter import ItemAdapter
from pyarrow import parquet
from scrapy.exporters import BaseItemExporter, CsvItemExporter, JsonItemExporter, JsonLinesItemExporter

from runo_spiders.errors import UsageMistake
from runo_spiders.items import ErrorInfo, Evidence, Json, Row
from runo_spiders.output.columns import layout
from runo_spiders.output.exporters import (
    BatchExporter,
    CsvExporter,
    JsonExporter,
    JsonLinesExporter,
    csv_cell,
    write_batch,
)
from runo_spiders.output.tables import ExcelExporter, ParquetExporter
from runo_spiders.rows_json import to_json
from runo_spiders.schema.model import Field, Schema

PRODUCT = Field(
    "",
    "object",
    properties=(
        Field("name", "string"),
        Field("price", "number"),
        Field("stock", "integer"),
        Field("new", "boolean"),
        Field("since", "string", format="date"),
        Field("checked", "string", format="date-time"),
        Field("tags", "array", items=Field("tag", "string")),
        Field("maker", "object", properties=(Field("city", "string"), Field("founded", "integer"))),
    ),
)
ONE = Schema(PRODUCT, {})
MANY = Schema(Field("", "array", items=PRODUCT), {})

TEA = {
    "name": "Grüner Tee",
    "price": 4.5,
    "stock": 3,
    "new": True,
    "since": "2026-11-01",
    "checked": "2026-11-23T10:30:00+02:00",
    "tags": ["loose", "green"],
    "maker": {"city": "Bremen", "founded": 1894},
}
NOTHING = dict.fromkeys(TEA)
EVIDENCE = {"/name": Evidence("local", "Grüner Tee", "/html/body/h1")}
GONE = Row("https://e.com/2", "error", 1, error=ErrorInfo("HTTP_ERROR", "404", retryable=False))
ROWS = (
    Row("https://e.com/1", "success", 0, data=TEA, evidence=EVIDENCE, warnings=("a", "b"), extra={"id": "7"}),
    GONE,
    Row("https://e.com/3", "success", 2, data=NOTHING, extra={"id": "9"}),
)
LISTS = (
    Row(
        "https://e.com/1",
        "success",
        0,
        data=[TEA, NOTHING],
        evidence={"/0/name": EVIDENCE["/name"], "/1/name": Evidence("local", "?", "/html")},
    ),
    Row("https://e.com/0", "success", 1, data=[]),
    GONE,
)


def exported(exporter: Callable[..., BaseItemExporter], items: Sequence[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    running = exporter(file, **options)
    running.start_exporting()
    for item in items:
        running.export_item(item)
    running.finish_exporting()
    return file.getvalue()


def csv_lines(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode(), newline="")))


def table(content: bytes) -> pa.Table:
    return parquet.read_table(io.BytesIO(content))


def sheet(content: bytes) -> list[tuple[Any, ...]]:
    return list(openpyxl.load_workbook(io.BytesIO(content)).worksheets[0].values)


@pytest.mark.parametrize("encoding", [None, "utf-8"])
def test_json_lines_and_json_hold_the_rows(encoding: str | None) -> None:
    lines = exported(JsonLinesExporter, ROWS, encoding=encoding).splitlines()
    assert [json.loads(line) for line in lines] == [to_json(row) for row in ROWS]
    assert json.loads(exported(JsonExporter, ROWS, encoding=encoding)) == [to_json(row) for row in ROWS]


def test_scrapys_choice_of_fields_holds_for_rows() -> None:
    chosen = {"url": "address", "status": "status"}
    lines = exported(JsonLinesExporter, ROWS[:1], fields_to_export=chosen)
    assert json.loads(lines) == {"address": "https://e.com/1", "status": "success"}
    assert csv_lines(exported(CsvExporter, ROWS[:1], schema=ONE, fields_to_export=chosen)) == [
        ["address", "status"],
        ["https://e.com/1", "success"],
    ]


@pytest.mark.parametrize(
    ("ours", "stock"),
    [
        (JsonLinesExporter, JsonLinesItemExporter),
        (JsonExporter, JsonItemExporter),
        (CsvExporter, CsvItemExporter),
    ],
)
def test_items_of_other_spiders_are_written_as_scrapy_does(
    ours: Callable[..., BaseItemExporter], stock: Callable[..., BaseItemExporter]
) -> None:
    items = [{"name": "=1+1", "tags": ["a", "b"]}, {"name": "é", "tags": []}]
    assert exported(ours, items, encoding="utf-8") == exported(stock, items, encoding="utf-8")


def test_half_a_surrogate_pair_costs_no_row() -> None:
    row = Row("u", "success", 0, data={"name": "half \ud83d"})
    for exporter in (JsonLinesExporter, JsonExporter, BatchExporter):
        written = json.loads(exported(exporter, [row], encoding="utf-8"))
        assert r"half \ud83d" in str(written)
    assert b"half \\ud83d" in exported(CsvExporter, [row], schema=ONE)
    assert table(exported(ParquetExporter, [row], schema=ONE))["name"].to_pylist() == ["half ?"]


def test_csv_has_a_column_for_each_field() -> None:
    header, first, second, third = csv_lines(exported(CsvExporter, ROWS, schema=ONE))
    assert header == ["index", "url", "id", "status", *TEA, "error_code", "error_message", "warnings"]
    assert first == [
        "0",
        "https://e.com/1",
        "7",
        "success",
        "Grüner Tee",
        "4.5",
        "3",
        "true",
        "2026-11-01",
        "2026-11-23T10:30:00+02:00",
        '["loose","green"]',
        '{"city":"Bremen","founded":1894}',
        "",
        "",
        '["a","b"]',
    ]
    assert second == ["1", "https://e.com/2", "", "error", *[""] * 8, "HTTP_ERROR", "404", ""]
    assert third[:5] == ["2", "https://e.com/3", "9", "success", ""]


def test_csv_has_a_line_for_each_item_of_a_list() -> None:
    header, *lines = csv_lines(exported(CsvExporter, LISTS, schema=MANY))
    assert header[:5] == ["index", "url", "item", "status", "name"]
    assert [line[:5] for line in lines] == [
        ["0", "https://e.com/1", "0", "success", "Grüner Tee"],
        ["0", "https://e.com/1", "1", "success", ""],
        ["1", "https://e.com/0", "", "success", ""],
        ["1", "https://e.com/2", "", "error", ""],
    ]


def test_csv_of_a_list_of_texts_has_them_in_one_column() -> None:
    texts = Schema(Field("", "array", items=Field("", "string")), {})
    header, *lines = csv_lines(exported(CsvExporter, [Row("u", "success", 0, data=["a", "b"])], schema=texts))
    assert [line[header.index("data")] for line in lines] == ["a", "b"]


@pytest.mark.parametrize(
    "text", ["=1+1", "@SUM(A1)", "\tx", "\rx", "+cmd|' /C calc'!A0", "-2+3+A1", "-", "＝1"]
)
def test_a_formula_is_disarmed(text: str) -> None:
    assert csv_cell(text) == f"'{text}"


@pytest.mark.parametrize(
    "text", ["-5", "+49 (0)421 12-34", "-1.5e-7", "+1,000.00", "a=b", "- 5", "", "1+1", "'"]
)
def test_numbers_phones_and_plain_texts_stay_as_they_are(text: str) -> None:
    assert csv_cell(text) == text


def test_headers_are_disarmed_too() -> None:
    schema = Schema(Field("", "object", properties=(Field("=evil()", "string"),)), {})
    header, line = csv_lines(
        exported(CsvExporter, [Row("u", "success", data={"=evil()": "x"})], schema=schema)
    )
    assert line[header.index("'=evil()")] == "x"


def test_a_job_without_rows_gives_a_table_with_a_header() -> None:
    assert csv_lines(exported(CsvExporter, [], schema=ONE))[0][:4] == ["index", "url", "status", "name"]
    assert table(exported(ParquetExporter, [], schema=ONE)).num_rows == 0
    assert sheet(exported(ExcelExporter, [], schema=ONE))[0][:4] == ("index", "url", "status", "name")


def test_an_appended_csv_has_one_header(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    for row in ROWS[:2]:
        with path.open("ab") as file:
            exporter = CsvExporter(file, schema=ONE)
            exporter.export_item(row)
            exporter.finish_exporting()
    assert [line[0] for line in csv_lines(path.read_bytes())] == ["index", "0", "1"]


@pytest.mark.parametrize("exporter", [ParquetExporter, ExcelExporter])
def test_a_typed_table_cannot_be_appended_to(exporter: Callable[..., BaseItemExporter]) -> None:
    file = io.BytesIO(b"rows")
    file.seek(0, io.SEEK_END)
    with pytest.raises(UsageMistake, match="-O"):
        exporter(file)


def test_names_that_are_taken_are_told_apart() -> None:
    schema = Schema(Field("", "object", properties=(Field("url", "string"), Field("id", "string"))), {})
    names = [column.name for column in layout(schema, ["id", "status"])]
    assert names[2:6] == ["extra.id", "extra.status", "status", "data.url"]


def test_parquet_has_the_types_of_the_schema() -> None:
    read = table(exported(ParquetExporter, ROWS, schema=ONE))
    assert [str(read.schema.field(name).type) for name in TEA] == [
        "string",
        "double",
        "int64",
        "bool",
        "date32[day]",
        "timestamp[us, tz=UTC]",
        "list<element: string>",
        "struct<city: string, founded: int64>",
    ]
    first, second, _ = read.to_pylist()
    moment = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    assert {name: first[name] for name in TEA} == {**TEA, "since": date(2026, 11, 1), "checked": moment}
    assert json.loads(first["evidence"])["/name"]["xpath"] == "/html/body/h1"
    assert first["warnings"] == ["a", "b"]
    assert second["error_code"] == "HTTP_ERROR"
    assert [second[name] for name in TEA] == [None] * len(TEA)


def test_parquet_gives_each_item_its_own_evidence() -> None:
    read = table(exported(ParquetExporter, LISTS, schema=MANY)).to_pylist()
    assert [list(json.loads(line["evidence"] or "{}")) for line in read] == [["/0/name"], ["/1/name"], [], []]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (Field("f", "integer"), "12 or so"),
        (Field("f", "integer"), 2**70),
        (Field("f", "number"), True),
        (Field("f", "boolean"), 1),
        (Field("f", "string", format="date"), "soon"),
        (Field("f", "array", items=Field("i", "integer")), 5),
        (Field("f", "object", properties=(Field("p", "string"),)), [1]),
    ],
)
def test_a_value_of_another_type_is_null_and_told(
    field: Field, value: Json, caplog: pytest.LogCaptureFixture
) -> None:
    schema = Schema(Field("", "object", properties=(field,)), {})
    read = table(exported(ParquetExporter, [Row("u", "success", 0, data={"f": value})], schema=schema))
    assert read["f"].to_pylist() == [None]
    assert "1 values of f do not fit" in caplog.text


def test_parquet_comes_in_groups_of_a_thousand_lines() -> None:
    rows = [Row("u", "success", n, data=TEA) for n in range(2_500)]
    file = parquet.ParquetFile(io.BytesIO(exported(ParquetExporter, rows, schema=ONE)))
    groups = range(file.num_row_groups)
    assert [file.metadata.row_group(n).num_rows for n in groups] == [1000, 1000, 500]


def test_excel_has_numbers_dates_and_no_formulas() -> None:
    formula = Row("u", "success", 3, data={**NOTHING, "name": "=1+1", "stock": 2**60})
    header, first, second, _, last = sheet(exported(ExcelExporter, [*ROWS, formula], schema=ONE))
    at = {name: place for place, name in enumerate(header)}
    assert [first[at[name]] for name in ("price", "stock", "new")] == [4.5, 3, True]
    assert first[at["since"]] == datetime(2026, 11, 1)
    assert first[at["checked"]] == datetime(2026, 11, 23, 8, 30)
    assert json.loads(first[at["maker"]]) == TEA["maker"]
    assert second[at["error_code"]] == "HTTP_ERROR"
    assert (last[at["name"]], last[at["stock"]]) == ("=1+1", str(2**60))
    book = openpyxl.load_workbook(io.BytesIO(exported(ExcelExporter, [formula], schema=ONE)))
    assert {cell.data_type for line in book.worksheets[0] for cell in line} <= {"s", "n"}


def test_excel_leaves_out_what_xml_cannot_hold() -> None:
    row = Row("u", "success", 0, data={**NOTHING, "name": "bell\x07"})
    assert "bell" in sheet(exported(ExcelExporter, [row], schema=ONE))[1]


@pytest.mark.parametrize("exporter", [BatchExporter, ParquetExporter, ExcelExporter])
def test_items_that_are_no_rows_are_counted(
    exporter: Callable[..., BaseItemExporter], caplog: pytest.LogCaptureFixture
) -> None:
    exported(exporter, [{"a": 1}, *ROWS])
    assert "1 items are no rows" in caplog.text


class Spool:
    """A spool that can tell how much of the file was written when a row was asked for."""

    cancelled = True

    def __init__(self, file: io.BytesIO, count: int) -> None:
        self.written: list[int] = []
        self._file = file
        self._count = count

    def complete_rows(self) -> Iterator[Row]:
        for index in range(self._count):
            self.written.append(self._file.tell())
            yield Row(f"u{index}", "success", index)


def test_a_batch_streams_from_the_spool() -> None:
    file = io.BytesIO()
    spool = Spool(file, 100)
    exporter = BatchExporter(file, spool=spool)
    exporter.export_item(ROWS[0])
    exporter.finish_exporting()
    batch = json.loads(file.getvalue())
    assert [row["url"] for row in batch["results"]] == [f"u{index}" for index in range(100)]
    assert batch["cancelled"] is True
    assert spool.written == sorted(set(spool.written)), "a row was read before the one before it was written"


def test_a_batch_without_a_spool_is_in_the_order_of_the_request() -> None:
    batch = json.loads(exported(BatchExporter, ROWS[::-1]))
    assert batch == {"results": [to_json(row) for row in ROWS], "cancelled": False}


@pytest.mark.parametrize("rows", [(), ROWS[:1], ROWS])
def test_a_batch_of_any_size_is_json(rows: Sequence[Row]) -> None:
    file = io.BytesIO()
    write_batch(file, rows, cancelled=False)
    assert json.loads(file.getvalue()) == {"results": [to_json(row) for row in rows], "cancelled": False}


NAMES = ("out.csv", "out.parquet", "out.xlsx", "out.jsonl", "out.json", "out.batch")
SPIDER = f"""
import scrapy
from runo_spiders.output.exporters import FEED_EXPORTERS
from runo_spiders.items import Row
from runo_spiders.schema.model import Field, Schema

class RowsSpider(scrapy.Spider):
    name = "rows"
    custom_settings = {{
        "FEED_EXPORTERS": FEED_EXPORTERS,
        "FEEDS": {{name: {{"format": name[4:]}} for name in {NAMES}}},
    }}
    schema = Schema(Field("", "object", properties=(Field("price", "number"),)), {{}})

    async def start(self):
        for index in (1, 0):
            yield Row("u", "success", index, data={{"price": index / 2}})
"""


def run(command: Sequence[str], folder: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.stderr


def test_scrapy_writes_all_formats_in_one_crawl(tmp_path: Path) -> None:
    (tmp_path / "spider.py").write_text(SPIDER)
    log = run(["-m", "scrapy", "runspider", "spider.py"], tmp_path)
    assert "ERROR" not in log
    content = {name: (tmp_path / name).read_bytes() for name in NAMES}
    assert csv_lines(content["out.csv"])[1:] == [
        ["1", "u", "success", "0.5", "", "", ""],
        ["0", "u", "success", "0.0", "", "", ""],
    ]
    assert table(content["out.parquet"])["price"].to_pylist() == [0.5, 0.0]
    assert [line[3] for line in sheet(content["out.xlsx"])] == ["price", 0.5, 0]
    assert [json.loads(line)["index"] for line in content["out.jsonl"].splitlines()] == [1, 0]
    assert [row["index"] for row in json.loads(content["out.json"])] == [1, 0]
    assert [row["index"] for row in json.loads(content["out.batch"])["results"]] == [0, 1]


CHECK = """
from scrapy.settings import Settings
from runo_spiders.output.exporters import check_feeds
check_feeds(Settings({"FEEDS": {"out.parquet": {"format": "parquet"}}}))
"""


def test_a_missing_library_is_named_with_its_remedy(tmp_path: Path) -> None:
    for package in Path(pa.__file__).parents[1].iterdir():
        if not package.name.startswith("pyarrow"):
            (tmp_path / package.name).symlink_to(package)
    checkout = str(Path(__file__).parents[1])
    python_path = os.pathsep.join([str(tmp_path), checkout])
    fault = run(["-S", "-c", CHECK], tmp_path, PYTHONPATH=python_path).splitlines()[-1]
    assert fault.endswith("the format parquet needs pyarrow: pip install runo-spiders[tables]")


def test_a_row_is_an_item_to_other_components() -> None:
    assert ItemAdapter(ROWS[0])["url"] == "https://e.com/1"
