"""The rung `structured`: which entity, which property, which place, and what it leaves alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from time import process_time

import pytest

from runo_spiders.extract.contradictions import contradictions
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.structured import StructuredExtractor
from runo_spiders.items import Finding, Json, Page
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema

URL = "https://shop.test/p/kettle-1"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
TYPES: Mapping[str, Json] = {
    "price": {"type": "number"},
    "availability": {"enum": ["InStock", "OutOfStock"]},
    "image": {"type": "string", "format": "uri"},
    "published": {"type": "string", "format": "date"},
    "total_time": {"type": "integer", "description": "in minutes"},
    "authors": {"type": "array", "items": {"type": "string"}},
    "ingredients": {"type": "array", "items": {"type": "string"}},
    "steps": {"type": "array", "items": {"type": "string"}},
    "keywords": {"type": "array", "items": {"type": "string"}},
}


def page_of(html: str) -> Page:
    return Page(URL, 0, URL, 200, NOW, Document(f"<html><body>{html}</body></html>", URL))


def find(page: Page, schema: Json) -> Mapping[str, Finding]:
    reading = Reading("en", page.document.base_url, NOW)
    return asyncio.run(climb(page, load_schema(schema), reading, [StructuredExtractor()])).findings


def values(page: Page, schema: Json) -> dict[str, Json]:
    return {pointer: each.value for pointer, each in find(page, schema).items()}


def record(*names: str) -> Json:
    return {"type": "object", "properties": {name: TYPES.get(name, {"type": "string"}) for name in names}}


def ld(*entities: Json) -> str:
    return "".join(f'<script type="application/ld+json">{json.dumps(each)}</script>' for each in entities)


def state(value: Json) -> str:
    return f'<script id="__NEXT_DATA__" type="application/json">{json.dumps(value)}</script>'


KETTLE = {
    "@type": "Product",
    "name": "Kettle One",
    "sku": "K-1",
    "brand": {"@type": "Brand", "name": "Acme"},
    "offers": {
        "@type": "Offer",
        "price": "12.50",
        "priceCurrency": "EUR",
        "availability": "https://schema.org/InStock",
    },
}
SOUP = {
    "@type": "Recipe",
    "name": "Soup",
    "author": [{"@type": "Person", "name": "Ann"}, {"@type": "Person", "name": "Ben"}],
    "recipeIngredient": ["1 onion", "1 l water", "1 onion"],
    "recipeInstructions": [
        {
            "@type": "HowToSection",
            "name": "Base",
            "itemListElement": [{"@type": "HowToStep", "text": "Chop."}],
        },
        {"@type": "HowToStep", "name": "Boil", "text": "Boil &amp; stir."},
    ],
    "totalTime": "PT1H5M",
    "keywords": "soup, onion",
}
NEWS = {
    "@type": "NewsArticle",
    "headline": "Rain - The Daily",
    "datePublished": "2024-05-03T10:00:00Z",
    "author": {"@type": "Organization", "name": "The Daily"},
    "publisher": {"@type": "Organization", "name": "The Daily"},
}
SHOP = {"@type": "Organization", "name": "Shop Ltd", "url": "/", "logo": "/logo.png", "email": "a@shop.test"}

CASES: dict[str, tuple[str, Json, dict[str, Json]]] = {
    "a product's fields under other names": (
        ld(SHOP, KETTLE),
        record("product_name", "price", "currency", "articleNumber", "manufacturer", "availability"),
        {
            "/product_name": "Kettle One",
            "/price": 12.5,
            "/currency": "EUR",
            "/articleNumber": "K-1",
            "/manufacturer": "Acme",
            "/availability": "InStock",
        },
    ),
    "an unknown field by its exact name": (
        ld(KETTLE | {"voltage": "230 V", "has_warranty_period": "2 years"}),
        record("name", "sku", "voltage", "hasWarrantyPeriod"),
        {"/name": "Kettle One", "/sku": "K-1", "/voltage": "230 V", "/hasWarrantyPeriod": "2 years"},
    ),
    "a field known by its hint alone": (
        ld(KETTLE),
        {
            "properties": {"p": {"type": "number", "description": "Current price of the product"}},
            "type": "object",
        },
        {"/p": 12.5},
    ),
    "a hint that only mentions the price": (
        ld(KETTLE),
        {
            "properties": {"saved": {"type": "number", "description": "Discount on the price"}},
            "type": "object",
        },
        {},
    ),
    "nested objects, real ones and mere groups": (
        ld(KETTLE),
        {
            "type": "object",
            "properties": {"brand": record("name", "url"), "pricing": record("price", "currency")},
        },
        {"/brand/name": "Acme", "/pricing/price": 12.5, "/pricing/currency": "EUR"},
    ),
    "an array of objects": (
        ld(
            KETTLE
            | {"review": [{"author": "Ann", "reviewBody": "Good"}, {"author": "Ben", "reviewBody": "Bad"}]}
        ),
        {"type": "object", "properties": {"review": {"type": "array", "items": record("author", "body")}}},
        {
            "/review/0/author": "Ann",
            "/review/0/body": "Good",
            "/review/1/author": "Ben",
            "/review/1/body": "Bad",
        },
    ),
    "the recipe's lists, sections opened, repeats kept": (
        ld(SOUP),
        record("title", "authors", "ingredients", "steps", "total_time", "keywords"),
        {
            "/title": "Soup",
            "/authors/0": "Ann",
            "/authors/1": "Ben",
            "/ingredients/0": "1 onion",
            "/ingredients/1": "1 l water",
            "/ingredients/2": "1 onion",
            "/steps/0": "Chop.",
            "/steps/1": "Boil & stir.",
            "/total_time": 65,
            "/keywords/0": "soup",
            "/keywords/1": "onion",
        },
    ),
    "one text of many steps": (
        ld(SOUP | {"recipeInstructions": "<p>Chop.</p><p>Boil <b>well</b>.</p>"}),
        record("steps"),
        {"/steps/0": "Chop.", "/steps/1": "Boil well ."},
    ),
    "the headline without the site, no byline that is the publisher": (
        "<h1>Rain</h1>" + ld(NEWS),
        record("title", "author", "published"),
        {"/title": "Rain", "/published": "2024-05-03"},
    ),
    "a title tag that the page does not show": (
        '<h1>Rain all over the country</h1><meta property="og:title" content="Ten facts about weather">',
        record("title"),
        {},
    ),
    "the product that the page is named after, among others": (
        "<h1>Kettle One</h1>"
        + ld(*({"@type": "Product", "name": n, "sku": n[-1]} for n in ("Cup A", "Cup B")), KETTLE),
        record("name", "sku"),
        {"/name": "Kettle One", "/sku": "K-1"},
    ),
    "the product that has the page's address": (
        ld(
            {"@type": "Product", "name": "Cup", "sku": "C"},
            {"@type": "Product", "name": "X", "sku": "X", "url": URL},
        ),
        record("name", "sku"),
        {"/name": "X", "/sku": "X"},
    ),
    "a page of many products has no single one": (
        ld(*({"@type": "Product", "name": f"Cup {n}", "sku": str(n)} for n in range(3))),
        record("sku"),
        {},
    ),
    "the shop is never the product": (
        ld(SHOP, {"@type": "WebSite", "name": "Shop"}),
        record("name", "price"),
        {},
    ),
    "neither zero nor a placeholder is a value": (
        ld(KETTLE | {"sku": "N/A", "offers": {"price": "0.00"}}),
        record("name", "sku", "price"),
        {"/name": "Kettle One"},
    ),
    "meta tags": (
        '<meta property="og:title" content="Kettle | Shop"><meta property="og:site_name" content="Shop">'
        '<meta property="product:price:amount" content="9.90"><meta property="og:image" content="/k.png">'
        '<meta name="twitter:label1" content="Written by"><meta name="twitter:data1" content="Ann">',
        record("title", "price", "image", "author"),
        {"/title": "Kettle", "/price": 9.9, "/image": "https://shop.test/k.png", "/author": "Ann"},
    ),
    "application state that names the page and that a reader sees": (
        "<h1>Kettle One</h1><p>9,90 EUR</p><p>K-1</p>"
        + state(
            {
                "config": {"name": "Shop", "sku": "S"},
                "props": {"product": {"name": "Kettle One", "sku": "K-1", "price": 9.9}},
            }
        ),
        record("price", "sku"),
        {"/price": 9.9, "/sku": "K-1"},
    ),
    "application state that a reader cannot see": (
        "<h1>Kettle One</h1>" + state({"name": "Kettle One", "sku": "internal-7", "brand": "acm"}),
        record("sku", "brand"),
        {},
    ),
    "application state of something else": (
        "<h1>Kettle One</h1><p>K-2</p>"
        + state({"related": [{"name": "Cup", "sku": "K-2", "brand": "Kettle"}]}),
        record("name", "sku", "brand"),
        {},
    ),
    "a data layer in JavaScript": (
        "<h1>Kettle One</h1><b>K-1</b><script>dataLayer.push({name: 'Kettle One', 'sku': 'K-1',});</script>",
        record("sku"),
        {"/sku": "K-1"},
    ),
    "keys in another spelling": (
        "<h1>Kettle One</h1><b>K-1</b>" + state({"product_name": "Kettle One", "S-K-U": "K-1"}),
        record("sku"),
        {"/sku": "K-1"},
    ),
    "many records from an item list": (
        ld(
            {
                "@type": "ItemList",
                "itemListElement": [{"@type": "ListItem", "item": KETTLE | {"sku": s}} for s in "ab"],
            }
        ),
        {"type": "array", "items": record("name", "sku", "price")},
        {
            "/0/name": "Kettle One",
            "/0/sku": "a",
            "/0/price": 12.5,
            "/1/name": "Kettle One",
            "/1/sku": "b",
            "/1/price": 12.5,
        },
    ),
    "a breadcrumb is no list of records": (
        ld(
            {
                "@type": "BreadcrumbList",
                "itemListElement": [{"@type": "ListItem", "name": n, "url": n} for n in "ab"],
            }
        ),
        {"type": "array", "items": record("name", "url")},
        {},
    ),
    "records of which only the name is known are left to the page": (
        ld({"@type": "ItemList", "itemListElement": [{"@type": "ListItem", "name": n} for n in "ab"]}),
        {"type": "array", "items": record("name", "sku", "price")},
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_fields_are_filled_from_what_the_page_says_of_itself(case: str) -> None:
    html, schema, expected = CASES[case]
    assert values(page_of(html), schema) == expected


@pytest.mark.parametrize("case", CASES)
def test_every_value_is_found_again_where_its_evidence_says(case: str) -> None:
    html, schema, _ = CASES[case]
    page = page_of(html)
    again = Document(page.document.text, URL)
    assert [pointer for pointer, each in find(page, schema).items() if not again.holds(each.evidence)] == []


def test_evidence_names_the_script_and_the_pointer_within_it() -> None:
    evidence = find(page_of(ld(KETTLE)), record("price"))["/price"].evidence
    assert (evidence.rung, evidence.text) == ("structured", "12.50")
    assert (evidence.xpath, evidence.pointer) == ("/html/body/script", "/offers/price")


@pytest.mark.parametrize(
    ("visible", "sentences"),
    [
        ("<p>Now 12,50 EUR</p>", []),
        ("<p>Now <b>12</b><sup>50</sup> EUR</p>", []),
        ("<p>No price here</p>", []),
        ("<p>Now EUR 15.00</p>", [("/price", "structured data says 12.5, the page shows EUR 15.00")]),
        (
            "<p>EUR 15.00 and 112 pieces</p>",
            [("/price", "structured data says 12.5, the page shows EUR 15.00")],
        ),
    ],
)
def test_a_price_that_the_visible_text_contradicts_is_told(
    visible: str, sentences: list[tuple[str, str]]
) -> None:
    page = page_of(visible + ld(KETTLE))
    assert contradictions(page, find(page, record("price"))) == sentences


A, B, G = ([{"@id": name}] * 300 for name in "abg")
REFERRING = '<p id="i{}" itemscope itemprop="itemListElement offers" itemref="{}"></p>'
HOSTILE = {
    "references without end": ld(
        {"@type": "Recipe", "name": "Soup", "recipeInstructions": A, "offers": B},
        {"@id": "a", "itemListElement": A},
        {"@id": "b", "offers": B},
    ),
    "graphs of graphs": ld({"@id": "g", "@graph": G, "name": "x"}),
    "items that refer to each other": "".join(
        REFERRING.format(number, " ".join(f"i{other}" for other in range(60))) for number in range(60)
    ),
    "JSON as deep as it gets": ld("DEEP").replace('"DEEP"', '{"name":' * 900 + "1" + "}" * 900),
    "code full of nested objects": f"<h1>Soup</h1><script>{'soup={a:' * 100_000}</script>",
    "numbers that are none": ld("ODD").replace('"ODD"', '{"@type": "Recipe", "price": NaN, "sku": 1e999}'),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_page_cannot_make_reading_endless(case: str) -> None:
    started = process_time()
    found = values(page_of(HOSTILE[case]), record("name", "price", "sku", "steps"))
    assert process_time() - started < 5
    assert set(found) <= {"/name"}
