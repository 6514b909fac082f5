"""The runs of the benchmark of learning: a template, its teacher, and each page through the ladder."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.scoring import Mark, mark, plain, same_day, same_text
from benchmarks.teacher import Teacher
from benchmarks.template_pages import (
    BIG,
    COURTS,
    Template,
    TemplatePage,
    laid_out_anew,
    names,
    template,
    without_blocks,
)
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.learned import LearnedExtractor
from runo_spiders.extract.protocol import Question
from runo_spiders.items import Finding, Json, Page
from runo_spiders.learn.memory import Memory
from runo_spiders.learn.values import Key, Subject
from runo_spiders.page.document import Document
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Field, Schema
from runo_spiders.schema.text import squeeze

NOISES = (0.0, 0.05, 0.10)
_READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
SOURCES = {
    "book-booksamillion": "SWDE",
    "camera-amazon": "SWDE",
    "books.toscrape.com": "scrapy-bench",
    COURTS: "juriscraper",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One run: a template, what is done to its pages, how its teacher errs, and the seed of all chance."""

    part: str
    source: str
    name: str
    noise: float
    seed: int
    mistaken: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """One field of one page. `asked`: the teacher was asked. `late`: after the middle of the run.
    `guessed` is whether what was learned by then was right, and `confidence` how sure it was; None before
    anything was learned."""

    field: str
    answered_right: float | None
    true_found: float | None
    right: bool
    asked: bool
    late: bool
    guessed: bool | None
    confidence: float


@dataclass(frozen=True, slots=True)
class Run:
    """What came of a case; CPU milliseconds per page for reading, and for each label that was learned."""

    case: Case
    answers: tuple[Answer, ...]
    fields: int
    pages: int
    warned: tuple[str, ...]
    seconds: float


def cases(data: Path, seeds: int) -> Iterator[Case]:
    """All runs of the benchmark."""
    for seed in range(seeds):
        for noise in NOISES:
            yield from _of_noise(data, noise, seed)
        for name in BIG:
            yield Case("redesign", SOURCES[name], name, 0.0, seed)
            yield from _mistakes(data, name, seed)
    for name in names(data, "drift", "fundus"):
        yield Case("redesign", "fundus", name, 0.0, 0)


def _of_noise(data: Path, noise: float, seed: int) -> Iterator[Case]:
    for name in BIG:
        yield Case("templates", SOURCES[name], name, noise, seed)
    for name in names(data, "wrapper", "recipe-scrapers"):
        yield Case("templates", "recipe-scrapers", name, noise, seed)
    if noise < max(NOISES):
        for name in (*BIG, COURTS):
            yield Case("optional", SOURCES[name], name, noise, seed)


def _mistakes(data: Path, name: str, seed: int) -> Iterator[Case]:
    """For each field of a template a teacher that tells another field's value; and one that doesn't."""
    yield Case("mistaken", SOURCES[name], name, 0.0, seed)
    made = template(data, "wrapper", SOURCES[name], name)
    fields = [each.name for each in made.fields if each.items is None]
    for number, field in enumerate(fields):
        yield Case("mistaken", SOURCES[name], name, 0.0, seed, ((field, fields[number - 1]),))


def labelled_fields(made: Template) -> frozenset[str]:
    """The fields whose name stands as a text of its own right before the true value, on half of the pages."""
    counts: Counter[str] = Counter()
    for page in made.pages:
        texts = [plain(text.text) for text in Visible(Document(page.html, page.url)).texts]
        follows = set(zip(map(squeeze, texts), texts[1:], strict=False))
        counts.update(
            name for name, value in page.truth.items() if (squeeze(name), plain(str(value))) in follows
        )
    return frozenset(name for name, count in counts.items() if 2 * count >= len(made.pages))


def run(data: Path, case: Case) -> Run:
    """All pages of a case through the ladder, one after the other."""
    chance = random.Random(f"{case.seed} {case.name} {case.part}")
    made = template(data, "drift" if case.source == "fundus" else "wrapper", case.source, case.name)
    pages = _pages(made, case, chance)
    schema = Schema(Field("", "object", properties=made.fields), {})
    teacher = Teacher({page.url: page.truth for page in pages}, case.noise, chance, dict(case.mistaken))
    rung = LearnedExtractor(Memory(), salt=str(case.seed))
    answers: list[Answer] = []
    warned: set[str] = set()
    started = time.process_time()
    for number, page in enumerate(pages):
        late = number >= len(pages) / 2
        answered, warnings = asyncio.run(_answer(page, schema, rung, teacher, late))
        answers += answered
        warned |= {warning.split(":")[0].lstrip("/") for warning in warnings}
    spent = time.process_time() - started
    return Run(case, tuple(answers), len(made.fields), len(pages), tuple(sorted(warned)), spent)


def _pages(made: Template, case: Case, chance: random.Random) -> list[TemplatePage]:
    pages = list(made.pages)
    if case.source == "fundus":
        return pages
    chance.shuffle(pages)
    if case.part == "optional" and case.name != COURTS:
        return [without_blocks(page, made.fields, chance) for page in pages]
    if case.part == "redesign":
        half = len(pages) // 2
        return [*pages[:half], *map(laid_out_anew, pages[half:])]
    return pages


async def _answer(
    page: TemplatePage, schema: Schema, rung: LearnedExtractor, teacher: Teacher, late: bool
) -> tuple[list[Answer], tuple[str, ...]]:
    document = Document(page.html, page.url)
    reading = Reading(None, document.base_url, _READ_AT)
    item = Page(page.url, 0, page.url, 200, _READ_AT, document)
    guesses = {
        slot.field.name: guess
        for slot, guess in rung.guesses(item, Question(schema, schema.slots, {}, reading))
    }
    came = await climb(item, schema, reading, (rung, teacher))
    given = _by_field(came.findings)
    answers = []
    for field in schema.root.properties:
        true, guess = page.truth[field.name], guesses[field.name]
        marked = _marked(true, given.get(field.name), field)
        answers.append(
            Answer(
                field.name,
                marked.answered_right,
                marked.true_found,
                _is_right(marked),
                field.name in teacher.last_asked,
                late,
                guess.key == _key(true, Subject(field, reading)) if guess.learned else None,
                guess.confidence,
            )
        )
    teacher.last_asked = frozenset()
    return answers, came.warnings


def _marked(true: Json, given: Json, field: Field) -> Mark:
    return mark(true, given, same_day if field.format == "date" else same_text)


def _key(true: Json, subject: Subject) -> Key | None:
    """What is true, as guesses have it."""
    if isinstance(true, list):
        return subject.key({f"/{number}": str(each) for number, each in enumerate(true)})
    return None if true is None else subject.key({"": str(true)})


def _is_right(marked: Mark) -> bool:
    """Nothing where nothing is, or all of what is true and nothing else."""
    return marked.answered_right in (None, 1.0) and marked.true_found in (None, 1.0)


def _by_field(found: Mapping[str, Finding]) -> dict[str, Json]:
    given: dict[str, Json] = {}
    for pointer, each in found.items():
        name, *number = pointer.split("/")[1:]
        if number:
            given.setdefault(name, []).append(each.value)
        else:
            given[name] = each.value
    return given
