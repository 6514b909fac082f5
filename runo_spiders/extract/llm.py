"""The rung `llm`: a language model reads what the rungs before left open, and the page judges its answer."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from scrapy import signals
from scrapy.exceptions import NotConfigured

from runo_spiders.config import Config
from runo_spiders.errors import PageFailure, SchemaError
from runo_spiders.extract.ground import Ground
from runo_spiders.extract.merge import merge
from runo_spiders.extract.model_answer import as_typed, claims_in, plain, settled
from runo_spiders.extract.model_question import ModelQuestion
from runo_spiders.extract.protocol import Answered, Question
from runo_spiders.items import FREE, ErrorInfo, Extraction, Json, Page, Scalar, Usage
from runo_spiders.llm.client import ModelClient
from runo_spiders.llm.model import ModelFailure
from runo_spiders.llm.prompt import messages
from runo_spiders.llm.strict import Compiled, join
from runo_spiders.page.chunks import Chunk, chunks
from runo_spiders.page.counts import count_on
from runo_spiders.page.standing import Standing
from runo_spiders.page.text import page_text
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Schema

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

RECORDS_CHARS = 12_000
"""Characters of a part of a page with many records: the answer has to fit the limit of output tokens."""

WHOLE_CHARS = 60_000
"""Characters of a part of any other page."""

MOST_PARTS = 40
"""A page in more parts than this is read no further, and the row says so."""

_KEPT_QUESTIONS = 64


class ModelExtractor:
    """Asks a model for the open slots, and keeps of its answer what stands on the page.

    A page with many records is asked about in parts, all at once. If the model fails, the answer holds what
    the other parts gave, and the failure.
    """

    name = "llm"
    costs = True

    def __init__(self, client: ModelClient, guidance: str = "") -> None:
        self._client = client
        self._guidance = guidance
        self._questions: dict[tuple[str, ...], ModelQuestion] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The rung of a crawl; it is off where no model is configured."""
        settings = Config.from_settings(crawler.settings).model
        if settings is None:
            raise NotConfigured
        job = getattr(crawler.spider, "job", None)
        rung = cls(ModelClient(settings), getattr(job, "prompt", None) or "")
        crawler.signals.connect(rung.close, signal=signals.spider_closed)
        return rung

    async def close(self) -> None:
        await self._client.close()

    async def extract(self, page: Page, question: Question) -> Answered:
        """Values that stand on the page, what they cost, and warnings of what the model said besides."""
        asked = self._question(question)
        standing = Standing(page.document, question.visible(page))
        text = page_text(page.document, asked.asked, standing.visible)
        if not question.open or not text.text.strip():
            return Answered({})
        known = {pointer: finding.value for pointer, finding in question.known.items()}
        parts = chunks(text, RECORDS_CHARS if asked.asked.many else WHOLE_CHARS)
        said = await asyncio.gather(
            *(self._ask(asked, part, known, question.reading) for part in parts[:MOST_PARTS])
        )
        data = merge([each.data for each in said], question.schema.root)
        grounded = Ground(standing, question.reading, self.name).check(
            claims_in(data, question.schema.root), question.schema
        )
        answer = settled(grounded, question.schema)
        return replace(
            answer,
            usage=sum((each.usage for each in said), FREE),
            warnings=(*answer.warnings, *_unread(parts), *_miscounted(standing, asked, answer.found)),
            failure=next((each.failure for each in said if each.failure), None),
        )

    def _question(self, question: Question) -> ModelQuestion:
        """The question for these open slots; the pages of a job mostly leave the same ones open."""
        pointers = tuple(slot.pointer for slot in question.open)
        kept = self._questions.get(pointers)
        if kept is None or kept.schema is not question.schema:
            if len(self._questions) >= _KEPT_QUESTIONS:
                self._questions.clear()
            try:
                kept = ModelQuestion(question.schema, question.open, self._guidance)
            except SchemaError as fault:
                raise PageFailure("LLM_BAD_REQUEST", str(fault)) from fault
            self._questions[pointers] = kept
        return kept

    async def _ask(
        self, question: ModelQuestion, part: Chunk, known: dict[str, Scalar], reading: Reading
    ) -> _Said:
        """What the model says of one part of a page, in all forms that the question has."""
        said = await asyncio.gather(
            *(self._ask_form(question, form, part, known, reading) for form in question.forms)
        )
        answers = [each.data for each in said if each.failure is None]
        return _Said(
            join(answers) if answers else None,
            sum((each.usage for each in said), FREE),
            next((each.failure for each in said if each.failure), None),
        )

    async def _ask_form(
        self, question: ModelQuestion, form: Compiled, part: Chunk, known: dict[str, Scalar], reading: Reading
    ) -> _Said:
        prompt = messages(part, form.schema, known, secrets.token_hex(8))
        try:
            reply = await self._client.ask(prompt, form.schema, check=_Objections(question, form, reading))
        except ModelFailure as failure:
            return _Said(None, failure.usage, failure.info)
        return _Said(form.decode(reply.data), reply.usage)


@dataclass(frozen=True, slots=True)
class _Said:
    """What came of one question: data in the client's form with quotes, or a failure; and what it cost."""

    data: Json
    usage: Usage = FREE
    failure: ErrorInfo | None = None


class _Objections:
    """What the client's own schema has against an answer, as far as it is not a way of writing; told once.

    A page can hold a value that the schema forbids. When the model stands by it, it is left out with a
    warning like any other such value, and the rest of the answer is kept.
    """

    def __init__(self, question: ModelQuestion, form: Compiled, reading: Reading) -> None:
        self._question = question
        self._form = form
        self._reading = reading
        self._told = False

    def __call__(self, answer: Json) -> list[str]:
        if self._told:
            return []
        root = self._question.schema.root
        data = plain(self._form.decode(answer), root)
        violations = self._question.validator.check(data)
        if violations:
            violations = self._question.validator.check(as_typed(data, root, self._reading))
        self._told = bool(violations)
        return [f"{violation.pointer or '/'}: {violation.message}" for violation in violations]


def _unread(parts: Sequence[Chunk]) -> Iterator[str]:
    if len(parts) > MOST_PARTS:
        yield f"the page is too long: {len(parts) - MOST_PARTS} of {len(parts)} parts were not read"


def _miscounted(standing: Standing, question: ModelQuestion, found: Extraction) -> Iterator[str]:
    """A warning if the page says that it shows more records than were found."""
    count = count_on(standing.visible) if question.asked.many else None
    if count is None:
        return
    found_records = _most_records(question.schema, question, found)
    if found_records < count.shown:
        told = f"{count.first}-{count.last} of {count.total}"
        yield f"the page says that it shows {told}, and {found_records} items were found"


def _most_records(schema: Schema, question: ModelQuestion, found: Extraction) -> int:
    """The length of the longest list among the slots that were asked for."""
    lists = [f"{slot.pointer}/" for slot in question.open if slot.field.type == "array"]
    items = [
        {pointer[len(each) :].partition("/")[0] for pointer in found if pointer.startswith(each)}
        for each in lists
    ]
    return max(map(len, items), default=0)
