"""Any wrapper, for tests of what must hold for all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from runo_spiders.learn.list_ways import ListWay
from runo_spiders.learn.locators import (
    EVERY,
    After,
    Beside,
    Chain,
    End,
    JsonLeaf,
    Label,
    Link,
    Starting,
    Step,
    Walk,
)
from runo_spiders.learn.row_ways import Cell, RowsWay
from runo_spiders.learn.transforms import WHOLE, Between, Outside, Part, Shaped
from runo_spiders.learn.ways import LeafWay
from runo_spiders.learn.wrapper import Member, Pattern, Rank, Track, Wrapper

words = st.text(st.sampled_from("abc XYZ019:.,-_/()[]@='äß漢"), max_size=20)
counts = st.integers(0, 10_000)
tags = st.sampled_from(("div", "p", "td", "h1", "my-tag", "fb:like", "o.p"))
picks = st.integers(1, 40) | st.sampled_from((EVERY, -1, 0))
steps = st.lists(st.builds(Step, tags, st.integers(0, 30)), max_size=4).map(tuple)
ends = st.builds(End, st.sampled_from(("content", "data-src"))) | st.builds(
    lambda n: End(number=n), st.integers(0, 5)
)
named = st.builds(Link, tags, st.sampled_from(("id", "class", "data-label")), words)
links = st.tuples(named) | st.tuples(named | st.builds(Link, tags), named)
labels = st.builds(Label, words, picks)
walks = st.builds(Walk, st.none() | st.builds(Chain, links, picks), steps, ends)
locators = (
    walks
    | st.builds(Beside, labels, st.integers(0, 6), st.integers(0, 6), steps, ends)
    | st.builds(After, labels, st.integers(-9, -1) | st.integers(1, 9))
    | st.builds(Starting, words)
    | st.builds(JsonLeaf, words, st.integers(1, 5), st.sampled_from(("", "/a/0/b", "/x~1y/*")))
)
cuts = (
    st.just(WHOLE)
    | st.builds(Between, st.text(max_size=9), st.text(max_size=9))
    | st.builds(Part, st.text(min_size=1, max_size=3), st.integers(-5, 5))
    | st.builds(Shaped, st.text(max_size=9))
    | st.builds(Outside, st.sampled_from(("before", "after")))
)
cells = st.builds(Cell, st.sampled_from(("/a", "/b/c")), steps, ends, cuts)
ways = (
    st.builds(LeafWay, locators, cuts)
    | st.builds(ListWay, locators, cuts, st.sampled_from(("", ", ")))
    | st.builds(RowsWay, walks, st.lists(cells, max_size=3).map(tuple), counts)
)
evidence = st.floats(0, 100, allow_nan=False)
members = st.builds(Member, ways, counts, counts, counts, counts, counts, evidence)
patterns = st.builds(Pattern, st.text("+-.", max_size=9), counts, counts)
ranks = st.builds(
    Rank, st.lists(members, min_size=1, max_size=4).map(tuple), st.lists(patterns, max_size=2).map(tuple)
)
tracks = st.builds(Track, counts, counts, counts, counts, counts, counts, counts)
wrappers = st.builds(
    Wrapper,
    st.lists(ranks, max_size=3).map(tuple),
    tracks,
    counts,
    counts,
    counts,
    st.frozensets(st.sampled_from(("digits", "letters", "words"))),
)
