"""The rung that learns from the model: what it takes over, still asks, and does not believe."""

from __future__ import annotations

from dataclasses import replace

import pytest
from scrapy.utils.test import get_crawler

from runo_spiders.extract.learned import LearnedExtractor
from runo_spiders.items import Json
from runo_spiders.learn.memory import MOST_PAGED, Memory, topic_of
from runo_spiders.page.document import Document
from runo_spiders.schema.assemble import leaves
from runo_spiders.schema.load import load_schema
from tests.shop_pages import SCHEMA, Course, Teacher, given, html, truth


def told(number: int) -> dict[str, Json]:
    return dict(leaves(truth(number)))


def schema_of(*names: str) -> Course:
    properties = {name: SCHEMA.document["properties"][name] for name in names}
    return Course(load_schema({"type": "object", "properties": properties}))


def test_after_a_few_pages_the_model_is_hardly_asked_and_nothing_gets_lost() -> None:
    course = Course()
    asked = []
    for number in range(40):
        came = course.page(number, html(truth(number)), truth(number))
        asked.append(len(course.teacher.asked))
        assert given(came) == told(number)
    assert asked[0] == 6
    assert sum(asked[:12]) <= 12 * 6 / 2
    assert sum(asked[12:]) <= 0.1 * 28 * 6


def test_a_learned_value_stands_where_its_evidence_says() -> None:
    course = Course()
    course.pages(range(12))
    came = course.page(50, html(truth(50)), {})
    learned = {p: f for p, f in came.findings.items() if f.evidence.rung == "learned"}
    assert {"/name", "/price", "/sku", "/maker"} <= learned.keys()
    document = Document(html(truth(50)), "https://shop.example/50")
    for finding in learned.values():
        assert document.holds(finding.evidence)
        assert finding.evidence.confidence is not None
        assert 0.9 < finding.evidence.confidence < 1


def test_one_page_alone_plants_nothing() -> None:
    course = schema_of("price")
    course.page(0, html(truth(0)), {"price": truth(0)["price"]})
    course.page(1, html(truth(1)), truth(1))
    assert course.teacher.asked == ["/price"]


def test_a_poisoned_page_is_outvoted() -> None:
    course = schema_of("sku", "maker")
    course.pages(range(8))
    poison = '<p class="note">Article number</p><dl><dt>Article number</dt><dd>EVIL-1</dd></dl>'
    came = course.page(8, html(truth(8), poison), {"sku": "EVIL-1", "maker": truth(8)["maker"]})
    course.pages(range(9, 12))
    came = course.page(12, html(truth(12)), {"sku": "EVIL-1"})
    assert given(came)["/sku"] == truth(12)["sku"]


def test_a_field_is_asked_for_alone_when_only_it_is_in_doubt() -> None:
    course = schema_of("name", "price", "sku", "maker")
    course.pages(range(12))
    moved = html(truth(12)).replace("<dt>Article number</dt>", "<dt>Item</dt>")
    moved = moved.replace("<dl>", '<dl class="new"><dt>Colour</dt><dd>red</dd>')
    came = course.page(12, moved, truth(12))
    assert "/sku" in course.teacher.asked
    assert "/name" not in course.teacher.asked
    assert given(came)["/sku"] == truth(12)["sku"]


def test_a_value_that_is_missing_on_some_pages_is_learned_as_missing() -> None:
    course = schema_of("name", "maker")
    wrong = 0
    for number in range(60):
        true = truth(number) | ({"maker": None} if number % 3 == 0 else {})
        came = course.page(number, html(true), true)
        wrong += given(came).get("/maker") != true["maker"]
    asked = []
    for number in range(60, 90):
        true = truth(number) | ({"maker": None} if number % 3 == 0 else {})
        came = course.page(number, html(true), true)
        wrong += given(came).get("/maker") != true["maker"]
        asked += course.teacher.asked
    assert wrong == 0
    assert len(asked) <= 6


def test_no_value_is_not_believed_where_the_label_of_one_stands() -> None:
    course = schema_of("name", "maker")
    for number in range(30):
        true = truth(number) | ({"maker": None} if number % 2 else {})
        course.page(number, html(true), true)
    moved = html(truth(31)).replace("<dt>Maker</dt><dd>", "<dt>Maker</dt><dd></dd><dd><i>")
    course.page(31, moved, truth(31))
    assert "/maker" in course.teacher.asked


