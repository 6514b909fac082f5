"""Calls of one endpoint and model until an answer is whole: retries, pauses, parameters, budgets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from runo_spiders.config import ModelSettings
from runo_spiders.items import Usage
from runo_spiders.llm.endpoint import Objection
from runo_spiders.llm.formats import FormatLadder
from runo_spiders.llm.line import join, leave
from runo_spiders.llm.manners import Parameters
from runo_spiders.llm.model import Completion, Message, ModelFailure
from runo_spiders.llm.reading import body_of, completion_of, cost_of, estimated
from runo_spiders.llm.retry import Patience, Transient

BIGGER = 4
"""How many times the budget of output tokens grows, once, when an answer was cut."""


class Turn:
    """One question under way: what its calls cost so far, failed ones too, and the time it has."""

    def __init__(self, seconds: float) -> None:
        self.usage = Usage()
        self._end = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """Seconds."""
        return self._end - asyncio.get_running_loop().time()

    def count_call(self) -> None:
        self.usage = replace(self.usage, llm_calls=self.usage.llm_calls + 1)

    def charge(self, cost: Usage) -> None:
        self.usage = replace(
            self.usage,
            input_tokens=self.usage.input_tokens + cost.input_tokens,
            output_tokens=self.usage.output_tokens + cost.output_tokens,
        )


class Calls:
    """The calls of one client, over the line that it shares. Nothing is connected before the first."""

    def __init__(self, settings: ModelSettings, patience: Patience) -> None:
        self._settings = settings
        self._patience = patience
        self._line = join(settings, patience)
        self._habits = self._line.habits(settings.model)

    @property
    def ladder(self) -> FormatLadder:
        return self._habits.ladder

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[Turn]:
        """The turn of one question. Neither the wait for it nor for the end of a pause counts as its time.

        A `ModelFailure` leaves with the usage; the end of the time is one, `LLM_TIMEOUT`.
        """
        async with self._line.turns:
            self._line.endpoint.connected()
            await self._line.pause.over()
            turn = Turn(self._settings.timeout_s)
            try:
                async with asyncio.timeout(self._settings.timeout_s):
                    yield turn
            except TimeoutError:
                late = ModelFailure("LLM_TIMEOUT", f"no answer in {self._settings.timeout_s:g} s")
                late.usage = turn.usage
                raise late from None
            except ModelFailure as failure:
                failure.usage = turn.usage
                raise

    async def whole(self, turn: Turn, messages: Sequence[Message], asked: Parameters) -> Completion:
        """A completion that was not cut; `asked` are the parameters of the format.

        Raises `Objection` where the endpoint does not take the format, else `ModelFailure`.
        """
        budget = self._settings.max_output_tokens
        completion = await self._taken(turn, messages, asked, budget)
        if completion.finish != "length":
            return completion
        try:
            completion = await self._taken(turn, messages, asked, budget * BIGGER)
        except Objection as objection:
            raise ModelFailure("LLM_TRUNCATED", objection.detail) from None
        if completion.finish == "length":
            raise ModelFailure("LLM_TRUNCATED", f"not whole in {budget * BIGGER} tokens")
        return completion

    async def _taken(
        self, turn: Turn, messages: Sequence[Message], asked: Parameters, budget: int
    ) -> Completion:
        """A completion, with the parameters that the endpoint takes."""
        while True:
            parameters = self._habits.manners.parameters(budget)
            body = {"model": self._settings.model, "messages": messages, **parameters, **asked}
            try:
                return await self._tried(turn, body)
            except Objection as objection:
                if not self._habits.manners.heed(objection.parameter, parameters):
                    raise

    async def _tried(self, turn: Turn, body: Parameters) -> Completion:
        """A completion, after as many tries as the patience allows."""
        nth = 0
        while True:
            await self._let_pass(turn)
            try:
                return await self._called(turn, body)
            except Transient as trouble:
                if trouble.everyone:
                    self._line.pause.extend(trouble.after)
                nth += 1
                wait = self._patience.wait(nth - 1) if trouble.after is None else trouble.after
                if nth >= self._patience.tries_after(trouble) or wait > turn.left:
                    raise
            if not self._line.pause.left > 0:
                await asyncio.sleep(wait)

    async def _let_pass(self, turn: Turn) -> None:
        if self._line.pause.left > turn.left:
            raise ModelFailure("LLM_RATE_LIMITED", "the endpoint asked for a longer pause than there is time")
        await self._line.pause.over()

    async def _called(self, turn: Turn, body: Parameters) -> Completion:
        turn.count_call()
        answer = body_of(await self._line.endpoint.call(body))
        estimate = Usage()
        try:
            completion = completion_of(answer)
            estimate = estimated(body["messages"], completion.text)
        finally:
            turn.charge(cost_of(answer, estimate))
        self._line.pause.forget()
        return completion

    async def close(self) -> None:
        await leave(self._settings)
