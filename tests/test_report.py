"""What people see: numbers that add up, tables that fit, and silence where there is no terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from rich.console import Console, RenderableType

from runo_spiders.extract.verdicts import Verdict
from runo_spiders.items import ErrorInfo, Evidence, Row
from runo_spiders.output.report import (
    Counts,
    ProgressLine,
    clock,
    console_for,
    print_summary,
    progress_line,
    summary,
)
from runo_spiders.output.rows_table import rows_table
from runo_spiders.output.verdicts_text import verdicts_text
from runo_spiders.schema.model import Field, Schema

COUNTS = Counts(1_200, 500, 40, {"TIMEOUT": 40, "HTTP_ERROR": 20, "INTERNAL": 2, "TLS_ERROR": 1}, 60.0)

PRICE = Field("price", "number")
PRODUCT = Field(
    "", "object", properties=(Field("name", "string"), PRICE, Field("tags", "array"), Field("x", "string"))
)
SCHEMA = Schema(PRODUCT, {})
ROWS = (
    Row(
        "https://e.com/shop/tea?size=2",
        "success",
        data={"name": "Tea", "price": 4.5, "tags": ["a", "b"], "x": None},
        evidence={
            "/name": Evidence("structured", "Tea", "/html"),
            "/price": Evidence("local", "4.50", "/html", derived=True),
            "/tags/0": Evidence("own_rung", "a", "/html"),
        },
    ),
    Row("https://e.com/gone", "error", error=ErrorInfo("HTTP_ERROR", "", retryable=False), http_status=404),
    Row("https://e.com/bare", "success", data={"name": None, "price": None, "tags": [], "x": None}),
)


def printed(what: RenderableType, width: int = 120, terminal: bool = False) -> str:
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=terminal).print(what)
    return file.getvalue()


def test_counts_add_up() -> None:
    assert (COUNTS.failed, COUNTS.done, round(COUNTS.rate, 2)) == (63, 603, 10.05)
    assert COUNTS.seconds_left == pytest.approx(59.4, abs=0.1)


@pytest.mark.parametrize("counts", [Counts(), Counts(total=10), replace(COUNTS, total=None)])
def test_what_is_not_known_is_not_guessed(counts: Counts) -> None:
    assert counts.seconds_left is None
    assert "left" not in progress_line(counts)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (750, "12:30"), (3_600, "1:00:00"), (36_061, "10:01:01")],
)
def test_clock(seconds: float, text: str) -> None:
    assert clock(seconds) == text


def test_the_line_names_the_most_frequent_errors() -> None:
    line = printed(progress_line(COUNTS)).strip()
    assert line == (
        "603/1,200  10.1/s  40 empty  63 failed: TIMEOUT 40, HTTP_ERROR 20, INTERNAL 2, other 1  0:59 left"
    )


def test_the_summary_has_every_code() -> None:
    text = printed(summary(COUNTS))
    assert text.startswith("603 URLs in 1:00, 10.1/s")
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [
        ["500", "with"],
        ["40", "with"],
        ["63", "failed"],
        ["40", "TIMEOUT"],
        ["20", "HTTP_ERROR"],
        ["2", "INTERNAL"],
        ["1", "TLS_ERROR"],
    ]


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_and_summary_are_for_terminals(terminal: bool) -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100)
    with ProgressLine(console) as line:
        line.show(COUNTS)
    print_summary(COUNTS, ["rows in out.csv"], console)
    assert ("603/1,200" in file.getvalue(), "rows in out.csv" in file.getvalue()) == (terminal, terminal)


def test_without_a_terminal_there_is_room() -> None:
    assert console_for(io.StringIO()).width == 120


def test_the_table_shows_rows_with_their_rungs() -> None:
    lines = [line.split() for line in printed(rows_table(ROWS, SCHEMA, 120)).splitlines()]
    assert lines[0] == ["url", "status", "name", "price", "tags", "x"]
    assert lines[2] == ["/shop/tea?size=2", "ok", "◆", "Tea", "●~", "4.5", "○", "a,", "b", "–"]
    assert lines[3] == ["/gone", "HTTP_ERROR", "404"]
    assert lines[4] == ["/bare", "empty", "–", "–", "–", "–"]
    assert lines[5] == ["◆", "structured", "●", "local", "○", "own_rung", "~", "derived"]


@pytest.mark.parametrize("width", [50, 60, 80, 200])
def test_the_table_fits_and_says_what_it_leaves_out(width: int) -> None:
    long = replace(ROWS[0], url=ROWS[0].url + "x" * 90, data={**ROWS[0].data, "name": "Tea " * 50})
    text = printed(rows_table([long, *ROWS[1:]], SCHEMA, width), width=400)
    assert all(len(line.rstrip()) <= width for line in text.splitlines()[:5])
    shown = text.splitlines()[0].split() + text.partition("no room for ")[2].replace(",", " ").split()
    assert {"name", "price", "tags", "x"} <= set(shown)


def test_the_table_names_hosts_when_there_are_several() -> None:
    text = printed(rows_table([*ROWS, Row("https://f.org/a", "success")], SCHEMA, 120))
    assert "e.com/gone" in text
    assert "f.org/a" in text


def test_the_table_has_a_line_for_each_item_of_a_list() -> None:
    many = Schema(Field("", "array", items=PRODUCT), {})
    items = [{"name": "Tea", "price": 4.5}, {"name": "Mug"}]
    row = Row(
        "https://e.com/l", "success", data=items, evidence={"/1/name": Evidence("local", "Mug", "/html")}
    )
    lines = [line.split() for line in printed(rows_table([row], many, 120)).splitlines()]
    assert lines[2] == ["/l", "ok", "Tea", "4.5", "–", "–"]
    assert lines[3] == ["/l", "ok", "●", "Mug", "–", "–", "–"]


def test_no_rows_still_make_a_table() -> None:
    assert "name" in printed(rows_table([], SCHEMA, 80))


def test_square_brackets_of_a_page_are_no_markup() -> None:
    row = replace(ROWS[0], data={"name": "[red]Tea[/]", "price": None, "tags": None, "x": None})
    assert "[red]Tea[/]" in printed(rows_table([row], SCHEMA, 120))


def test_verdicts_are_told_field_by_field() -> None:
    price = Evidence("structured", "4.50", "/html/head/script", "/offers/price")
    verdicts = [
        Verdict("/name", "structured", "found nothing"),
        Verdict("/price", "structured", "won", "4.50", 4.5, price),
        Verdict("/price", "local", "lost: structured was first", "5", 5.0, Evidence("local", "5", "/html/p")),
        Verdict(
            "/x", "local", "does not fit: it is no date", "soon", None, Evidence("local", "soon", "/html/b")
        ),
        *(
            Verdict(f"/tags/{n}", "local", "won", "t", "t", Evidence("local", "t", "/html/i"))
            for n in range(10)
        ),
    ]
    lines = [line.strip() for line in printed(verdicts_text(verdicts, SCHEMA)).splitlines()]
    name, price_at, tags = (
        lines.index("/name  string"),
        lines.index("/price  number"),
        lines.index("/tags  array"),
    )
    assert lines[name + 1] == "– structured  found nothing"
    assert lines[price_at + 1 : price_at + 5] == [
        "✓ structured  4.5  won",
        '"4.50"',
        "/html/head/script → /offers/price",
        "· local       5.0  lost: structured was first",
    ]
    assert lines[tags + 1] == "/tags/0"
    assert "and 2 more" in lines
    assert "✗ local       soon  does not fit: it is no date" in lines
