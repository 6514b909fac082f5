"""The seam of the ladder: what a rung is asked, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from runo_spiders.items import Extraction, Finding, Page
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.model import Schema, Slot


@dataclass(frozen=True, slots=True)
class Question:
    """What is still to be found on a page.

    `open` holds the slots that no earlier rung filled; `known` what earlier rungs found, by JSON pointer.
    `reading` says how text is read here: locale, base URL, date of the fetch.
    """

    schema: Schema
    open: tuple[Slot, ...]
    known: dict[str, Finding]
    reading: Reading


class Extractor(Protocol):
    """A rung of the ladder. `name` is what evidence calls it.

    `extract` returns raw values by the JSON pointer of the leaf, each under one of the open slots; it leaves
    out what the page does not hold. It raises `PageFailure` when it cannot work at all (a model is down).
    """

    name: str

    async def extract(self, page: Page, question: Question) -> Extraction: ...
