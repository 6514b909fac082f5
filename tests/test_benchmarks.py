"""The generated pages are what their docstring says: like real ones in the medians."""

from __future__ import annotations

import statistics

import pytest
from lxml import etree

from benchmarks.sixty_kb import SIZE, Kind, page


def measures(body: bytes) -> tuple[int, int, int, int]:
    """Elements, visible texts, characters of script and style, characters of attributes."""
    root = etree.fromstring(body, parser=etree.HTMLParser())
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    texts = [
        text
        for element in elements
        if element.tag not in ("script", "style", "title")
        for text in (element.text, *(child.tail for child in element))
        if text and text.strip()
    ]
    scripts = sum(len(element.text or "") for element in root.iter("script", "style"))
    attributes = sum(len(name) + len(value) for element in elements for name, value in element.items())
    return len(elements), len(texts), scripts, attributes


@pytest.mark.parametrize("kind", ["structured", "plain"])
def test_the_pages_have_the_make_up_of_real_ones(kind: Kind) -> None:
    pages = [page(kind, number) for number in range(20)]
    assert all(abs(len(body) - SIZE) < 1500 for body in pages)
    medians = [statistics.median(column) for column in zip(*map(measures, pages), strict=True)]
    for found, real in zip(medians, (561, 230, 7040, 21284), strict=True):
        assert 0.75 * real <= found <= 1.35 * real, (medians, real)


def test_a_page_is_always_the_same() -> None:
    assert page("plain", 7) == page("plain", 7)
    assert page("plain", 7) != page("plain", 8)