def test_a_new_layout_is_noticed_and_learned() -> None:
    course = schema_of("name", "price", "sku")
    course.pages(range(15))
    asked = 0
    for number in range(15, 45):
        true = truth(number)
        text = (
            f"<html><body><article><h2>{true['name']}</h2><section><em>{true['sku']}</em>"
            f"<p>Price</p><p>$ {true['price']:.2f}</p></section></article></body></html>"
        )
        came = course.page(number, text, true)
        asked += len(course.teacher.asked)
        assert given(came)["/sku"] == true["sku"]
        assert given(came)["/name"] == true["name"]
    assert 6 <= asked <= 24


def test_a_mistake_of_the_teacher_is_set_aside() -> None:
    course = schema_of("name", "sku")
    for number in range(30):
        mistaken = number in (2, 7)
        course.page(number, html(truth(number)), truth(number) | ({"sku": "Imprint"} if mistaken else {}))
    came = course.page(30, html(truth(30)), {})
    assert given(came)["/sku"] == truth(30)["sku"]


def test_a_teacher_that_errs_always_the_same_way_is_told_of() -> None:
    course = schema_of("price")
    warnings: list[str] = []
    for number in range(6):
        true = truth(number)
        named = f'<meta itemprop="price" content="{true["price"]:.2f}">'
        came = course.page(number, html(true, named), {"price": true["price"] + 7})
        warnings += came.warnings
    assert any(warning.startswith("/price: on ") for warning in warnings)
    assert "'17.0'" in warnings[0] or "the page says" in warnings[0]


def test_a_teacher_that_is_right_is_not_warned_of() -> None:
    course = schema_of("price", "sku")
    for number in range(6):
        named = f'<meta itemprop="price" content="{truth(number)["price"]:.2f}">'
        assert course.page(number, html(truth(number), named), truth(number)).warnings == ()


def test_sure_values_are_still_asked_for_now_and_then() -> None:
    course = schema_of("name")
    course.pages(range(10))
    audits = 0
    for number in range(10, 200):
        course.page(number, html(truth(number)), truth(number))
        audits += len(course.teacher.asked)
    assert 1 <= audits <= 12


def test_what_one_site_teaches_does_not_count_on_another() -> None:
    course = schema_of("name")
    course.pages(range(10))
    course.site = "other.example"
    assert course.page(10, html(truth(10)), {}).findings == {}


def test_what_one_crawl_is_taught_another_does_not_know(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    crawlers = [get_crawler(settings_dict={"RUNO_MODEL": "honest"}) for _ in range(2)]
    rungs = [LearnedExtractor.from_crawler(crawler) for crawler in crawlers]
    taught, untaught = (replace(schema_of("name"), rung=rung) for rung in rungs)
    taught.pages(range(10))
    pages = [(number, html(truth(number))) for number in range(10, 20)]
    assert any(taught.page(number, text, {}).findings for number, text in pages)
    assert not any(untaught.page(number, text, {}).findings for number, text in pages)


def test_a_field_that_is_added_to_the_schema_forgets_nothing() -> None:
    course = schema_of("name")
    course.pages(range(10))
    wider = replace(schema_of("name", "sku"), rung=course.rung, teacher=Teacher())
    wider.page(10, html(truth(10)), truth(10))
    assert wider.teacher.asked == ["/sku"]


def test_pages_of_sites_not_met_lately_are_let_go_and_what_they_taught_stays() -> None:
    memory = Memory()
    course = schema_of("name")
    course.rung = LearnedExtractor(memory, salt="a")
    course.pages(range(10))
    slot = course.schema.slots[0]
    lessons = memory.course("shop.example", topic_of(slot.pointer, slot.field)).lessons
    kept = lessons.pages
    for number in range(MOST_PAGED):
        other = memory.course(f"{number}.example", topic_of(slot.pointer, slot.field)).lessons
        other._notes.samples.append(lessons._notes.samples[0])
    memory.tidy()
    assert kept > 0
    assert lessons.pages == 0
    assert given(course.page(11, html(truth(11)), {}))["/name"] == truth(11)["name"]


@pytest.mark.parametrize(
    "text",
    [
        "<p>" * 20_000,
        "<div class='price'>" + "<b>1</b>" * 50_000,
        "".join(f"<dt>Article number</dt><dd>{n}</dd>" for n in range(5_000)),
        "<script type='application/ld+json'>" + "[" * 10_000 + "]" * 10_000 + "</script><p>$ 5</p>",
        f"<p>{'by ' * 100_000}</p>",
        "",
    ],
    ids=["deep", "wide", "labels", "json", "long text", "empty"],
)
def test_hostile_pages_are_read_and_learned_in_bounded_time(text: str) -> None:
    course = Course()
    course.pages(range(6))
    for number in (6, 7):
        course.page(number, text, truth(number) | {"sku": "1", "name": "by by"})
