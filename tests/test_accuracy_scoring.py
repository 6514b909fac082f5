"""The scores of the accuracy benchmark: what counts as right, and how it adds up."""

from __future__ import annotations

import pytest

from benchmarks import scoring
from benchmarks.pages import without_structured_data
from benchmarks.scoring import Mark, difference_interval, mark, score
from runo_spiders.items import Json


@pytest.mark.parametrize(
    ("same", "truth", "answer", "expected"),
    [
        (scoring.same_text, "Caf\u00e9  au lait", "cafe\u0301 AU LAIT.", True),
        (scoring.same_text, "Tom &amp; Co", '"Tom & Co"', True),
        (scoring.same_text, "Kettle", "Kettles", False),
        (scoring.same_number, "87.11", 87.11, True),
        (scoring.same_number, "4 servings", "Serves 4", True),
        (scoring.same_number, 1299, "1,299", True),
        (scoring.same_number, "1.299,50", 1299.5, True),
        (scoring.same_number, 4, "many", False),
        (scoring.same_number, 4.5, 4.6, False),
        (scoring.same_day, "2024-05-03", "2024-05-03", True),
        (scoring.same_day, "2024-05-03", "2024-05-04", False),
        (scoring.same_day, "2024-05-03 23:30:00+00:00", "2024-05-04", True),
        (scoring.same_day, "2024-05-03T10:00:00Z", "2024-05-06", False),
        (scoring.same_day, "2024-05-03", "soon", False),
        (scoring.same_currency, "\u00a3", "GBP", True),
        (scoring.same_currency, "EUR", "\u20ac", True),
        (scoring.same_currency, "$", "EUR", False),
        (scoring.same_link, "http://a.test/x.jpg?w=1", "https://a.test/x.jpg", True),
        (scoring.same_link, "http://a.test/x.jpg", "https://a.test/y.jpg", False),
    ],
)
def test_values_are_compared_by_what_they_mean(
    same: scoring.Same, truth: Json, answer: Json, expected: bool
) -> None:
    assert same(truth, answer) is expected


@pytest.mark.parametrize(
    ("truth", "answer", "expected"),
    [
        ("a", "a", Mark(1.0, 1.0)),
        ("a", "b", Mark(0.0, 0.0)),
        ("a", None, Mark(None, 0.0)),
        (None, "a", Mark(0.0, None)),
        (None, None, Mark(None, None)),
        ({"any_of": ["x", "a"]}, "a", Mark(1.0, 1.0)),
        (["a", "b"], ["a", "c", "d", "e"], Mark(0.25, 0.5)),
        (["a", "a"], ["a"], Mark(1.0, 0.5)),
        (["a"], None, Mark(None, 0.0)),
        (["a"], "a", Mark(1.0, 1.0)),
    ],
)
def test_a_mark_tells_the_right_share_of_both_sides(truth: Json, answer: Json, expected: Mark) -> None:
    assert mark(truth, answer, scoring.same_text) == expected


def test_null_against_null_counts_nowhere() -> None:
    result = score([Mark(1.0, 1.0), Mark(None, 0.0), Mark(0.0, None), Mark(None, None)])
    assert (result.pages, result.precision, result.recall, result.f1) == (2, 0.5, 0.5, 0.5)


def test_the_interval_holds_the_difference_and_is_the_same_each_time() -> None:
    ours = [Mark(1.0, 1.0)] * 8 + [Mark(0.0, 0.0)] * 2
    theirs = [Mark(1.0, 1.0)] * 4 + [Mark(None, 0.0)] * 6
    low, high = difference_interval(ours, theirs, rounds=200)
    assert low < score(ours).f1 - score(theirs).f1 < high
    assert difference_interval(ours, theirs, rounds=200) == (low, high)
    assert difference_interval(ours, ours, rounds=200) == (0.0, 0.0)


def test_stripping_leaves_what_a_reader_sees_and_nothing_structured() -> None:
    page = """<html><head><meta property="og:title" content="T1"><meta name="author" content="kept">
        <script type="application/ld+json">{"name": "T2"}</script><script>window.x = {"name": "T3"}</script>
        </head><body><p itemprop="name" class="name">Kettle</p><script>track()</script> tail</body></html>"""
    stripped = without_structured_data(page)
    assert not any(mark in stripped for mark in ("T1", "T2", "T3", "itemprop"))
    assert all(mark in stripped for mark in ("kept", '<p class="name">Kettle</p>', "track()", " tail"))
