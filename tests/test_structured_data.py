"""Reading structured data: each kind, as carefully and as badly written as it comes, with its place."""

from __future__ import annotations

import pytest

from runo_spiders.page.document import Document
from runo_spiders.page.entity import Entity, Leaf, fold
from runo_spiders.page.scripts import json_in
from runo_spiders.page.structured import StructuredData


def document(body: str, head: str = "") -> Document:
    return Document(f"<html><head>{head}</head><body>{body}</body></html>", "https://shop.test/p/1")


def ld(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


def texts(entity: Entity, *path: str) -> list[str]:
    """The scalar values at a path of properties, as evidence shows them."""
    entities = [entity]
    for name in path[:-1]:
        entities = [each for owner in entities for each in owner.get(name) if not isinstance(each, Leaf)]
    return [str(leaf.value) for owner in entities for leaf in owner.get(path[-1]) if isinstance(leaf, Leaf)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}', {"a": 1}),
        (' [1, {"a": null}] ', [1, {"a": None}]),
        ('{"a": 1,}', {"a": 1}),
        (
            '{"a": [1, 2, ], "b": 2 /* old */, // new\n "c": "http://x/y"}',
            {"a": [1, 2], "b": 2, "c": "http://x/y"},
        ),
        ('<!-- {"a": 1} -->', {"a": 1}),
        ('//<![CDATA[\n{"a": 1}\n//]]>', {"a": 1}),
        ('/*<![CDATA[*/{"a": 1}/*]]>*/', {"a": 1}),
        ('{"a": "line\nbreak\ttab"}', {"a": "line\nbreak\ttab"}),
        ("{'a': 'b', c: 1.50}", {"a": "b", "c": 1.5}),
        ('{"a": "it\\\'s"}', {"a": "it's"}),
        ("{&quot;a&quot;: &quot;b&quot;}", {"a": "b"}),
        ('{"a": 1};', {"a": 1}),
        ('{"a": 1}{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('{"a": 1},\n{"b": 2}', [{"a": 1}, {"b": 2}]),
        ('window.x = {"a": 1}; var y = [2];', [{"a": 1}, [2]]),
        ("dataLayer.push({'price': '9.90', item: {id: 7,},});", [{"price": "9.90", "item": {"id": 7}}]),
        ('window.s = JSON.parse(\'{"a": "\\\\u00e9"}\')', [{"a": "\u00e9"}]),
        ('window.s = "{\\"a\\": \\"b\\"}";', [{"a": "b"}]),
        (r"window.s = JSON.parse('{\x22a\x22: \x22it\'s\x22}')", [{"a": "it's"}]),
        ('window.s = "{not JSON at all";', []),
        ("if (a == b) { c(); }", []),
        ("", []),
        ("{", []),
        ("[" * 50_000, []),
        ('{"a":' * 50_000, []),
        ('{"a": ' + "9" * 5_000 + "}", []),
    ],
)
def test_json_is_read_leniently(text: str, expected: object) -> None:
    assert json_in(text) == expected


@pytest.mark.parametrize(
    "name", ["datePublished", "date_published", "date-published", "schema:datePublished"]
)
def test_names_are_compared_without_case_and_separators(name: str) -> None:
    assert fold(name) == "datepublished"


