"""Asks a model for JSON of a schema, or for text: an answer or a typed failure, whatever happens."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from runo_spiders.config import ModelSettings
from runo_spiders.items import Json, Usage
from runo_spiders.llm.calls import Calls, Turn
from runo_spiders.llm.endpoint import Objection
from runo_spiders.llm.formats import FORMATS, Format, shown
from runo_spiders.llm.model import Message, ModelFailure, Reply
from runo_spiders.llm.reading import NotJson, json_within
from runo_spiders.llm.retry import Patience
from runo_spiders.schema.conformity import misfits, without_misfits

Check = Callable[[Json], list[str]]

_MEND = "That answer has faults:\n{faults}\nGive the whole answer again, with these faults mended."


@dataclass(frozen=True, slots=True)
class _Question:
    messages: Sequence[Message]
    schema: Json
    name: str
    check: Check | None

    def faults(self, answer: Json) -> list[str]:
        """What is wrong with an answer; the client's own check sees only what has the schema's shape."""
        wrong = misfits(self.schema, answer)
        return wrong or (self.check(answer) if self.check else [])

    def again(self, answer: Json, faults: Sequence[str]) -> list[Message]:
        """The prompt of the re-ask: the page, the answer and its faults."""
        mend = _MEND.format(faults="\n".join(f"- {fault}" for fault in faults))
        return [
            *self.messages,
            {"role": "assistant", "content": json.dumps(answer)},
            {"role": "user", "content": mend},
        ]


class ModelClient:
    """One endpoint and model. Nothing is imported or connected before the first question.

    The clients of a process share what is one per endpoint: `settings.concurrency` questions under way at
    once, a pause that the endpoint asked for, the formats that it takes. `settings.timeout_s` bounds a
    question with all its tries; the wait for its turn is not counted.
    """

    def __init__(self, settings: ModelSettings, patience: Patience | None = None) -> None:
        self.settings = settings
        self._patience = patience or Patience()
        self._calls: Calls | None = None

    async def ask(
        self, messages: Sequence[Message], schema: Json, name: str = "answer", check: Check | None = None
    ) -> Reply:
        """An answer in the shape of a strict schema (an object at its root).

        `check` tells the faults of an answer that has this shape. An answer with faults is asked for once
        more, with them. After that a value that breaks the schema is null where the schema allows null;
        other faults are an `LLM_ERROR`. Raises `ModelFailure`, whose `usage` is what was paid all the same.
        """
        question = _Question(messages, schema, name, check)
        calls = self._opened()
        async with calls.ladder.probing(), calls.turn() as turn:
            answer = await _answer(calls, turn, question, messages)
            faults = question.faults(answer)
            if faults:
                again = await _answer(calls, turn, question, question.again(answer, faults))
                answer = _settled(question, again)
        return Reply(answer, turn.usage)

    async def complete(self, messages: Sequence[Message]) -> tuple[str, Usage]:
        """What the model says in plain text, and what it cost. Raises `ModelFailure`."""
        calls = self._opened()
        async with calls.turn() as turn:
            completion = await calls.whole(turn, messages, {})
        return completion.text, turn.usage

    async def close(self) -> None:
        """Let go of the endpoint; the next question takes it up again."""
        calls, self._calls = self._calls, None
        if calls is not None:
            await calls.close()

    def _opened(self) -> Calls:
        if self._calls is None:
            self._calls = Calls(self.settings, self._patience)
        return self._calls


async def _answer(calls: Calls, turn: Turn, question: _Question, messages: Sequence[Message]) -> Json:
    """A JSON object, in the strictest format that works.

    Where a format has worked before, one answer that is no JSON is chance, and is asked for once more.
    """
    step, patient = calls.ladder.start, calls.ladder.proven
    while step < len(FORMATS):
        try:
            answer = await _in_format(calls, turn, question, messages, FORMATS[step])
        except (Objection, NotJson) as fault:
            lower = isinstance(fault, Objection) or not patient
            failure, patient = fault, False
            step += lower
        else:
            calls.ladder.worked(step)
            return answer
    raise failure if isinstance(failure, Objection) else ModelFailure("LLM_ERROR", str(failure))


async def _in_format(
    calls: Calls, turn: Turn, question: _Question, messages: Sequence[Message], form: Format
) -> Json:
    prompt = shown(messages, question.schema) if form.shown else messages
    completion = await calls.whole(turn, prompt, form.asks(question.name, question.schema))
    return json_within(completion.text)


def _settled(question: _Question, answer: Json) -> Json:
    """The second answer, or what of it fits. Raises `ModelFailure` if nothing can be kept."""
    faults = question.faults(answer)
    if not faults:
        return answer
    kept = without_misfits(question.schema, answer)
    if kept is None or question.faults(kept):
        raise ModelFailure("LLM_ERROR", faults[0])
    return kept
