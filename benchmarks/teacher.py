"""A stand-in for the model that tells the truth of a page, or errs in known ways."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from runo_spiders.extract.protocol import Answered, Question
from runo_spiders.items import Evidence, Found, Json, Page, Scalar
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import CoercionError, coerce
from runo_spiders.schema.model import Slot

_RESPELLED = 0.2


@dataclass
class Teacher:
    """The rung `llm` of the benchmark.

    Each field is wrong or missing with the chance `noise`, half and half; a wrong one is another text of the
    page. With noise, a fifth of the right ones are spelled otherwise. `mistaken` maps fields to those whose
    value is told instead, always. `last_asked` names the
    fields that it was asked for last.
    """

    truth: Mapping[str, Mapping[str, Json]]
    noise: float
    chance: random.Random
    mistaken: Mapping[str, str] = field(default_factory=dict)
    last_asked: frozenset[str] = frozenset()

    name = "llm"

    async def extract(self, page: Page, question: Question) -> Answered:
        self.last_asked = frozenset(slot.field.name for slot in question.open)
        found: dict[str, Found] = {}
        for slot in question.open:
            for number, value in enumerate(self._told(page, slot, question)):
                pointer = f"{slot.pointer}/{number}" if slot.field.items else slot.pointer
                found[pointer] = Found(value, Evidence(self.name, str(value), "/html"))
        return Answered(found)

    def _told(self, page: Page, slot: Slot, question: Question) -> Sequence[Scalar]:
        true = self.truth[page.url].get(self.mistaken.get(slot.field.name, slot.field.name))
        values = [] if true is None else true if isinstance(true, list) else [true]
        if self.chance.random() >= self.noise:
            return [self._spelled(value) for value in values]
        return self._wrong(page, slot, question) if self.chance.random() < 0.5 else []

    def _spelled(self, value: Scalar) -> Scalar:
        if not self.noise or not isinstance(value, str) or self.chance.random() >= _RESPELLED:
            return value
        return self.chance.choice(
            (value.upper(), value.replace(" ", "  "), f"{value} ", value.replace("'", "’"))
        )

    def _wrong(self, page: Page, slot: Slot, question: Question) -> Sequence[Scalar]:
        """Some other text of the page that fits the field."""
        leaf = slot.field.items or slot.field
        texts = [text.text for text in Visible(page.document).texts if len(text.text) < 200]
        self.chance.shuffle(texts)
        for text in texts:
            try:
                return [coerce(text, leaf, question.reading).value]
            except CoercionError:
                continue
        return []