KETTLE = {
    "JSON-LD": ld('{"@type": "Product", "name": "Kettle", "offers": {"@type": "Offer", "price": 12.5}}'),
    "JSON-LD graph": ld(
        '{"@graph": [{"@type": "https://schema.org/Product", "name": "Kettle", "offers": {"@id": "#o"}},'
        ' {"@id": "#o", "@type": "Offer", "price": "12.5"}]}'
    ),
    "JSON-LD in two scripts": ld('{"@type": ["Product"], "name": "Kettle", "offers": [{"@id": "#o"}]}')
    + ld('[{"@id": "#o", "@type": "Offer", "price": {"@value": "12.5"}}]'),
    "JSON-LD in a page": ld(
        '{"@type": "WebPage", "mainEntity":'
        ' {"@type": "Product", "name": "Kettle", "offers": {"price": 12.5}}}'
    ),
    "microdata": """<div itemscope itemtype="https://schema.org/Product"> <h1 itemprop="name">Kettle</h1>
        <p itemprop="offers" itemscope itemtype="https://schema.org/Offer">
        <b itemprop="price" content="12.5">EUR 12,50</b></p></div>""",
    "microdata with itemref": """<div itemscope itemtype="http://schema.org/Product" itemref="o">
        <meta itemprop="name" content="Kettle"></div>
        <p id="o" itemprop="offers" itemscope><data itemprop="price" value="12.5">12,50</data></p>""",
    "RDFa": """<div vocab="https://schema.org/" typeof="Product"><b property="name">Kettle</b>
        <p property="offers" typeof="Offer"><i property="price" content="12.5">12,50</i></p></div>""",
    "RDFa with prefixes": """<div typeof="schema:Product"><b property="schema:name">Kettle</b>
        <p property="schema:offers" typeof="schema:Offer"><i property="schema:price">12.5</i></p></div>""",
}


@pytest.mark.parametrize("kind", KETTLE)
def test_each_kind_of_entity_has_the_same_properties_and_knows_its_places(kind: str) -> None:
    page = document(KETTLE[kind])
    product = next(each for each in StructuredData(page).entities if "Product" in each.types)
    assert texts(product, "name") == ["Kettle"]
    assert texts(product, "offers", "price") == ["12.5"]
    name = product.get("name")[0]
    assert isinstance(name, Leaf)
    evidence = name.evidence(page, "structured")
    assert Document(page.text, page.url).read(evidence) == "Kettle"


@pytest.mark.parametrize(
    ("markup", "name", "expected"),
    [
        ('<img itemprop="image" src="/a.png">', "image", "/a.png"),
        ('<a itemprop="url" href="/x">Here</a>', "url", "/x"),
        ('<a itemprop="author" href="/ann">Ann</a>', "author", "Ann"),
        ('<time itemprop="datePublished" datetime="2024-05-01">May</time>', "datepublished", "2024-05-01"),
        ('<time itemprop="datePublished">2024-05-01</time>', "datepublished", "2024-05-01"),
        (
            '<link itemprop="availability" href="https://schema.org/InStock">',
            "availability",
            "https://schema.org/InStock",
        ),
        ('<span itemprop="sku name">K-1</span>', "name", "K-1"),
        ('<p itemprop="description">One <b>two</b></p>', "description", "One two"),
    ],
)
def test_microdata_values_stand_where_the_element_keeps_them(markup: str, name: str, expected: str) -> None:
    page = document(f'<div itemscope itemtype="https://schema.org/Thing">{markup}</div>')
    item = next(each for each in StructuredData(page).microdata if each.types)
    assert texts(item, name) == [expected]


@pytest.mark.parametrize(
    ("tag", "name", "expected"),
    [
        ('<meta property="og:title" content="Kettle">', "og:title", "Kettle"),
        ('<meta name="DC.Date" content="2024-05-01">', "dc.date", "2024-05-01"),
        ('<link rel="canonical" href="/p/1">', "canonical", "/p/1"),
        (
            '<meta name="twitter:label1" content="Prep time"><meta name="twitter:data1" content="5 min">',
            "label:preptime",
            "5 min",
        ),
        ('<meta property="og:title" content="  ">', "og:title", ""),
    ],
)
def test_meta_tags_are_one_entity(tag: str, name: str, expected: str) -> None:
    assert StructuredData(document("", tag)).tags.text(name) == expected


def test_references_that_go_in_circles_end() -> None:
    page = document(
        ld('[{"@id": "#a", "name": "A", "isPartOf": {"@id": "#b"}}, {"@id": "#b", "hasPart": {"@id": "#a"}}]')
    )
    entity = StructuredData(page).entities[0]
    assert texts(entity, *["ispartof", "haspart"] * 10, "name") in ([], ["A"])


def test_a_page_without_structured_data_has_no_entities() -> None:
    assert StructuredData(document("<p>typeof itemprop ld+json</p>")).entities[1:] == []
