"""The line to an endpoint: what all clients of this process that ask it share while one of them is open."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from runo_spiders.config import ModelSettings
from runo_spiders.llm.endpoint import Endpoint
from runo_spiders.llm.formats import FormatLadder
from runo_spiders.llm.manners import Manners
from runo_spiders.llm.retry import Patience, Pause


@dataclass(frozen=True, slots=True)
class Habits:
    """What one model at an endpoint takes."""

    manners: Manners
    ladder: FormatLadder = field(default_factory=FormatLadder)


class Line:
    """One endpoint: its connection, its pause, and the turns of its questions.

    There are as many turns as the settings of the client say that was the first to join.
    """

    def __init__(self, settings: ModelSettings, patience: Patience) -> None:
        self.endpoint = Endpoint(settings)
        self.turns = asyncio.Semaphore(settings.concurrency)
        self.pause = Pause(patience)
        self.clients = 0
        self._habits: dict[str, Habits] = {}

    def habits(self, model: str) -> Habits:
        """What is known of a model here, from the questions of all clients."""
        if model not in self._habits:
            budget_name = "max_completion_tokens" if self.endpoint.is_openai else "max_tokens"
            self._habits[model] = Habits(Manners(budget_name))
        return self._habits[model]


_open: dict[tuple[str | None, str], Line] = {}
"""The lines in use, by address and key."""


def join(settings: ModelSettings, patience: Patience) -> Line:
    """The line to an endpoint. Whoever joins leaves once."""
    key = (settings.base_url, settings.api_key)
    if key not in _open:
        _open[key] = Line(settings, patience)
    _open[key].clients += 1
    return _open[key]


async def leave(settings: ModelSettings) -> None:
    """The last one to leave closes the connections, and what was learned is forgotten."""
    key = (settings.base_url, settings.api_key)
    line = _open[key]
    line.clients -= 1
    if not line.clients:
        del _open[key]
        await line.endpoint.close()
