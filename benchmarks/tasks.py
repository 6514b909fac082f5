"""What is asked of the pages of each source: the fields, their types, and how an answer is compared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from benchmarks import scoring
from runo_spiders.items import Json
from runo_spiders.schema.model import Field, Schema, Type

_COMPARED: Mapping[str, scoring.Same] = {
    "number": scoring.same_number,
    "integer": scoring.same_number,
    "date": scoring.same_day,
    "date-time": scoring.same_day,
    "uri": scoring.same_link,
}


@dataclass(frozen=True, slots=True)
class Ask:
    """One field of a task. `same` compares answers; without it the type and format of the field decide."""

    field: Field
    same: scoring.Same

    @property
    def name(self) -> str:
        return self.field.name


@dataclass(frozen=True, slots=True)
class Task:
    """What is asked of the pages of one source.

    `complete` names the fields whose truth is complete: where it has no value, an answer is wrong. For the
    other fields a page without a true value says nothing.
    """

    asks: tuple[Ask, ...]
    complete: frozenset[str] = frozenset()

    @property
    def schema(self) -> Schema:
        fields = tuple(ask.field for ask in self.asks)
        document = {"type": "object", "properties": {each.name: _document(each) for each in fields}}
        return Schema(Field("", "object", properties=fields), document)


def _text(name: str, hint: str = "", same: scoring.Same = scoring.same_text) -> Ask:
    return Ask(Field(name, "string", hint), same)


def _texts(name: str, hint: str = "") -> Ask:
    return Ask(Field(name, "array", hint, items=Field(name, "string", hint)), scoring.same_text)


def _typed(name: str, type: Type, hint: str = "", format: str | None = None) -> Ask:
    return Ask(Field(name, type, hint, format=format), _COMPARED.get(format or type, scoring.same_text))


def _one_of(name: str, *members: str, hint: str = "") -> Ask:
    return Ask(Field(name, "string", hint, enum=members), scoring.same_text)


_PRODUCT = Task(
    (
        _typed("price", "number", "Current price of the product"),
        _text("sku", "Stock keeping unit, article number"),
        _one_of("availability", "InStock", "OutOfStock", hint="Whether the product can be bought"),
        _text("brand", "Brand or manufacturer"),
        _text("currency", "Currency of the price", same=scoring.same_currency),
        _text("gtin", "GTIN, EAN or UPC"),
        _text("mpn", "Manufacturer part number"),
    ),
    complete=frozenset({"price", "sku", "availability"}),
)
_RECIPE = Task(
    (
        _text("title", "Name of the recipe"),
        _text("author"),
        _texts("ingredients"),
        _texts("instructions_list", "Steps of the preparation"),
        _typed("total_time", "integer", "Total time in minutes"),
        _typed("prep_time", "integer", "Preparation time in minutes"),
        _typed("cook_time", "integer", "Cooking time in minutes"),
        _text("yields", "Number of servings", same=scoring.same_number),
        _text("description"),
        _typed("image", "string", "Main picture", format="uri"),
        _text("category"),
        _text("cuisine"),
        _typed("ratings", "number", "Average rating"),
        _typed("ratings_count", "integer", "Number of ratings"),
    )
)
_TITLE, _AUTHOR = _text("title", "Headline of the article"), _text("author", "Who wrote the article")
_PUBLISHED = _typed("date_published", "string", "Date of first publication", format="date")
_ESTATE = Task(
    (
        _text("title"),
        _text("price_string", "Asking price or rent"),
        _text("address_string", "Full address"),
        _text("postal_code"),
        _text("city"),
        _text("region"),
        _typed("latitude", "number"),
        _typed("longitude", "number"),
        _typed("count_bedrooms", "integer", "Number of bedrooms"),
        _typed("count_bathrooms", "integer", "Number of bathrooms"),
        _typed("constructed_area", "integer", "Floor area"),
        _text("property_type", "House, apartment ..."),
        _text("reference", "Listing ID of the property"),
        _text("currency", "Currency of the price", same=scoring.same_currency),
        _typed("main_image_url", "string", "Main picture", format="uri"),
    )
)

TASKS: Mapping[str, Task] = {
    "product-extraction-benchmark": _PRODUCT,
    "recipe-scrapers": _RECIPE,
    "fundus": Task((_TITLE, _texts("authors", "Who wrote the article"), _PUBLISHED)),
    "trafilatura": Task((_TITLE, _AUTHOR, _PUBLISHED, _text("description"))),
    "mercury-parser": Task(
        (_TITLE, _AUTHOR, _PUBLISHED, _typed("lead_image_url", "string", "Main picture", format="uri"))
    ),
    "htmldate": Task((_PUBLISHED,)),
    "property_web_scraper": _ESTATE,
}


@cache
def schema_of(source: str) -> Schema:
    return TASKS[source].schema


def _document(field: Field) -> Json:
    """The field in JSON Schema."""
    if field.items is not None:
        return {"type": "array", "items": _document(field.items)}
    keywords = {"format": field.format, "enum": list(field.enum), "description": field.hint}
    return {"type": field.type} | {name: value for name, value in keywords.items() if value}
