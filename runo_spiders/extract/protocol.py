"""The seam of the ladder: what a rung is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from runo_spiders.items import FREE, ErrorInfo, Extraction, Finding, Page, Usage
from runo_spiders.page.visible import Visible
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
    indices: list[Visible] = field(default_factory=list)
    """The index of the page, when a rung has made it; the questions of one climb share it."""

    def visible(self, page: Page) -> Visible:
        """The index of what a reader sees of the page: made once for all rungs."""
        if not self.indices:
            self.indices.append(Visible(page.document))
        return self.indices[0]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a rung answers when it has more to tell than values.

    `usage` is what the answer cost on top of the fetch. `absent` names the open slots for which the page has
    no value: no later rung is asked for them. `refused` says by JSON pointer why a value that the rung was
    told is not believed, `untold` names further such leaves, without reasons. `warnings` are other sentences
    for the row. `failure` tells that the rung could not finish its work: `found` holds what it had by then.
    """

    found: Extraction
    usage: Usage = FREE
    warnings: tuple[str, ...] = ()
    failure: ErrorInfo | None = None
    absent: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()


class Extractor(Protocol):
    """A rung of the ladder. `name` is what evidence calls it.

    `extract` returns raw values by the JSON pointer of the leaf, each under one of the open slots; it leaves
    out what the page does not hold. A rung that costs or has something to warn of returns them `Answered`.
    It raises `PageFailure` when it cannot work at all. A rung whose answers cost money says `costs = True`.
    """

    name: str

    async def extract(self, page: Page, question: Question) -> Extraction | Answered: ...


def costs(rung: Extractor) -> bool:
    """Whether each answer of a rung is paid for, so that it is asked no more than is needed."""
    return bool(getattr(rung, "costs", False))


@dataclass(frozen=True, slots=True)
class Lesson:
    """What later rungs found for the slots that a rung left open.

    `taught` are these slots; `told` holds their values by the pointer of the leaf. A slot without any was
    said to have no value on this page.
    """

    taught: tuple[Slot, ...]
    told: Mapping[str, Finding]


@runtime_checkable
class Learner(Protocol):
    """A rung that learns from those after it.

    `learn` is told what they found on a page, once the page is done and if none of them failed. What it
    returns as `found` takes the place of that, its warnings go to the row.
    """

    def learn(self, page: Page, question: Question, lesson: Lesson) -> Answered: ...


async def ask(rung: Extractor, page: Page, question: Question) -> Answered:
    """What a rung answers, whichever of the two forms it has. Raises what the rung raises."""
    answer = await rung.extract(page, question)
    return answer if isinstance(answer, Answered) else Answered(answer)
