"""What the benchmark of learning does to pages, and how it counts."""

from __future__ import annotations

import random

import pytest

from benchmarks.interval import upper_bound
from benchmarks.template_pages import TemplatePage, laid_out_anew, without_blocks
from runo_spiders.page.document import Document
from runo_spiders.page.visible_text import visible_text
from runo_spiders.schema.model import Field
from tests.shop_pages import html, truth

TRUTH = {name: truth(3)[name] for name in ("name", "sku", "maker")}
PAGE = TemplatePage("1", "https://shop.example/", html(truth(3)), TRUTH)
FIELDS = tuple(Field(name, "string") for name in TRUTH)


@pytest.mark.parametrize(
    ("count", "total", "bound"), [(0, 0, 1.0), (0, 764, 0.005), (3, 1537, 0.0057), (50, 100, 0.5962)]
)
def test_the_bound_of_a_share(count: int, total: int, bound: float) -> None:
    assert upper_bound(count, total) == pytest.approx(bound, abs=1e-4)


def test_blocks_are_taken_out_and_nothing_of_the_value_stays() -> None:
    taken = set()
    for seed in range(20):
        page = without_blocks(PAGE, FIELDS, random.Random(seed))
        text = visible_text(Document(page.html, page.url))
        for name, value in TRUTH.items():
            gone = page.truth[name] is None
            assert (value not in text) == gone
            taken |= {name} if gone else set()
    assert {"sku", "maker"} <= taken


def test_a_new_layout_says_the_same_elsewhere() -> None:
    page = laid_out_anew(PAGE)
    before, after = (Document(each.html, each.url) for each in (PAGE, page))
    assert all(value in visible_text(after) for value in TRUTH.values())
    assert before.root.xpath("//h1[@class='title']")
    assert not after.root.xpath("//h1[@class='title']")
    assert not after.root.xpath("//table")
