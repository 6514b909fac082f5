"""Wrappers are plain data: written as JSON with XPath that a person can read, and read back."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from lxml import etree

from runo_spiders.items import Json
from runo_spiders.learn.lessons import Lessons
from runo_spiders.learn.locators import JsonLeaf, Locator
from runo_spiders.learn.memory import Memory, topic_of
from runo_spiders.learn.page_index import PageIndex
from runo_spiders.learn.values import Subject, Told
from runo_spiders.learn.wrapper import Wrapper
from runo_spiders.learn.wrapper_json import MOST_MEMBERS, WrapperError, from_json, to_json
from runo_spiders.learn.xpath import LONGEST, read, write
from runo_spiders.page.document import Document, collapse, string_value
from tests.learn_strategies import locators, wrappers
from tests.shop_pages import READING, Course, html, truth

PAGE = """<html><head><title>Kettle | Shop</title>
<script type="application/ld+json">{"name": "Kettle", "offers": [{"price": 5}, {"price": "6"}]}</script>
</head>
<body><div id="main"><h1 class="title">Kettle <em>two</em></h1>
<ul class="facts"><li>red</li><li><b>Weight:</b> 2 kg</li></ul>
<table><tr><th>Maker</th><td>Amber <i>Works</i></td></tr><tr><th>Height</th><td>20 cm</td></tr></table>
<p class="note">by Ada</p><p class="note">Maker</p><img class="picture" src="/a.png"></div></body></html>"""


@pytest.mark.parametrize(
    ("xpath", "text"),
    [
        ('(//div[@id="main"])[last()=1]/h1[1]/em[1]/text()[1]', "two"),
        ('(//h1[@class="title"])[last()=1]', "Kettle two"),
        ('(//div[@id="main"]/h1[@class="title"])[1]/text()[1]', "Kettle"),
        ("/html/body[1]/div[1]/table[1]/tr[2]/td[1]/text()[1]", "20 cm"),
        ('(//img[@class="picture"])[last()=1]/@src', "/a.png"),
        ('(//p[@class="note"])[last()]/text()[1]', "Maker"),
        ('(//ul[@class="facts"])[last()=1]/li', "red"),
        ('(//text()[normalize-space()="Height"])[last()=1]/../following-sibling::*[1]/text()[1]', "20 cm"),
        ('(//text()[normalize-space()="Weight:"])[last()=1]/../../text()[1]', "2 kg"),
        ('(//text()[normalize-space()="Maker"])[1]/../following-sibling::*[1]', "Amber Works"),
        (
            '(//text()[normalize-space()="Height"])[last()=1]/following::text()[normalize-space()][1]',
            "20 cm",
        ),
        (
            '(//text()[normalize-space()="Maker"])[last()]/preceding::text()[normalize-space()][1]',
            "by Ada",
        ),
        ('(//text()[starts-with(normalize-space(), "by ")])[last()=1]', "by Ada"),
    ],
)
def test_a_locator_finds_what_its_xpath_finds(xpath: str, text: str) -> None:
    document = Document(PAGE, "https://a.example/")
    locator = read(xpath)
    piece = next(iter(locator.find(PageIndex(document))))
    nodes: Any = document.root.xpath(xpath)
    assert piece.text == text == collapse(string_value(nodes[0]))
    assert locator.is_near(PageIndex(document)) == (not xpath.startswith("/html"))
    assert write(locator) == xpath


@pytest.mark.parametrize(
    "xpath",
    [
        '(//p[@class="note"])[last()=1]/text()[1]',
        '(//div[@id="other"])[last()=1]/p[1]',
        '(//text()[normalize-space()="Maker"])[last()=1]/../td[1]',
        '(//text()[normalize-space()="Colour"])[last()=1]/following::text()[normalize-space()][1]',
        '(//ul[@class="facts"])[last()=1]/li[3]',
    ],
)
def test_a_locator_finds_nothing_where_its_xpath_finds_nothing(xpath: str) -> None:
    document = Document(PAGE, "https://a.example/")
    assert list(read(xpath).find(PageIndex(document))) == []
    assert document.root.xpath(xpath) == []


@pytest.mark.parametrize(
    ("pointer", "texts"),
    [("/name", ["Kettle"]), ("/offers/1/price", ["6"]), ("/offers/*/price", ["5", "6"]), ("/offers/7/a", [])],
)
def test_a_leaf_of_json_is_found_by_its_pointer(pointer: str, texts: list[str]) -> None:
    locator = read('(//script[@type="application/ld+json"])[1]', pointer)
    found = list(locator.find(PageIndex(Document(PAGE, "https://a.example/"))))
    assert [piece.text for piece in found] == texts


@given(locators)
def test_every_locator_is_read_as_it_was_written(locator: Locator) -> None:
    pointer = locator.pointer if isinstance(locator, JsonLeaf) else None
    assert read(write(locator), pointer) == locator
    etree.XPath(write(locator), namespaces={"fb": "urn:fb"})


@pytest.mark.parametrize(
    "xpath",
    [
        "",
        "//*[re:test(., '(a+)+$')]",
        '(//p[@class="x"])[last()=1]/text()[1] | //script',
        "//p[count(//*[count(//*) > 3]) > 2]",
        '(//p[@class="a" or @id="b"])[1]',
        '(//p[@class="' + "a" * LONGEST + '"])[1]',
        '(//script[@type="application/ld+json"])[1]',
    ],
)
def test_other_xpath_is_refused(xpath: str) -> None:
    with pytest.raises(ValueError, match=r"no XPath of a form|needs the pointer"):
        read(xpath)


@settings(max_examples=60, deadline=None)
@given(wrappers)
def test_every_wrapper_is_the_same_after_json(wrapper: Wrapper) -> None:
    assert from_json(json.loads(json.dumps(to_json(wrapper)))) == wrapper


COUNTS = dict.fromkeys(("right", "wrong", "missed", "alarms", "idle", "evidence"), 1)


def learned() -> dict[str, Wrapper]:
    """The wrappers of the fields of the made shop, after some pages."""
    memory = Memory()
    course = Course()
    course.rung._memory = memory
    course.pages(range(12))
    return {
        slot.pointer: memory.course("shop.example", topic_of(slot.pointer, slot.field)).lessons.wrapper
        for slot in course.schema.slots
    }


def test_a_wrapper_from_json_answers_as_before_and_goes_on_learning() -> None:
    course = Course()
    for pointer, wrapper in learned().items():
        lessons = Lessons(from_json(to_json(wrapper)))
        slot = next(slot for slot in course.schema.slots if slot.pointer == pointer)
        subject = Subject(slot.field, READING)
        index = PageIndex(Document(html(truth(33)), "https://shop.example/33"))
        before = lessons.guess(index, subject)
        assert before.sight is not None
        assert before.key == Lessons(wrapper).guess(index, subject).key
        told = {leaf.pointer: leaf.raw for leaf in before.sight.leaves}
        lessons.learn(index, subject, Told(told))
        after = lessons.guess(index, subject)
        assert after.key == before.key
        assert after.confidence >= 0.9 * before.confidence


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"version": 9}, "no wrapper of version 1"),
        ({"ranks": 5}, "/ranks: TypeError"),
        ({"track": {"left": 1}}, "/track: TypeError"),
        ({"labels": "many"}, "/labels: ValueError"),
        ({"ranks": [{"members": [], "patterns": []}]}, "/ranks/0/members: 0 of them, at least 1"),
        ({"ranks": [{"members": [{}] * (MOST_MEMBERS + 1)}]}, "/ranks/0/members: 21 of them"),
        (
            {"ranks": [{"members": [COUNTS | {"xpath": "//p"}], "patterns": []}]},
            "/ranks/0/members/0: ValueError",
        ),
        (
            {"ranks": [{"members": [COUNTS | {"rows": "//p"}], "patterns": []}]},
            "/ranks/0/members/0: ValueError",
        ),
    ],
)
def test_a_record_that_is_no_wrapper_is_refused_with_its_place(change: dict[str, Json], message: str) -> None:
    record = to_json(replace(Wrapper(), labels=3)) | change
    with pytest.raises(WrapperError) as refused:
        from_json(record)
    assert message in str(refused.value)


def test_a_person_can_read_where_a_wrapper_looks() -> None:
    record = json.dumps(to_json(learned()["/sku"]))
    assert "Article number" in record
    assert "re:" not in record
