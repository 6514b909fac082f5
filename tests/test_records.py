"""Many records of a page: rows, cards and list items, all of them, in order, and nothing else."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from runo_spiders.extract.local import LocalExtractor
from runo_spiders.extract.protocol import Question
from runo_spiders.items import Finding, Page
from runo_spiders.page.document import Document
from runo_spiders.schema.assemble import assemble
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field, Schema

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://list.example/"
TITLES = ("Oak table", "Beech chair", "Ash bench", "Elm desk")

PRODUCT = Field(
    "",
    "object",
    properties=(
        Field("title", "string"),
        Field("price", "string"),
        Field("url", "string", format="uri"),
    ),
)
CASE = Field(
    "",
    "object",
    properties=(
        Field("case_name", "string"),
        Field("date", "string", format="date"),
        Field("docket_number", "string"),
    ),
)


def read(html: str, record: Field, at: str = "") -> object:
    """The records of a page, as the client gets them; `at` names the slot if it isn't the root."""
    many = Field(at, "array", items=record)
    schema = Schema(many if not at else Field("", "object", properties=(many,)), {})
    document = Document(html, URL)
    page = Page(URL, 0, URL, 200, NOW, document)
    question = Question(schema, schema.slots, {}, Reading("en", URL, NOW))
    found = asyncio.run(LocalExtractor().extract(page, question))
    assert all(document.holds(each.evidence) for each in found.values())
    return assemble(schema, {pointer: Finding(each.value, each.evidence) for pointer, each in found.items()})


def products() -> list[dict[str, str]]:
    return [
        {"title": title, "price": f"${number}.50", "url": f"/p/{number}"}
        for number, title in enumerate(TITLES, 1)
    ]


def cards(tag: str) -> str:
    return "".join(
        f"<{tag} class='card n{number}'><h3><a href=/p/{number}>{title}</a></h3><p>${number}.50</p>"
        f"<button>Add</button></{tag}>"
        for number, title in enumerate(TITLES, 1)
    )


MENU = "<nav><ul><li><a href=/a>Home</a></li><li><a href=/b>About us</a></li></ul></nav>"
PAGES = "<ul class=pagination><li><a href=?1>1</a></li><li><a href=?2>2</a></li></ul>"


@pytest.mark.parametrize(
    "html",
    [
        f"{MENU}<div>{cards('article')}</div>{PAGES}",
        f"{MENU}<div class=row>{cards('div')}</div>",
        "".join(
            f"<div class=row>{card}</article></div>" for card in cards("article").split("</article>")[:-1]
        ),
        f"<ul>{cards('li')}</ul>{PAGES}",
    ],
    ids=["articles", "divs", "a row each", "list items"],
)
def test_cards(html: str) -> None:
    assert read(html, PRODUCT) == products()


def test_an_array_within_an_object_is_filled_alike() -> None:
    assert read(f"<div>{cards('article')}</div>", PRODUCT, at="products") == {"products": products()}


def test_a_table_is_read_by_its_headings() -> None:
    rows = [("2024-05-06", "No. 7-1", "Doe v. Roe"), ("2024-05-07", "No. 7-2", "Poe v. Moe")]
    body = "".join(
        f"<tr class={name}>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>"
        for name, row in zip(("odd", "even"), rows, strict=True)
    )
    head = "<thead><tr><th>Date</th><th>Docket number</th><th>Case name</th></tr></thead>"
    found = read(f"<table>{head}<tbody>{body}<tr><td colspan=3>Next page</td></tr></tbody></table>", CASE)
    assert found == [
        {"date": date, "docket_number": number, "case_name": name} for date, number, name in rows
    ]


def test_a_value_that_one_block_lacks_is_null_there() -> None:
    html = "<ul>" + cards("li").replace("<p>$2.50</p>", "") + "</ul>"
    expected = products()
    assert read(html, PRODUCT) == [expected[0], expected[1] | {"price": None}, *expected[2:]]


def test_a_page_without_repeated_blocks_has_no_records() -> None:
    assert read("<h1>Oak table</h1><p>$1.50</p>", PRODUCT) == []


def test_an_array_within_a_record_is_left_open() -> None:
    tags = Field("tags", "array", items=Field("tags", "string"))
    record = Field("", "object", properties=(*PRODUCT.properties, tags))
    assert read(f"<ul>{cards('li')}</ul>", record) == [each | {"tags": []} for each in products()]
