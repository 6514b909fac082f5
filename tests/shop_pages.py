"""Made pages of one template, and a teacher that knows what is true of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from runo_spiders.extract.ladder import Climb, climb
from runo_spiders.extract.learned import LearnedExtractor
from runo_spiders.extract.protocol import Answered, Question
from runo_spiders.items import Evidence, Found, Json, Page
from runo_spiders.page.document import Document
from runo_spiders.schema.assemble import leaves
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.model import Schema

NOW = datetime(2026, 11, 25, tzinfo=UTC)
READING = Reading("en", "https://shop.example/", NOW)
WORDS = ("Amber", "Basin", "Cedar", "Delta", "Ember", "Fjord", "Grove", "Harbor", "Island", "Juniper")

Truth = Mapping[str, Json]


def truth(number: int) -> dict[str, Json]:
    """What is true of page `number`."""
    first, second = WORDS[number % 10], WORDS[(number * 3 + number // 10 + 1) % 10]
    return {
        "name": f"{first} {second} kettle {number}",
        "price": 10 + number + (number * 37 % 100) / 100,
        "sku": f"K-{4000 + number * 17}",
        "maker": f"{second} Works",
        "tags": [WORDS[(number + n) % 10].lower() for n in range(number % 3 + 1)],
        "offers": [
            {"seller": f"{WORDS[(number + n) % 10]} {n} Ltd", "cost": 5 + number * 3 + n}
            for n in range(number % 4 + 1)
        ],
    }


def html(true: Truth, extra: str = "") -> str:
    """The page for what is true; a field that is None has no row."""
    maker = f"<dt>Maker</dt><dd>{true['maker']}</dd>" if true["maker"] else ""
    tags = "".join(f"<li>{tag}</li>" for tag in true["tags"])
    offers = "".join(
        f"<tr><td>{each['seller']}</td><td class='sum'>$ {each['cost']}</td></tr>" for each in true["offers"]
    )
    return f"""<html><head><title>{true["name"]} | Shop</title></head><body>
<div class="head"><a href="/">Home</a><p>Free delivery from 50</p></div>
<div id="main"><h1 class="title">{true["name"]}</h1>{extra}
<p class="price">Now <b>${true["price"]:.2f}</b></p><p class="old">Was <s>${true["price"] + 7:.2f}</s></p>
<dl><dt>Article number</dt><dd>{true["sku"]}</dd>{maker}<dt>Weight</dt><dd>2 kg</dd></dl>
<ul class="tags">{tags}</ul><table class="offers"><tr><th>Seller</th><th>Price</th></tr>{offers}</table>
</div><div class="foot">Imprint</div></body></html>"""


SCHEMA = load_schema(
    {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "price": {"type": "number"},
            "sku": {"type": "string"},
            "maker": {"type": "string"},
            "tags": {"type": "array", "items": {"type": "string"}},
            "offers": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"seller": {"type": "string"}, "cost": {"type": "number"}},
                },
            },
        },
    }
)


@dataclass
class Teacher:
    """The rung that is learned from: tells what it is given, and remembers what it was asked."""

    tells: Truth = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    name = "llm"

    async def extract(self, page: Page, question: Question) -> Answered:
        self.asked = [slot.pointer for slot in question.open]
        given = {name: value for name, value in self.tells.items() if f"/{name}" in self.asked}
        return Answered(
            {
                pointer: Found(value, Evidence(self.name, str(value), "/html"))
                for pointer, value in leaves(given)
                if value is not None
            }
        )


@dataclass
class Course:
    """Pages of one site, one after the other, through the rung and its teacher."""

    schema: Schema = SCHEMA
    rung: LearnedExtractor = field(default_factory=lambda: LearnedExtractor(salt="a"))
    teacher: Teacher = field(default_factory=Teacher)
    site: str = "shop.example"

    def page(self, number: int, text: str, tells: Truth) -> Climb:
        self.teacher.tells, self.teacher.asked = tells, []
        url = f"https://{self.site}/{number}"
        page = Page(url, number, url, 200, NOW, Document(text, url))
        return asyncio.run(climb(page, self.schema, READING, (self.rung, self.teacher)))

    def pages(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.page(number, html(truth(number)), truth(number))


def given(came: Climb) -> dict[str, Json]:
    return {pointer: finding.value for pointer, finding in came.findings.items()}
