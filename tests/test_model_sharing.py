"""What the clients of one process share: the budget of questions at once, the formats, the pause."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence

import pytest

from runo_spiders.items import Json
from runo_spiders.llm.client import ModelClient
from runo_spiders.llm.model import Message, ModelFailure, ModelSettings, Reply
from runo_spiders.llm.retry import Patience
from tests.model_faults import format_of
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests

TRUTH = {"Blue kettle": {"title": "Blue kettle"}}
ANSWER = {"title": "Blue kettle"}
SCHEMA: Json = {
    "type": "object",
    "properties": {"title": {"type": ["string", "null"]}},
    "required": ["title"],
    "additionalProperties": False,
}
MESSAGES: list[Message] = [{"role": "user", "content": "# Blue kettle"}]
QUICK = Patience(base_s=0.01, most_s=0.05)


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(TRUTH, latency=0.1) as server, only_valid_requests(server):
        yield server


def clients(
    server: ModelServer, *models: str, kind: str = "openai", concurrency: int = 8, timeout_s: float = 10.0
) -> list[ModelClient]:
    address = server.base_url(kind)
    chosen = (ModelSettings(model, address, "key", concurrency, timeout_s) for model in models)
    return [ModelClient(settings, QUICK) for settings in chosen]


def all_at_once(asking: Sequence[ModelClient], each: int) -> list[Reply | BaseException]:
    """What every client gets for so many questions of each."""

    async def ask() -> list[Reply | BaseException]:
        questions = (client.ask(MESSAGES, SCHEMA) for client in asking for _ in range(each))
        came = await asyncio.gather(*questions, return_exceptions=True)
        for client in asking:
            await client.close()
        return came

    return asyncio.run(ask())


def data_of(came: Sequence[Reply | BaseException]) -> list[Json]:
    return [each.data if isinstance(each, Reply) else each for each in came]


def formats(server: ModelServer) -> Counter[str]:
    """How often each format was asked for."""
    return Counter(map(format_of, server.requests()))


@pytest.mark.parametrize("models", [("honest", "honest"), ("honest", "honest:ok")])
def test_the_questions_of_all_clients_of_an_endpoint_are_one_budget(
    server: ModelServer, models: tuple[str, str]
) -> None:
    came = all_at_once(clients(server, *models, concurrency=3), each=8)
    assert data_of(came) == [ANSWER] * 16
    assert server.most_at_once() == 3


def test_the_formats_are_probed_by_one_question_for_all_clients(server: ModelServer) -> None:
    came = all_at_once(clients(server, "honest", "honest", kind="json-only"), each=5)
    assert data_of(came) == [ANSWER] * 10
    assert formats(server) == {"strict": 1, "json_schema": 1, "tool": 1, "json_object": 10}


def test_each_model_of_an_endpoint_is_probed(server: ModelServer) -> None:
    came = all_at_once(clients(server, "honest", "honest:ok", kind="no-strict"), each=3)
    assert data_of(came) == [ANSWER] * 6
    assert formats(server) == {"strict": 2, "json_schema": 6}


@pytest.mark.parametrize(
    ("step", "code", "calls"),
    [("401", "LLM_BAD_REQUEST", 1), ("refusal", "LLM_BLOCKED", 1), ("silent", "LLM_TIMEOUT", 1)],
)
def test_a_probe_that_fails_fails_alone(server: ModelServer, step: str, code: str, calls: int) -> None:
    (asking,) = clients(server, f"honest:{step},ok", timeout_s=1.0)
    first, *others = all_at_once([asking], each=6)
    assert isinstance(first, ModelFailure)
    assert (first.code.name, first.usage.llm_calls) == (code, calls)
    assert data_of(others) == [ANSWER] * 5


def test_a_probe_that_is_cancelled_lets_the_others_go_on(server: ModelServer) -> None:
    async def ask() -> Reply:
        (asking,) = clients(server, "honest:silent,ok")
        probe = asyncio.create_task(asking.ask(MESSAGES, SCHEMA))
        second = asyncio.create_task(asking.ask(MESSAGES, SCHEMA))
        while not await asyncio.to_thread(server.count):
            await asyncio.sleep(0.01)
        probe.cancel()
        try:
            return await second
        finally:
            await asking.close()

    assert asyncio.run(ask()).data == ANSWER
    assert server.count() == 2


def test_a_client_that_closes_leaves_the_line_to_the_others(server: ModelServer) -> None:
    async def ask() -> list[Json]:
        first, second = clients(server, "honest", "honest", kind="no-strict")
        replies = [await first.ask(MESSAGES, SCHEMA)]
        slow = asyncio.create_task(second.ask(MESSAGES, SCHEMA))
        while await asyncio.to_thread(server.count) < 3:
            await asyncio.sleep(0.01)
        await first.close()
        replies += [await slow, await second.ask(MESSAGES, SCHEMA)]
        await second.close()
        return [reply.data for reply in replies]

    assert asyncio.run(ask()) == [ANSWER] * 3
    assert formats(server) == {"strict": 1, "json_schema": 3}


def test_a_pause_holds_back_every_client(server: ModelServer) -> None:
    async def ask() -> tuple[Reply, float]:
        limited, other = clients(server, "honest:429@2,ok", "honest")
        first = asyncio.create_task(limited.ask(MESSAGES, SCHEMA))
        while not await asyncio.to_thread(server.count):
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.4)
        start = time.monotonic()
        second = await other.ask(MESSAGES, SCHEMA)
        waited = time.monotonic() - start
        await first
        await limited.close()
        await other.close()
        return second, waited

    second, waited = asyncio.run(ask())
    assert (second.data, second.usage.llm_calls) == (ANSWER, 1)
    assert (waited > 0.5, server.count()) == (True, 3)
