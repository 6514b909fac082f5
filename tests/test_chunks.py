"""Long pages are cut only where records start, and what a page says of its number of records is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runo_spiders.page.asked import Asked
from runo_spiders.page.chunks import chunks
from runo_spiders.page.counts import Count, count_in, count_on
from runo_spiders.page.document import Document
from runo_spiders.page.text import PageText, page_text
from runo_spiders.page.visible import Visible

URL = "https://any.example/"
MANY = Asked(many=True)


def listing(numbers: range, words: int = 12) -> str:
    return "".join(
        f"<div class='card n{number}'><h3>Boat {number}</h3><p>{'word ' * words}</p><b>{number} EUR</b></div>"
        for number in numbers
    )


def text_of(html: str) -> PageText:
    return page_text(
        Document(f"<html><head><title>Boats</title></head><body>{html}</body></html>", URL), MANY
    )


@given(st.integers(2, 60), st.integers(0, 60), st.integers(200, 3000))
def test_nothing_is_lost_and_each_record_stands_whole_in_one_chunk(
    records: int, words: int, most: int
) -> None:
    page = text_of("<h1>All boats</h1>" + listing(range(records), words) + "<p>The end</p>")
    parts = chunks(page, most)
    assert "".join(page.text[part.start : part.end] for part in parts) == page.text
    assert all(part.end - part.start <= most for part in parts)
    for number in range(records):
        whole = [part for part in parts if f"Boat {number}\n" in part.text and f"{number} EUR" in part.text]
        assert len(whole) == 1 or any(part.torn for part in parts)


def test_a_chunk_knows_its_headings_but_not_those_of_other_records() -> None:
    boats = f"<h1>All boats</h1><h2>Sail</h2>{listing(range(20))}<h2>Motor</h2>{listing(range(20, 40))}"
    parts = chunks(text_of(boats), 800)
    last = parts[-1]
    assert last.text.startswith("Title: Boats\n# All boats\n## Motor\n### Boat")
    assert (
        last.notes[-1]
        == f"This is part {len(parts)} of {len(parts)} of the page, after the headings above it."
    )


def test_a_picture_before_its_record_goes_with_it() -> None:
    cards = "".join(
        f"<div class=card><img src='/{n}.jpg'><p>Boat {n}</p><p>{n} EUR</p></div>" for n in range(50)
    )
    page = page_text(Document(cards, URL), Asked(many=True, images=True))
    parts = chunks(page, 300)
    assert len(parts) > 3
    assert all(
        (f"/{n}.jpg" in part.text) == (f"Boat {n}\n" in part.text) for n in range(50) for part in parts
    )


def test_rows_know_the_head_of_their_table() -> None:
    rows = "".join(f"<tr><td>Ann {number}</td><td>{number}</td></tr>" for number in range(100))
    table = f"<table><thead><tr><th>Name</th><th>Age</th></tr></thead><tbody>{rows}</tbody></table>"
    parts = chunks(text_of(table), 300)
    assert all(part.text.startswith("Title: Boats\nName | Age\nAnn") for part in parts[1:])


def test_a_record_that_is_too_long_is_torn_and_that_is_told() -> None:
    parts = chunks(text_of(listing(range(3)) + listing(range(3, 4), 300) + listing(range(4, 7))), 400)
    assert any(part.torn for part in parts)
    assert not parts[0].torn


@pytest.mark.parametrize("html", ["<p>" + "word " * 500, "<p>" + "x" * 3000, "<p>line</p>" * 500])
def test_a_page_without_records_is_cut_between_lines_or_words(html: str) -> None:
    page = page_text(Document(html, URL))
    parts = chunks(page, 700)
    assert "".join(page.text[part.start : part.end] for part in parts) == page.text
    assert len(parts) == -(-len(page.text) // 700)
    assert not any(part.torn for part in parts)


def test_a_short_page_is_one_chunk_without_notes() -> None:
    (part,) = chunks(text_of(listing(range(3))), 10_000)
    assert part.notes == ()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Showing 1-20 of 345 results", Count(1, 20, 345)),
        ("21 to 40 of over 3,000", Count(21, 40, 3000)),
        ("1 bis 24 von insgesamt 1.100 Artikeln", Count(1, 24, 1100)),
        ("Résultats 1 à 20 sur 12 345", Count(1, 20, 12345)),
        ("1–20 из 345", Count(1, 20, 345)),
        ("345件中 1～20件を表示", Count(1, 20, 345)),
        ("345 üründen 1-20", Count(1, 20, 345)),
        ("1-20 / 345", Count(1, 20, 345)),
        ("Page 1 of 20", None),
        ("20-1 of 345", None),
        ("1-20 of 12", None),
        ("call 555-1234 of 3", None),
        ("2026-11-23 of 30", None),
        ("1-20", None),
    ],
)
def test_counts(text: str, count: Count | None) -> None:
    assert count_in(text) == count


def test_the_count_of_a_page_stands_among_its_page_links() -> None:
    html = f"{'<p>1-2 of it</p>' * 50}<div class=pagination><b>41</b>-<b>60</b> of <b>345</b></div>"
    count = count_on(Visible(Document(html, URL)))
    assert count == Count(41, 60, 345)
    assert count.shown == 20
