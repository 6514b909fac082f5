"""The parts of learning, one by one: what is cut, what is the same, who is believed, when is asked."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from runo_spiders.learn.audits import LEAST_RATE, is_audit
from runo_spiders.learn.confidence import DISSENT, NEAR, NEW, ONE_KIND, SILENT, UNPROVEN, confidence
from runo_spiders.learn.judge import judge
from runo_spiders.learn.lessons import MOST_SAMPLES, Lessons
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.sightings import sightings
from runo_spiders.learn.transforms import (
    WHOLE,
    Between,
    Outside,
    Part,
    Shaped,
    Transform,
    shape_of,
    transforms_for,
)
from runo_spiders.learn.values import Key, Subject, Told, key_of, weight_of
from runo_spiders.learn.ways import LeafWay
from runo_spiders.learn.witness import Opinion, second_opinion
from runo_spiders.learn.wrapper import Member, Rank, Track, Wrapper
from runo_spiders.learn.xpath import read
from runo_spiders.page.document import Document
from runo_spiders.schema.model import Field
from tests.shop_pages import READING, html, truth

URL = "https://shop.example/"
TEXT = Field("maker", "string")


def index_of(body: str) -> PageIndex:
    return PageIndex(Document(f"<html><body>{body}</body></html>", URL))


@pytest.mark.parametrize(
    ("cut", "text", "part"),
    [
        (Between("by ", " |"), "Written by Ada Byron | Shop", "Ada Byron"),
        (Between("by ", ""), "by Ada Byron", "Ada Byron"),
        (Between("by ", " |"), "by Ada", None),
        (Part(" | ", 0), "Kettle | Shop", "Kettle"),
        (Part(" | ", -1), "Kettle | Tea | Shop", "Shop"),
        (Part(" | ", 0), "Kettle", None),
        (Shaped("9-a-9"), "Case no. 16-cv-1014 (closed)", "16-cv-1014"),
        (Shaped("9-a-9"), "16-cv-1014 and 17-cv-3", None),
        (Outside("before"), "£ 51.77", "£"),
        (Outside("after"), "12.5 kg", "kg"),
        (Outside("after"), "kg", None),
    ],
)
def test_a_part_is_cut_from_a_text(cut: Transform, text: str, part: str | None) -> None:
    assert cut.cut(text) == part


@pytest.mark.parametrize("text", ["by Ada | Shop", "No. 16-cv-1014", "£51.77", "a, b, c", "(x) y z"])
def test_every_proposed_cut_gives_the_value(text: str) -> None:
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            value = text[start:end]
            if value == value.strip():
                assert {cut.cut(text) for cut in transforms_for(text, start, end)} <= {value}


def test_the_shape_of_a_text() -> None:
    assert shape_of("16-cv-1014 B") == "9-a-9 a"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Ada  Byron", "ada byron ", True),
        ("“Ada’s”", "Ada's", True),
        ("Ada.", "ADA", True),
        ("Ada", "Ada B", False),
        (5, 5.0, True),
        ("5", 5, False),
    ],
)
def test_values_are_compared_without_what_spelling_adds(
    one: str | int, other: str | float, same: bool
) -> None:
    assert (key_of(one) == key_of(other)) is same


def test_short_values_prove_less() -> None:
    keys: Sequence[Key] = ("kettle", "red", "5", 5.0, (("/0", "kettle"),))
    assert [weight_of(key) for key in keys] == [1.0, 0.7, 0.4, 0.4, 1.0]


@pytest.mark.parametrize(
    ("body", "raw", "field", "places"),
    [
        ("<p>Ada</p><p>Adam</p><i title='Ada'></i>", "Ada", TEXT, ["text", "title"]),
        ("<p>$ 1,299.00 now</p>", "1299.0", Field("price", "number"), ["text"]),
        ("<a href='/x.png'>x</a>", URL + "x.png", Field("image", "string"), ["href"]),
        ("<p>Written by Ada | Shop</p>", "Ada", TEXT, ["text"]),
        ("<p>Nothing</p>", "Ada", TEXT, []),
    ],
)
def test_a_value_is_seen_where_it_stands(body: str, raw: str, field: Field, places: list[str]) -> None:
    subject = Subject(field, READING)
    reader, key = subject.reader(""), subject.key({"": raw})
    assert reader is not None
    assert key is not None
    found = sightings(key, raw, reader, index_of(body))
    assert [each.piece.place.attribute or "text" for each in found] == places


@pytest.mark.parametrize(
    ("body", "opinion"),
    [
        ("<b itemprop='maker'>Ada</b>", True),
        ("<b itemprop='maker'>Bob</b>", "Bob"),
        ("<i class='maker'>Bob</i><b id='maker'>Ada</b>", True),
        ("<th>Maker</th><td>Bob</td>", "Bob"),
        ("<dt>Maker:</dt><dd>Ada</dd>", True),
        ('<script type=\'application/json\'>{"maker": "Bob"}</script>', "Bob"),
        ("<p>Ada</p>", None),
    ],
)
def test_a_page_has_an_opinion_where_it_calls_something_by_the_name(body: str, opinion: object) -> None:
    reader = Subject(TEXT, READING).reader("")
    assert reader is not None
    assert second_opinion("ada", {"maker"}, reader, index_of(body)) == opinion


@pytest.mark.parametrize(
    ("agreed", "differed", "warned"), [(0, 1, False), (0, 2, True), (1, 2, False), (1, 3, True)]
)
def test_only_a_page_after_page_difference_is_told(agreed: int, differed: int, warned: bool) -> None:
    assert (Opinion(agreed, differed, "5", "6").warning is not None) is warned


def test_audits_get_rare_and_never_end() -> None:
    pages = [f"{URL}{number}" for number in range(4000)]
    shares = [sum(is_audit("a", page, "/x", spared) for page in pages) / 4000 for spared in (0, 50, 10**9)]
    assert shares[0] > shares[1] > shares[2] > 0
    assert shares[2] == pytest.approx(LEAST_RATE, rel=0.5)
    assert [is_audit("a", page, "/x", 5) for page in pages] != [
        is_audit("b", page, "/x", 5) for page in pages
    ]


def test_confidence_grows_with_evidence_and_falls_with_doubts() -> None:
    track = Track()
    sure = [confidence(evidence, (), track) for evidence in (1.7, 3.0, 6.0, 30.0)]
    assert sure == sorted(sure)
    doubtful = [confidence(6.0, doubts, track) for doubts in ((), (SILENT,), (SILENT, ONE_KIND))]
    assert doubtful == sorted(doubtful, reverse=True)
    assert confidence(3.0, (), Track(right=5, wrong=9)) < confidence(3.0, (), Track(right=14))


PLACE, LABEL = '(//b[@id="x"])[last()=1]', '(//text()[normalize-space()="Maker"])[last()=1]/..'


def member(xpath: str, right: int = 3, idle: int = 0) -> Member:
    return Member(LeafWay(read(xpath), WHOLE), right, 0, 0, 0, idle, float(right))


def wrapper(*members: Member, track: Track | None = None) -> Wrapper:
    return Wrapper((Rank(members),), track or Track(right=2, steady=2), 3, 3, 9)


BESIDE = member(LABEL + "/following-sibling::*[1]")
NULLS = Track(null_right=3, null_run=3, steady=3)


@pytest.mark.parametrize(
    ("learned", "body", "key", "doubts"),
    [
        (wrapper(member(PLACE), BESIDE), "<i>Maker</i><b id='x'>Ada</b>", "ada", ()),
        (
            wrapper(member(PLACE), BESIDE),
            "<i>Maker</i><u>Bob</u><b id='x'>Ada</b>",
            "ada",
            (DISSENT, ONE_KIND),
        ),
        (wrapper(member(PLACE), BESIDE), "<b id='x'>Ada</b>", "ada", (ONE_KIND, SILENT)),
        (wrapper(member(PLACE, 1), BESIDE), "<i>Maker</i><b id='x'>Ada</b>", "ada", ()),
        (
            wrapper(member(PLACE, 1), member(LABEL + "/following-sibling::*[1]", 1)),
            "<i>Maker</i><b id='x'>Ada</b>",
            "ada",
            (NEW,),
        ),
        (wrapper(member(PLACE), BESIDE), "<p>Else</p>", None, (UNPROVEN,)),
        (wrapper(member(PLACE), BESIDE, track=NULLS), "<p>Else</p>", None, ()),
        (wrapper(member(PLACE), BESIDE, track=NULLS), "<p>Maker</p>", None, (NEAR,)),
        (wrapper(member(PLACE), member(LABEL + "/p[1]", 3, 2), track=NULLS), "<p>Maker</p>", None, ()),
    ],
)
def test_doubts(learned: Wrapper, body: str, key: str | None, doubts: tuple[str, ...]) -> None:
    guess = judge(learned, index_of(body), Subject(TEXT, READING))
    assert (guess.key, guess.doubts) == (key, doubts)


def test_the_pages_that_are_kept_are_bounded() -> None:
    lessons = Lessons()
    for number in range(MOST_SAMPLES + 9):
        index = PageIndex(Document(html(truth(number)), URL))
        lessons.learn(index, Subject(TEXT, READING), Told({"": str(truth(number)["maker"])}))
    assert lessons.pages == MOST_SAMPLES
    assert lessons.wrapper.labels == MOST_SAMPLES + 9
