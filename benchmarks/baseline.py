"""The reference: extruct's JSON-LD, microdata and OpenGraph with a plain mapping to the asked fields.

The mapping is what one writes in an hour: the first entity of a fitting type, and for each field the
schema.org properties that carry it, with the OpenGraph tags after them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import extruct  # type: ignore[import-untyped]

from runo_spiders.items import Json

_TYPES = (
    ("Product", "ProductGroup", "IndividualProduct"),
    ("Recipe",),
    (
        "NewsArticle",
        "Article",
        "BlogPosting",
        "ReportageNewsArticle",
        "LiveBlogPosting",
        "OpinionNewsArticle",
    ),
    (
        "Residence",
        "House",
        "Apartment",
        "SingleFamilyResidence",
        "RealEstateListing",
        "Accommodation",
        "Place",
    ),
)
_PATHS: Mapping[str, tuple[str, ...]] = {
    "price": (
        "offers.price",
        "offers.lowPrice",
        "offers.priceSpecification.price",
        "product:price:amount",
        "og:price:amount",
    ),
    "currency": ("offers.priceCurrency", "offers.priceSpecification.priceCurrency", "product:price:currency"),
    "sku": ("sku", "productID", "offers.sku", "product:retailer_item_id"),
    "availability": ("offers.availability", "product:availability", "og:availability"),
    "brand": ("brand.name", "brand", "manufacturer.name", "product:brand", "og:brand"),
    "gtin": ("gtin", "gtin13", "gtin12", "gtin14", "gtin8"),
    "mpn": ("mpn",),
    "title": ("headline", "name", "og:title"),
    "author": ("author.name", "author", "article:author"),
    "authors": ("author.name", "author"),
    "date_published": ("datePublished", "article:published_time"),
    "description": ("description", "og:description"),
    "image": ("image.url", "image", "og:image"),
    "lead_image_url": ("image.url", "image", "og:image"),
    "main_image_url": ("image.url", "image", "og:image"),
    "ingredients": ("recipeIngredient", "ingredients"),
    "instructions_list": (
        "recipeInstructions.itemListElement.text",
        "recipeInstructions.text",
        "recipeInstructions",
    ),
    "total_time": ("totalTime",),
    "prep_time": ("prepTime",),
    "cook_time": ("cookTime",),
    "yields": ("recipeYield",),
    "category": ("recipeCategory",),
    "cuisine": ("recipeCuisine",),
    "ratings": ("aggregateRating.ratingValue",),
    "ratings_count": ("aggregateRating.ratingCount", "aggregateRating.reviewCount"),
    "price_string": ("offers.price",),
    "address_string": ("address.streetAddress", "address"),
    "postal_code": ("address.postalCode",),
    "city": ("address.addressLocality",),
    "region": ("address.addressRegion",),
    "latitude": ("geo.latitude",),
    "longitude": ("geo.longitude",),
    "count_bedrooms": ("numberOfBedrooms", "numberOfRooms"),
    "count_bathrooms": ("numberOfBathroomsTotal",),
    "constructed_area": ("floorSize.value",),
    "reference": ("sku", "productID"),
}


def read(text: str, url: str) -> Mapping[str, list[Json]]:
    """Field name to its raw values: all values of the first property that has any."""
    entity = _main_entity(text, url)
    answers = {name: _first_filled(entity, paths) for name, paths in _PATHS.items()}
    return {name: values for name, values in answers.items() if values}


def _main_entity(text: str, url: str) -> dict[str, Json]:
    """The first entity of a known type, with the page's OpenGraph tags beside its properties."""
    try:
        data = extruct.extract(
            text, base_url=url, syntaxes=["json-ld", "microdata", "opengraph"], uniform=True, errors="ignore"
        )
    except Exception:
        return {}
    social = {key: value for block in data.get("opengraph", []) for key, value in block.items()}
    entities = [*_entities(data.get("json-ld", [])), *_entities(data.get("microdata", []))]
    found = next((e for types in _TYPES for e in entities if _type_of(e) & set(types)), {})
    return {**social, **found}


def _entities(value: Json) -> Iterator[dict[str, Json]]:
    """Every object, the outer ones first."""
    if isinstance(value, dict):
        yield value
    children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        yield from _entities(child)


def _type_of(entity: dict[str, Json]) -> set[str]:
    kinds = entity.get("@type", ())
    return {str(kind).rsplit("/", 1)[-1] for kind in (kinds if isinstance(kinds, list) else [kinds])}


def _first_filled(entity: dict[str, Json], paths: tuple[str, ...]) -> list[Json]:
    found = (list(_follow(entity, [path] if ":" in path else path.split("."))) for path in paths)
    return next((values for values in found if values), [])


def _follow(value: Json, path: list[str]) -> Iterator[Json]:
    """The leaves at a path of property names, through lists."""
    if isinstance(value, list):
        for each in value:
            yield from _follow(each, path)
    elif path and isinstance(value, dict):
        yield from _follow(value.get(path[0]), path[1:])
    elif not path and isinstance(value, str | int | float) and value != "":
        yield value
