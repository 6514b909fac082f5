"""The ladder of formats: ways to ask an endpoint for JSON of a schema, the strictest first."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from runo_spiders.items import Json
from runo_spiders.llm.model import Message

_DEMAND = "Answer with one JSON object of this JSON Schema, and with nothing else:"


@dataclass(frozen=True, slots=True)
class Format:
    """`asks` gives the parameters of a request, from the answer's name and the schema.

    `shown`: the format does not carry the schema, so the prompt must.
    """

    name: str
    asks: Callable[[str, Json], dict[str, Any]]
    shown: bool = False


def _schema(name: str, schema: Json, *, strict: bool) -> dict[str, Any]:
    inner = {"name": name, "schema": schema, "strict": strict}
    return {"response_format": {"type": "json_schema", "json_schema": inner}}


def _tool(name: str, schema: Json) -> dict[str, Any]:
    function = {"name": name, "description": "Give the answer.", "parameters": schema}
    return {
        "tools": [{"type": "function", "function": function}],
        "tool_choice": {"type": "function", "function": {"name": name}},
    }


FORMATS: tuple[Format, ...] = (
    Format("strict schema", lambda name, schema: _schema(name, schema, strict=True)),
    Format("schema", lambda name, schema: _schema(name, schema, strict=False)),
    Format("tool", _tool),
    Format("JSON object", lambda name, schema: {"response_format": {"type": "json_object"}}, shown=True),
    Format("prompt", lambda name, schema: {}, shown=True),
)
STRIKES = 2
"""So many questions in a row must have gone below a format that worked before, until it is given up."""


class FormatLadder:
    """Which format an endpoint and model take: probed by the first question, then kept.

    A question that is refused steps down for itself. Where the ladder starts changes only when a lower format
    has worked, so that a question that no format can save leaves no trace.
    """

    def __init__(self) -> None:
        self.start = 0
        self.proven = False
        self._strikes = 0
        self._probe: asyncio.Event | None = None

    @asynccontextmanager
    async def probing(self) -> AsyncIterator[None]:
        """The first question probes; the others begin when it has ended, whether it had an answer or not."""
        if self._probe is not None:
            await self._probe.wait()
            yield
            return
        self._probe = asyncio.Event()
        try:
            yield
        finally:
            self._probe.set()

    def worked(self, step: int) -> None:
        """A question was answered in the format `FORMATS[step]`."""
        if step > self.start and self.proven:
            self._strikes += 1
        if step <= self.start or not self.proven or self._strikes >= STRIKES:
            self.start, self.proven, self._strikes = max(step, self.start), True, 0


def shown(messages: Sequence[Message], schema: Json) -> list[Message]:
    """The prompt with the schema in its first message, unless it stands in one of them already.

    JSON mode also wants the word JSON in the prompt.
    """
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    if any(text in message["content"] for message in messages):
        return list(messages)
    first, *rest = messages
    return [{**first, "content": f"{first['content']}\n\n{_DEMAND}\n{text}"}, *rest]
