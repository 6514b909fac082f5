"""The 60 kB pages of the speed benchmark, made with a fixed seed, in two kinds.

`structured` carries its product as JSON-LD; `plain` says the same in labels, tables and classes only. Both
have the ballast of a real shop page: navigation, related products, reviews, a footer.
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
    random_ = random.Random(f"{SEED}/{kind}/{number}")
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
    sign = {"USD": "$", "EUR": "€", "GBP": "£"}[product["currency"]]
    stock = "In stock" if product["availability"] == "InStock" else "Sold out"
    rows = "".join(
        f"<tr><th>{label}</th><td>{escape(value)}</td></tr>"
        for label, value in (("SKU", product["sku"]), ("Brand", product["brand"]), ("Availability", stock))
    )
    navigation = "".join(f'<li><a href="/c/{word}">{word.title()}</a></li>' for word in _WORDS)
    return f"""<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{product["name"]} | Fixed Seed Shop</title>{head}
<link rel="stylesheet" href="/style.css"><script>window.cart = [];</script></head>
<body><header><nav><ul>{navigation}</ul></nav></header><main>
<h1>{product["name"]}</h1>
<div class="buy-box"><span class="price">{sign}{product["price"]}</span>
<button type="submit">Add to cart</button></div>
<img class="product-image" src="{product["image"]}" alt="{product["name"]}">
<div class="description"><p>{product["description"]}</p></div>
<table class="details">{rows}</table>
"""


def _sentence(random_: random.Random, length: int) -> str:
    return " ".join(random_.choices(_WORDS, k=length)).capitalize() + "."


def _review(random_: random.Random) -> str:
    return (
        f'<div class="review"><span class="who">{random_.choice(_WORDS).title()}</span>'
        f'<span class="stars">{random_.randint(1, 5)} of 5</span><p>{_sentence(random_, 25)}</p></div>\n'
    )


def _related(random_: random.Random) -> str:
    name = " ".join(random_.sample(_WORDS, 2)).title()
    return (
        f'<div class="card"><a href="/p/{random_.randint(1, 9999)}"><img src="/t.jpg" alt="">{name}</a>'
        f'<span class="card-price">${random_.randint(5, 900)}.00</span></div>\n'
    )


def _paragraph(random_: random.Random) -> str:
    return f"<section><h3>{_sentence(random_, 4)}</h3><p>{_sentence(random_, 40)}</p></section>\n"
