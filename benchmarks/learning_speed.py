"""What learning and reading cost, on the 60 kB pages without structured data, with ten fields."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from scrapy.http import HtmlResponse

from benchmarks.sixty_kb import page, product, shown
from runo_spiders.extract.learned import LearnedExtractor
from runo_spiders.extract.protocol import Lesson, Question
from runo_spiders.items import Evidence, Finding, Page, Scalar
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field, Schema, Slot

_URL = "https://shop.example/"
_READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
_LABELLED, _READ = 20, 100
_FIELDS = ("name", "price", "currency", "availability", "sku", "brand", "description", "image")
_SCHEMA = Schema(
    Field(
        "",
        "object",
        properties=(
            *(Field(name, "number" if name == "price" else "string") for name in _FIELDS),
            Field("heading", "string"),
            Field("maker", "string"),
        ),
    ),
    {},
)


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds: bare Scrapy's parse with two selectors, ours with ten fields (parse, index, apply),
    and one label at the most and on average."""

    bare: float
    ours: float
    label: float
    slowest_label: float


def costs() -> Costs:
    """Measured in turn with the reference, the median of three rounds."""
    bodies = [page("plain", number) for number in range(_LABELLED + _READ)]
    rung = LearnedExtractor(salt="speed")
    labels = [each for number in range(_LABELLED) for each in _learn(rung, number, bodies[number])]
    rounds = [
        (_cpu(_read_bare, bodies[_LABELLED:]), _cpu(lambda body: _read(rung, body), bodies[_LABELLED:]))
        for _ in range(3)
    ]
    bare, ours = (statistics.median(column) for column in zip(*rounds, strict=True))
    return Costs(bare, ours, statistics.mean(labels), max(labels))


def _cpu(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> float:
    started = time.process_time()
    for body in bodies:
        work(body)
    return (time.process_time() - started) * 1000 / len(bodies)


def _read_bare(body: bytes) -> None:
    response = HtmlResponse(_URL, body=body, headers={"Content-Type": "text/html; charset=utf-8"})
    response.css("h1::text").get()
    response.css(".price::text").get()


def _read(rung: LearnedExtractor, body: bytes) -> None:
    asyncio.run(rung.extract(_page(body), _question()))


def _learn(rung: LearnedExtractor, number: int, body: bytes) -> Iterator[float]:
    """The milliseconds that each field of a page takes to learn."""
    item, question, true = _page(body), _question(), _true(number)
    for slot in _SCHEMA.slots:
        started = time.process_time()
        rung.learn(item, question, Lesson((slot,), _told(slot, true)))
        yield (time.process_time() - started) * 1000


def _told(slot: Slot, true: Mapping[str, Scalar]) -> Mapping[str, Finding]:
    value = true[slot.field.name]
    return {slot.pointer: Finding(value, Evidence("llm", str(value), "/html"))}


def _true(number: int) -> Mapping[str, Scalar]:
    told = shown(product("plain", number))
    image = _URL.rstrip("/") + told["image"]
    return {
        **told,
        "price": float(told["price"]),
        "image": image,
        "heading": told["name"],
        "maker": told["brand"],
    }


def _page(body: bytes) -> Page:
    return Page(_URL, 0, _URL, 200, _READ_AT, Document(body.decode(), _URL))


def _question() -> Question:
    return Question(_SCHEMA, _SCHEMA.slots, {}, Reading("en", _URL, _READ_AT))
