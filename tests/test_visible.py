"""The index of visible text: what is seen, in which lines, and that each place is found again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.items import Evidence
from runo_spiders.page.document import Document
from runo_spiders.page.visible import Visible
from runo_spiders.page.zones import BESIDE, CHROME, HIDDEN, MAIN, STRUCK

URL = "https://any.example/"
PIECES = (
    "<p>a",
    "</p>",
    "<b>b</b>",
    "c",
    "<!-- d -->",
    " ",
    "<br>",
    "<script>e</script>",
    "<div>",
    "</div>",
    "&amp;",
)


@given(st.lists(st.sampled_from(PIECES), max_size=30))
def test_every_place_leads_back_to_its_text(pieces: list[str]) -> None:
    document = Document(f"<html><body>x{''.join(pieces)}</body></html>", URL)
    page = Visible(document)
    for index, text in enumerate(page.texts):
        xpath = page.place_of(index, index + 1).xpath(document)
        read = document.read(Evidence("local", text.text, xpath))
        assert read is not None
        assert " ".join(read.split()) == text.text


@pytest.mark.parametrize(
    ("html", "zone"),
    [
        ("<p>word</p>", MAIN),
        ("<div style='display: none'><p>word</p></div>", HIDDEN),
        ("<div hidden>word</div>", HIDDEN),
        ("<nav>word</nav>", CHROME),
        ("<div class=site-footer>word</div>", CHROME),
        ("<div id=related-items>word</div>", BESIDE),
        ("<span class=price-old>word</span>", STRUCK),
        ("<s>word</s>", STRUCK),
    ],
)
def test_zones(html: str, zone: int) -> None:
    page = Visible(Document(f"<body>{html}{'<p>more</p>' * 40}</body>", URL))
    assert page.zones[0] == zone
    assert page.zones[1] == MAIN


def test_what_stands_around_most_of_the_page_marks_nothing() -> None:
    page = Visible(Document(f"<body class=has-sidebar>{'<p>word</p>' * 80}</body>", URL))
    assert set(page.zones) == {MAIN}


def test_lines_end_at_blocks_and_breaks_and_keep_the_space_between_elements() -> None:
    page = Visible(Document("<p>1 <b>cup</b> <i>flour</i><br>2 eggs</p><p>$<b>5</b></p>", URL))
    lines = []
    first = 0
    while first < len(page.texts):
        end = page.line_end(first, len(page.texts))
        lines.append(page.read(first, end))
        first = end
    assert lines == ["1 cup flour", "2 eggs", "$5"]


@pytest.mark.parametrize(
    ("html", "title"),
    [
        ("<title>Oak table | Shop</title><h1>Shop of all shops</h1><h1>Oak table</h1>", "Oak table"),
        (
            "<title>Oak table, round - Shop</title><div>Oak table, round</div><h2>Shop</h2>",
            "Oak table, round",
        ),
        ("<title>Shop</title><h1>Oak table, round</h1>", "Oak table, round"),
    ],
)
def test_the_title_is_the_heading_that_names_the_page(html: str, title: str) -> None:
    page = Visible(Document(html, URL))
    assert page.title is not None
    assert page.read(*page.title) == title


def test_a_page_without_a_heading_has_no_title() -> None:
    assert Visible(Document("<title>Shop</title><p>Hello</p>", URL)).title is None
