"""The rung `local`: what it finds on small pages, what it leaves out, and that its evidence holds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from runo_spiders.extract.local import LocalExtractor
from runo_spiders.extract.protocol import Question
from runo_spiders.items import Extraction, Page
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field, Schema

NOW = datetime(2026, 11, 23, tzinfo=UTC)
URL = "https://shop.example/p/1"


def text(name: str, hint: str = "") -> Field:
    return Field(name, "string", hint)


def texts(name: str) -> Field:
    return Field(name, "array", items=text(name))


def find(html: str, *fields: Field, lang: str = "en") -> Extraction:
    document = Document(f"<html lang={lang}>{html}</html>", URL)
    schema = Schema(Field("", "object", properties=fields), {})
    page = Page(URL, 0, URL, 200, NOW, document)
    question = Question(schema, schema.slots, {}, Reading(lang, URL, NOW))
    found = asyncio.run(LocalExtractor().extract(page, question))
    assert all(document.holds(each.evidence) for each in found.values())
    assert {each.evidence.rung for each in found.values()} <= {"local"}
    return found


def values(found: Extraction) -> dict[str, object]:
    return {pointer: each.value for pointer, each in found.items()}


@dataclass(frozen=True)
class Case:
    """A field, a page, and the raw value that is to be found there; None where there is none."""

    field: Field
    html: str
    value: object
    derived: bool = False


PRICE, NUMBER = Field("price", "number"), Field("bathrooms", "integer")
STOCK = Field("availability", "string", enum=("InStock", "OutOfStock"))
PUBLISHED = Field("date_published", "string", format="date")
H1 = "<h1>Oak table with four legs</h1>"

BESIDE = {
    "definition list": Case(text("brand"), "<dl><dt>Brand</dt><dd>Acme</dd></dl>", "Acme"),
    "table row": Case(text("brand"), "<table><tr><th>Brand:</th><td>Acme</td></tr></table>", "Acme"),
    "table column": Case(
        text("brand"),
        "<table><tr><th>Size</th><th>Brand</th></tr><tr><td>XL</td><td>Acme</td></tr></table>",
        "Acme",
    ),
    "one text": Case(text("brand"), "<ul><li>Brand: Acme</li><li>Size: XL</li></ul>", "Acme"),
    "bold label": Case(text("publisher"), "<p><b>Publisher:</b> Acme<br><b>Pages:</b> 9</p>", "Acme"),
    "two columns": Case(text("brand"), "<div><div>Brand</div><div>Acme</div></div>", "Acme"),
    "another language": Case(
        text("brand"), "<table><tr><td>Hersteller</td><td>Acme</td></tr></table>", "Acme"
    ),
    "no space between words": Case(text("brand"), "<p>品牌：Acme</p>", "Acme"),
    "a field of its own": Case(text("warrantyPeriod"), "<p>Warranty period: 2 years</p>", "2 years"),
    "a label from the hint": Case(text("kva", "Rated power"), "<p>Rated power: 12 kVA</p>", "12 kVA"),
    "number behind": Case(NUMBER, "<ul><li>2 bathrooms</li></ul>", "2 bathrooms"),
    "number before": Case(NUMBER, "<p><b>2</b> <span>Bathrooms</span></p>", "2"),
    "code without a colon": Case(text("sku"), f"{H1}<p>SKU AB-1234</p>", "AB-1234"),
    "label under label": Case(text("brand"), "<ul><li>Brand</li><li>Colour</li><li>Size</li></ul>", None),
    "a menu": Case(text("brand"), "<nav><a>Brand</a><a>Contact</a></nav>", None),
}
NAMED = {
    "class": Case(text("sku"), f"{H1}<span class=product-sku>AB-1234</span>", "AB-1234"),
    "camel case": Case(text("brand"), f"{H1}<span class=productBrand>Acme</span>", "Acme"),
    "data attribute": Case(text("sku"), f"{H1}<div data-product-sku=AB-1234>Buy</div>", "AB-1234"),
    "hidden input": Case(text("sku"), f"{H1}<input type=hidden name=sku value=AB-1234>", "AB-1234"),
    "label inside": Case(text("sku"), f"{H1}<span class=sku>Art. No.: AB-1234</span>", "AB-1234"),
    "byline": Case(text("author"), f"{H1}<p class=byline>By Jane Doe</p>", "Jane Doe"),
    "no name": Case(text("author"), f"{H1}<p class=byline>please log in to read more</p>", None),
}
SHAPED = {
    "price": Case(PRICE, f"{H1}<p>€ 1.299,00</p>", "€ 1.299,00"),
    "not the old price": Case(PRICE, f"{H1}<del>$20.00</del> <b>$15.00</b>", "$15.00"),
    "not the price of another": Case(
        PRICE, f"{H1}<p>$15.00</p><div class=related-products><span class=price>$9.00</span></div>", "$15.00"
    ),
    "cents of their own": Case(
        PRICE, f"{H1}<p class=price><span>$</span><span>12</span><sup>99</sup></p>", "$12.99", derived=True
    ),
    "no price": Case(PRICE, f"{H1}<p>Made of 4 parts</p>", None),
    "title": Case(text("title"), f"{H1}<p>Fine</p>", "Oak table with four legs"),
    "date": Case(PUBLISHED, f"{H1}<p>March 3, 2025</p>", "March 3, 2025"),
    "time": Case(PUBLISHED, f"{H1}<time datetime=2025-03-03>last spring</time>", "2025-03-03"),
    "picture": Case(
        Field("image", "string", format="uri"),
        f"<img src=/logo.png>{H1}<figure><img alt='Oak table' width=600 src=/t.jpg></figure>",
        "/t.jpg",
    ),
    "in stock": Case(STOCK, f"{H1}<button>Add <span>to basket</span></button>", "InStock", derived=True),
    "sold out": Case(STOCK, f"{H1}<p>Derzeit nicht verfügbar</p>", "OutOfStock", derived=True),
    "no button": Case(STOCK, f"{H1}<button disabled>Add to basket</button>", None),
    "a flag": Case(Field("inStock", "boolean"), f"{H1}<p>In stock</p>", True, derived=True),
}


@pytest.mark.parametrize("case", (BESIDE | NAMED | SHAPED).values(), ids=(BESIDE | NAMED | SHAPED).keys())
def test_one_value(case: Case) -> None:
    found = find(f"<title>Oak table with four legs</title>{case.html}", case.field)
    assert values(found) == ({} if case.value is None else {f"/{case.field.name}": case.value})
    assert [each.evidence.derived for each in found.values()] == [case.derived] * len(found)


LISTS = {
    "under a heading": (
        texts("ingredients"),
        "<h2>Ingredients</h2><ul><li>2 eggs</li><li>▢ 1 cup flour</li></ul><h2>Method</h2><p>Mix.</p>",
        ["2 eggs", "1 cup flour"],
    ),
    "in groups": (
        texts("ingredients"),
        "<h2>Zutaten</h2><h3>Teig</h3><ul><li>2 Eier</li></ul><h3>Sauce</h3><ul><li>Salz</li></ul>",
        ["2 Eier", "Salz"],
    ),
    "by class": (
        texts("tags"),
        "<p class=intro>Hello</p><a class=tag>red</a><a class=tag>green</a>",
        ["red", "green"],
    ),
    "in a line": (
        texts("authors"),
        f"{H1}<p class=byline>By Jane Doe and John Roe</p>",
        ["Jane Doe", "John Roe"],
    ),
    "none": (texts("ingredients"), f"{H1}<ul><li>Home</li><li>Contact</li></ul>", []),
}


@pytest.mark.parametrize(("field", "html", "items"), LISTS.values(), ids=LISTS.keys())
def test_lists(field: Field, html: str, items: list[str]) -> None:
    found = values(find(html, field))
    assert found == {f"/{field.name}/{place}": item for place, item in enumerate(items)}


def test_leaves_of_objects_are_found_by_their_own_labels() -> None:
    address = Field("address", "object", properties=(text("city"), text("postal_code")))
    maker = Field("brand", "object", properties=(text("name"),))
    found = find("<dl><dt>Brand<dd>Acme<dt>City<dd>Bonn<dt>Postcode<dd>53111</dl>", address, maker)
    assert values(found) == {"/address/city": "Bonn", "/address/postal_code": "53111", "/brand/name": "Acme"}


def test_a_script_between_two_texts_keeps_them_from_being_one_value() -> None:
    found = find("<p class=brand>Ac<script>var a</script><b>me</b></p>", text("brand"))
    assert values(found) == {}


def test_nothing_is_sought_where_nothing_is_open() -> None:
    document = Document(H1, URL)
    schema = Schema(Field("", "object", properties=(text("title"),)), {})
    page = Page(URL, 0, URL, 200, NOW, document)
    question = Question(schema, (), {}, Reading(None, URL, NOW))
    assert asyncio.run(LocalExtractor().extract(page, question)) == {}


def test_a_page_without_text_and_one_nested_without_end_are_no_trouble() -> None:
    assert find("<body><script>1</script></body>", text("title")) == {}
    assert values(find(f"{H1}{'<div>' * 2000}<p>Brand: Acme</p>", text("title"))) == {
        "/title": "Oak table with four legs"
    }


def test_names_without_end_are_not_read() -> None:
    found = find(f"{H1}<p class='{'price-' * 100_000}'>1</p><p>{'1,' * 100_000}</p>", PRICE)
    assert values(found) == {}
