from __future__ import annotations

from typing import Any

from runo_spiders.frontier import Frontier
from runo_spiders.inputs import Target
from runo_spiders.job import JobSpec


def frontier(**arguments: Any) -> Frontier:
    job = {"seed_url": "https://a.example", "follow_pattern": "https://a.example/*", "schema": "x"}
    return Frontier(JobSpec.parse(job | arguments))


def test_a_page_is_admitted_once() -> None:
    pages = frontier()
    assert pages.seed("https://a.example").index == 0
    assert pages.link("https://a.example/", 1) is None
    found = pages.link("https://a.example/p?x=1&y=2", 1)
    assert found is not None
    assert found.index == 1
    assert pages.link("https://a.example/p?y=2&x=1#top", 2) is None


def test_max_pages_is_a_hard_ceiling_the_seed_included() -> None:
    pages = frontier(max_pages=3)
    pages.seed("https://a.example")
    admitted = [pages.link(f"https://a.example/{n}", 1) for n in range(5)]
    assert [page is not None for page in admitted] == [True, True, False, False, False]
    assert pages.skipped == 3


def test_depth_is_counted_in_hops_from_the_seed() -> None:
    pages = frontier(max_depth=1)
    assert pages.link("https://a.example/1", 1) is not None
    assert pages.link("https://a.example/2", 2) is None


def test_pages_that_are_no_items_are_walked_without_a_row() -> None:
    pages = frontier(item_pattern="https://a.example/p/*")
    assert pages.seed("https://a.example").walked
    listing, item = pages.link("https://a.example/list", 1), pages.link("https://a.example/p/1", 1)
    assert listing is not None
    assert listing.index == -2
    assert item is not None
    assert item.index == 0


def test_it_goes_on_where_another_run_stopped() -> None:
    pages = frontier(item_pattern="https://a.example/p/*", max_pages=4)
    pages.resume([Target("https://a.example/", -1), Target("https://a.example/p/1", 0, hops=1)])
    assert pages.link("https://a.example/p/1", 1) is None
    found = [pages.link(f"https://a.example/{path}", 1) for path in ("list", "p/2", "p/3")]
    assert [target and target.index for target in found] == [-2, 1, None]
    assert pages.skipped == 1


def test_other_hosts_and_excluded_pages_are_left_out() -> None:
    pages = frontier(exclude_pattern="*/login*")
    assert pages.link("https://b.example/1", 1) is None
    assert pages.link("https://a.example/login?next=/", 1) is None
    assert pages.link("mailto:x@a.example", 1) is None
