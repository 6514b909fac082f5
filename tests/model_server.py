"""A stand-in for a language model: a real server that speaks OpenAI's chat completions, in its own process.

    with ModelServer(truth={"Blue kettle": {"title": "Blue kettle", "price": 19.9}}) as server:
        settings = ModelSettings(model="honest:429,ok", base_url=server.base_url(), ...)
        assert server.count() == 2

It finds the page in any prompt: `truth` is keyed by words that stand on the page (its title), and the first
of them that stands in the prompt names the record. It knows nothing but this table and the prompt: a value is
answered only if it stands in the prompt that was sent. A leaf can be given as `{"value": 19.9, "quote":
"19,90 €"}` where the page writes it differently; a bare number or boolean counts as read, and with the quote
"" anything does, a whole record or list too.

The name of the model says how it answers, `mind:step,step`: the minds are those of `tests.model_mind`
(`honest`, `inventor`, `obedient`), the steps those of `tests.model_faults`, played one per request; the last
one goes on for ever. `base_url(kind)` is an endpoint with the formats of a kind of server, `KINDS` there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from tests.server_process import ServerProcess


@dataclass(frozen=True)
class Script:
    """All that the server process is told; `latency` is in seconds, before each answer."""

    truth: Mapping[str, Any]
    latency: float
    port: int


class ModelServer(ServerProcess):
    """Listens from `with` to its end, on the loopback."""

    module = "tests.model_site"

    def __init__(
        self, truth: Mapping[str, Any] | None = None, *, latency: float = 0.0, port: int = 0
    ) -> None:
        super().__init__(Script(dict(truth or {}), latency, port))

    def base_url(self, kind: str = "openai") -> str:
        """What goes into OPENAI_BASE_URL."""
        return f"{self.base}/{kind}/v1"

    def count(self, model: str | None = None) -> int:
        """How many questions came in, for one model name or for all."""
        return len(self.requests(model))

    def requests(self, model: str | None = None) -> list[dict[str, Any]]:
        """The bodies of the questions, in order."""
        return [body for body in self.ask("/bodies") if model in (None, body.get("model"))]

    def headers(self) -> list[dict[str, str]]:
        """The headers of the questions, names in lower case."""
        return cast(list[dict[str, str]], self.ask("/headers"))

    def usage(self) -> dict[str, int]:
        """What the answers said they cost, summed: `prompt_tokens`, `completion_tokens`."""
        return cast(dict[str, int], self.ask("/usage"))

    def most_at_once(self) -> int:
        """How many questions were open at the same time, at most."""
        return cast(int, self.ask("/most_at_once"))
