"""The 60 kB pages of the speed benchmark, made with a fixed seed, in two kinds.

`structured` carries its product as JSON-LD; `plain` says the same in labels, tables and classes only. Both
have the ballast of a real shop page: navigation, related products, reviews, scripts, a footer. How much of
each is taken from the 302 real pages of 40 to 80 kB in the set that the accuracy benchmark reads; medians:
561 elements, 230 texts, 7 kB of script and style, 21 kB of attributes. A test holds the generator to that.
"""

from __future__ import annotations

import json
import random
from html import escape
from typing import Literal

Kind = Literal["structured", "plain"]

SIZE = 60_000
SEED = 20261123

_WORDS = [
    "amber",
    "basin",
    "cedar",
    "delta",
    "ember",
    "fjord",
    "grove",
    "harbor",
    "island",
    "juniper",
    "kettle",
    "lantern",
    "meadow",
    "nectar",
    "orchard",
    "pebble",
    "quartz",
    "river",
    "saddle",
    "timber",
    "upland",
    "valley",
    "willow",
    "yarrow",
    "zephyr",
    "bright",
    "calm",
    "deep",
    "early",
    "fine",
    "grand",
]


def page(kind: Kind, number: int) -> bytes:
    """Page `number` of a kind: always the same bytes."""
    random_ = _random(kind, number)
    product = _product(random_, number)
    head = _json_ld(product) if kind == "structured" else ""
    start = _document_start(product, head)
    end = "</main>\n<footer><p>Contact, imprint, terms</p></footer></body></html>"
    ballast: list[str] = []
    size = len(start) + len(end)
    while size < SIZE:
        block = random_.choice((_review, _related, _paragraph))(random_)
        ballast.append(block)
        size += len(block)
    return (start + "".join(ballast) + end).encode()


def product(kind: Kind, number: int) -> dict[str, str]:
    """What is true of a page, in schema.org's words."""
    return _product(_random(kind, number), number)


def shown(product: dict[str, str]) -> dict[str, str]:
    """The same, as readers see it: a sign for the currency, words for the availability."""
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}[product["currency"]]
    stock = "In stock" if product["availability"] == "InStock" else "Sold out"
    return {**product, "currency": sign, "availability": stock}


def _random(kind: Kind, number: int) -> random.Random:
    return random.Random(f"{SEED}/{kind}/{number}")


def _product(random_: random.Random, number: int) -> dict[str, str]:
    return {
        "name": " ".join(random_.sample(_WORDS, 3)).title() + f" {number}",
        "price": f"{random_.randint(5, 900)}.{random_.randint(0, 99):02d}",
        "currency": random_.choice(("USD", "EUR", "GBP")),
        "sku": f"{random_.choice('ABCDEFG')}{random_.randint(10000, 99999)}",
        "brand": random_.choice(_WORDS).title(),
        "availability": random_.choice(("InStock", "OutOfStock")),
        "description": _sentence(random_, 30),
        "image": f"/images/{number}.jpg",
    }


def _json_ld(product: dict[str, str]) -> str:
    data = {
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product["name"],
        "sku": product["sku"],
        "description": product["description"],
        "image": product["image"],
        "brand": {"@type": "Brand", "name": product["brand"]},
        "offers": {
            "@type": "Offer",
            "price": product["price"],
            "priceCurrency": product["currency"],
            "availability": f"https://schema.org/{product['availability']}",
        },
    }
    return f'<script type="application/ld+json">{json.dumps(data)}</script>'


def _document_start(product: dict[str, str], head: str) -> str:
    seen = shown(product)
    rows = "".join(
        f'<tr class="details__row"><th class="details__label" scope="row">{label}</th>'
        f'<td class="details__value">{escape(value)}</td></tr>\n'
        for label, value in (
            ("SKU", product["sku"]),
            ("Brand", product["brand"]),
            ("Availability", seen["availability"]),
        )
    )
    navigation = "".join(
        f'<li class="nav__item" data-level="1"><a class="nav__link js-nav" href="/categories/{word}">'
        f"{word.title()}</a></li>\n"
        for word in _WORDS
    )
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{product["name"]} | Fixed Seed Shop</title>{head}
<link rel="stylesheet" href="/style.css"><script>window.cart = []; {_script()}</script></head>
<body class="page page--product"><header class="header"><nav class="nav"><ul>{navigation}</ul></nav></header>
<main class="main">
<h1>{product["name"]}</h1>
<div class="buy-box"><span class="price">{seen["currency"]}{product["price"]}</span>
<button type="submit" class="button button--primary">Add to cart</button></div>
<img class="product-image" src="{product["image"]}" alt="{product["name"]}">
<div class="description"><p>{product["description"]}</p></div>
<table class="details">{rows}</table>
"""


def _script() -> str:
    return "".join(
        f"window.flags['{a}_{b}'] = {{on: true, share: 0.5}};\n" for a in _WORDS[:12] for b in _WORDS[:13]
    )


def _sentence(random_: random.Random, length: int) -> str:
    return " ".join(random_.choices(_WORDS, k=length)).capitalize() + "."


def _review(random_: random.Random) -> str:
    star = '<i class="icon icon--star icon--filled" aria-hidden="true"></i>'
    return (
        f'<div class="review review--verified" data-review-id="{random_.randint(10**6, 10**7)}">'
        f'<span class="review__author">{random_.choice(_WORDS).title()}</span>'
        f'<span class="review__stars" aria-label="stars">{star * random_.randint(1, 5)}</span>'
        f'<p class="review__text">{_sentence(random_, 25)}</p></div>\n'
    )


def _related(random_: random.Random) -> str:
    name = " ".join(random_.sample(_WORDS, 2)).title()
    number = random_.randint(1, 9999)
    pictures = ", ".join(f"/images/{number}_{width}.jpg {width}w" for width in (160, 320, 640, 960))
    return (
        f'<div class="card card--related js-track" data-product-id="{number}" data-position="1">'
        f'<a class="card__link" href="/products/{number}?ref=related" title="{name}">'
        f'<img class="card__image lazyload" src="/images/{number}.jpg" srcset="{pictures}" alt="">'
        f'{name}</a><span class="card__price">${random_.randint(5, 900)}.00</span></div>\n'
    )


def _paragraph(random_: random.Random) -> str:
    return (
        f'<section class="text text--wide"><h3 class="text__title">{_sentence(random_, 4)}</h3>'
        f'<p class="text__body">{_sentence(random_, 55)}</p></section>\n'
    )
