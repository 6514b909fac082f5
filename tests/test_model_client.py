"""The model's client against a real endpoint that plays every failure: an answer or a typed failure, soon."""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Iterator
from typing import Any

import pytest
from scrapy.settings import Settings

from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json, Usage
from runo_spiders.llm.client import Check, ModelClient
from runo_spiders.llm.endpoint import Endpoint
from runo_spiders.llm.model import Message, ModelFailure, ModelSettings, Reply
from runo_spiders.llm.retry import Patience
from tests.model_faults import format_of
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests

TRUTH = {
    "Blue kettle": {"title": "Blue kettle", "price": {"value": 19.9, "quote": "19,90"}, "stock": "InStock"}
}
PAGE = "# Blue kettle\n19,90 €, ready to ship"
ANSWER = {"title": "Blue kettle", "price": 19.9, "stock": "InStock"}
SCHEMA: Json = {
    "type": "object",
    "properties": {
        "title": {"type": ["string", "null"]},
        "price": {"type": ["number", "null"]},
        "stock": {"anyOf": [{"type": "string", "enum": ["InStock", "OutOfStock"]}, {"type": "null"}]},
    },
    "required": ["title", "price", "stock"],
    "additionalProperties": False,
}
MESSAGES: list[Message] = [
    {"role": "system", "content": "Read the product."},
    {"role": "user", "content": PAGE},
]
QUICK = Patience(base_s=0.01, most_s=0.05)
KEY = "sk-canary-31415926"


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer(TRUTH) as server, only_valid_requests(server):
        yield server


def client(server: ModelServer, model: str = "honest", kind: str = "openai", **more: Any) -> ModelClient:
    options: dict[str, Any] = {"timeout_s": 10.0, "api_key": KEY} | more
    return ModelClient(ModelSettings(model, server.base_url(kind), **options), QUICK)


async def asked(client: ModelClient, check: Check | None = None, times: int = 1) -> list[Reply]:
    try:
        return [await client.ask(MESSAGES, SCHEMA, check=check) for _ in range(times)]
    finally:
        await client.close()


def ask(client: ModelClient, check: Check | None = None) -> Reply:
    return asyncio.run(asked(client, check))[0]


def failure(client: ModelClient) -> ModelFailure:
    with pytest.raises(ModelFailure) as raised:
        ask(client)
    return raised.value


def test_an_answer_in_the_schema_and_what_it_cost(server: ModelServer) -> None:
    reply = ask(client(server))
    told = server.usage()
    assert reply.data == ANSWER
    assert reply.usage == Usage(0, 1, told["prompt_tokens"], told["completion_tokens"])
    assert server.headers()[0]["authorization"] == f"Bearer {KEY}"


SAVED = {
    "429,ok": 2,
    "429,429,429,ok": 4,
    "429@1,ok": 2,
    "429@+1,ok": 2,
    "429@0,ok": 2,
    "429@-1,ok": 2,
    "429@soon,ok": 2,
    "500,ok": 2,
    "502,503,504,ok": 4,
    "529,ok": 2,
    "408,ok": 2,
    "html502,ok": 2,
    "reset,ok": 2,
    "cut,ok": 2,
    "html,ok": 2,
    "text,ok": 2,
    "blank,ok": 2,
    "truncated,ok": 2,
    "error200,ok": 2,
    "choices-null,ok": 2,
    "choices-empty,ok": 2,
    "null,ok": 2,
    "empty,ok": 2,
    "length,ok": 2,
    "prose,ok": 2,
    "cut-json,ok": 2,
    "nan,ok": 2,
    "duplicate,ok": 2,
    "list,ok": 2,
    "deep,ok": 2,
    "digits,ok": 2,
    "infinite,ok": 2,
    "500-format,ok": 2,
    "501-format,ok": 2,
    "500-string,ok": 2,
    "500-detail,ok": 2,
    "wrong,ok": 2,
    "slow@0.2": 1,
    "fenced": 1,
    "comma": 1,
    "thoughts": 1,
    "parts": 1,
    "million": 1,
    "huge": 1,
    "odd-tools": 1,
    "runaway,ok": 2,
    "message-text,ok": 2,
    "half,ok": 2,
    "no-usage": 1,
    "odd-usage": 1,
}


@pytest.mark.parametrize("steps", SAVED)
def test_a_fault_that_passes_costs_no_answer(server: ModelServer, steps: str) -> None:
    reply = ask(client(server, f"honest:{steps}"))
    assert reply.data == ANSWER
    assert reply.usage.llm_calls == server.count() == SAVED[steps]


LOST = {
    "400": ("LLM_BAD_REQUEST", 5),
    "401": ("LLM_BAD_REQUEST", 1),
    "403": ("LLM_BAD_REQUEST", 1),
    "413": ("LLM_BAD_REQUEST", 1),
    "no-model": ("LLM_BAD_REQUEST", 1),
    "long-prompt": ("LLM_BAD_REQUEST", 1),
    "429": ("LLM_RATE_LIMITED", 4),
    "429@1000000000": ("LLM_RATE_LIMITED", 1),
    "quota": ("LLM_RATE_LIMITED", 1),
    "500": ("LLM_UNAVAILABLE", 4),
    "503": ("LLM_UNAVAILABLE", 4),
    "html502": ("LLM_UNAVAILABLE", 4),
    "reset": ("LLM_UNAVAILABLE", 4),
    "cut": ("LLM_UNAVAILABLE", 4),
    "html": ("LLM_ERROR", 2),
    "blank": ("LLM_ERROR", 2),
    "truncated": ("LLM_ERROR", 2),
    "error200": ("LLM_ERROR", 2),
    "choices-null": ("LLM_EMPTY", 2),
    "choices-empty": ("LLM_EMPTY", 2),
    "null": ("LLM_EMPTY", 2),
    "empty": ("LLM_EMPTY", 2),
    "length": ("LLM_TRUNCATED", 2),
    "length,400": ("LLM_TRUNCATED", 2),
    "message-text": ("LLM_EMPTY", 2),
    "runaway": ("LLM_ERROR", 5),
    "half": ("LLM_ERROR", 2),
    "refusal": ("LLM_BLOCKED", 1),
    "odd-refusal": ("LLM_BLOCKED", 1),
    "filter": ("LLM_BLOCKED", 1),
    "filter400": ("LLM_BLOCKED", 1),
    "prose": ("LLM_ERROR", 5),
    "nan": ("LLM_ERROR", 5),
    "duplicate": ("LLM_ERROR", 5),
    "cut-json": ("LLM_ERROR", 5),
    "wrong": ("LLM_ERROR", 2),
}
FINAL = {"LLM_BAD_REQUEST", "LLM_BLOCKED"}


@pytest.mark.parametrize("steps", LOST)
def test_a_fault_that_stays_is_a_typed_failure_after_few_calls(server: ModelServer, steps: str) -> None:
    code, calls = LOST[steps]
    lost = failure(client(server, f"honest:{steps}"))
    told = server.usage()
    assert (lost.code.name, lost.usage.llm_calls, server.count()) == (code, calls, calls)
    assert lost.retryable is (code not in FINAL)
    assert lost.usage.input_tokens == told.get("prompt_tokens", 0)
    assert KEY not in str(lost)


@pytest.mark.parametrize("step", ["silent", "stall", "slow@30"])
def test_an_endpoint_that_stalls_ends_with_the_question(server: ModelServer, step: str) -> None:
    lost = failure(client(server, f"honest:{step}", timeout_s=0.5))
    assert (lost.code.name, lost.usage.llm_calls, server.count()) == ("LLM_TIMEOUT", 1, 1)


def test_a_server_that_is_gone() -> None:
    with ModelServer() as server:
        gone = client(server)
    lost = failure(gone)
    assert (lost.code.name, lost.usage.llm_calls) == ("LLM_UNAVAILABLE", 4)


def test_a_model_that_is_not_there(server: ModelServer) -> None:
    lost = failure(client(server, "nobody"))
    assert (lost.code.name, server.count()) == ("LLM_BAD_REQUEST", 1)
    assert "`nobody` does not exist" in lost.detail


@pytest.mark.parametrize(
    ("step", "tokens"), [("million", (1_000_000, 7)), ("no-usage", None), ("odd-usage", None)]
)
def test_usage_is_what_the_endpoint_says_else_an_estimate(
    server: ModelServer, step: str, tokens: tuple[int, int] | None
) -> None:
    usage = ask(client(server, f"honest:{step}")).usage
    estimate = (sum(len(message["content"].encode()) // 4 for message in MESSAGES), usage.output_tokens)
    assert (usage.input_tokens, usage.output_tokens) == (tokens or estimate)
    assert usage.output_tokens > 0


FORMATS = {
    "openai": ["strict"],
    "no-strict": ["strict", "json_schema"],
    "llama-cpp-python": ["strict", "json_schema", "tool"],
    "tools-only": ["strict", "json_schema", "tool"],
    "json-only": ["strict", "json_schema", "tool", "json_object"],
    "lm-studio": ["strict"],
    "ollama-cloud": ["strict", "json_schema", "tool", "json_object"],
    "gemini": ["strict", "json_schema"],
    "anthropic": ["strict", "json_schema", "tool"],
    "bare": ["strict", "json_schema", "tool", "json_object", "plain"],
}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_format_is_probed_once_and_kept(server: ModelServer, kind: str) -> None:
    replies = asyncio.run(asked(client(server, kind=kind), times=3))
    assert [reply.data for reply in replies] == [ANSWER] * 3
    steps = FORMATS[kind]
    assert [format_of(body) for body in server.requests()] == [*steps, steps[-1], steps[-1]]


def test_a_format_that_worked_survives_one_bad_answer(server: ModelServer) -> None:
    replies = asyncio.run(asked(client(server, "honest:ok,prose,ok,400,ok,ok"), times=4))
    assert [reply.data for reply in replies] == [ANSWER] * 4
    asked_for = [format_of(body) for body in server.requests()]
    assert asked_for == ["strict", "strict", "strict", "strict", "json_schema", "strict"]


def test_a_format_that_stops_working_is_given_up(server: ModelServer) -> None:
    replies = asyncio.run(asked(client(server, "honest:ok,400,ok,400,ok,ok"), times=4))
    assert [reply.data for reply in replies] == [ANSWER] * 4
    assert [format_of(body) for body in server.requests()][3:] == ["strict", "json_schema", "json_schema"]


def test_refused_parameters_are_learned_once(server: ModelServer) -> None:
    replies = asyncio.run(asked(client(server, kind="reasoning"), times=2))
    assert [reply.data for reply in replies] == [ANSWER] * 2
    first, *_, last = [
        set(body) & {"max_tokens", "max_completion_tokens", "temperature"} for body in server.requests()
    ]
    assert (first, last) == ({"max_tokens", "temperature"}, {"max_completion_tokens"})
    assert server.count() == 4


def test_a_cut_answer_is_asked_for_with_a_bigger_budget(server: ModelServer) -> None:
    ask(client(server, "honest:length,ok", max_output_tokens=100))
    assert [body["max_tokens"] for body in server.requests()] == [100, 400]


def test_the_faults_of_an_answer_are_told_in_the_one_re_ask(server: ModelServer) -> None:
    ask(client(server, "honest:wrong,ok"))
    told = server.requests()[1]["messages"]
    assert [message["role"] for message in told] == ["system", "user", "assistant", "user"]
    assert "'title' is a required property" in told[-1]["content"]


def test_the_callers_check_is_asked_too(server: ModelServer) -> None:
    seen: list[Json] = []

    def once(answer: Json) -> list[str]:
        seen.append(answer)
        return ["the price is odd"] if len(seen) == 1 else []

    reply = ask(client(server), once)
    assert (reply.data, seen, reply.usage.llm_calls) == (ANSWER, [ANSWER, ANSWER], 2)
    assert "the price is odd" in server.requests()[1]["messages"][-1]["content"]


def test_an_answer_that_never_passes_the_check_is_no_answer(server: ModelServer) -> None:
    with pytest.raises(ModelFailure) as raised:
        ask(client(server), lambda answer: ["never good"])
    assert (raised.value.code.name, raised.value.detail, server.count()) == ("LLM_ERROR", "never good", 2)


def test_one_value_outside_the_schema_costs_only_itself(server: ModelServer) -> None:
    reply = ask(client(server, "honest:odd-stock"))
    assert (reply.data, server.count()) == (ANSWER | {"stock": None}, 2)


def test_plain_text(server: ModelServer) -> None:
    async def complete() -> tuple[str, Usage]:
        talker = client(server)
        try:
            return await talker.complete(MESSAGES)
        finally:
            await talker.close()

    text, usage = asyncio.run(complete())
    assert text == "I was asked for no schema."
    assert usage.llm_calls == 1


def test_no_more_questions_at_once_than_the_setting_says() -> None:
    async def many(server: ModelServer) -> None:
        talker = client(server, concurrency=3)
        await asyncio.gather(*(talker.ask(MESSAGES, SCHEMA) for _ in range(12)))
        await talker.close()

    with ModelServer(TRUTH, latency=0.1) as server:
        asyncio.run(many(server))
        assert (server.count(), server.most_at_once()) == (12, 3)


def test_waiting_for_a_turn_is_not_counted_as_time() -> None:
    async def queue(server: ModelServer) -> list[Reply]:
        talker = client(server, concurrency=1, timeout_s=0.8)
        replies = await asyncio.gather(*(talker.ask(MESSAGES, SCHEMA) for _ in range(4)))
        await talker.close()
        return replies

    with ModelServer(TRUTH, latency=0.3) as server:
        assert [reply.data for reply in asyncio.run(queue(server))] == [ANSWER] * 4


def test_a_server_without_a_key_gets_a_placeholder(server: ModelServer) -> None:
    ask(client(server, api_key=""))
    assert server.headers()[0]["authorization"] == "Bearer none"


def test_a_name_in_the_address_is_who_asks(server: ModelServer) -> None:
    url = server.base_url().replace("://", "://me:secret@")
    talker = ModelClient(ModelSettings("honest", url, KEY), QUICK)
    assert ask(talker).data == ANSWER
    assert server.headers()[0]["authorization"] == "Basic bWU6c2VjcmV0"


async def asked_by_proxy(answer: Json) -> tuple[list[str], Reply]:
    """What a proxy is told to fetch for a question, and the reply to it; the proxy answers by itself."""
    fetched: list[str] = []
    content = json.dumps({"choices": [{"message": {"content": json.dumps(answer)}}]})

    async def fetch(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        fetched.append(head.partition("\r\n")[0])
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(content)}\r\n\r\n{content}".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(fetch, "127.0.0.1") as proxy:
        port = proxy.sockets[0].getsockname()[1]
        os.environ["http_proxy"] = f"http://127.0.0.1:{port}"
        settings = ModelSettings("honest", "http://model.example/v1", KEY, timeout_s=10.0)
        (reply,) = await asked(ModelClient(settings, QUICK))
    return fetched, reply


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "set below, and unset afterwards")
    fetched, reply = asyncio.run(asked_by_proxy(ANSWER))
    assert fetched == ["POST http://model.example/v1/chat/completions HTTP/1.1"]
    assert reply.data == ANSWER


def test_a_key_that_the_endpoint_echoes_is_not_passed_on(server: ModelServer) -> None:
    lost = failure(client(server, f"honest:echo@{KEY}"))
    assert lost.info.message.endswith("Incorrect API key provided: *** (the key is OPENAI_API_KEY)")


def test_neither_key_nor_prompt_is_logged(server: ModelServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    ask(client(server, "honest:429,ok"))
    assert KEY not in caplog.text
    assert "Blue kettle" not in caplog.text
    assert KEY not in repr(client(server).settings)


def settings_of(names: dict[str, str]) -> ModelSettings | None:
    return ModelSettings.from_settings(Settings(names))


def test_the_settings_of_a_model(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUNO_MODEL", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    assert settings_of({}) is None
    assert settings_of({"RUNO_MODEL": "m"}) == ModelSettings("m", None, KEY)
    limits = {
        "RUNO_MODEL": "m",
        "RUNO_MODEL_CONCURRENCY": "2",
        "RUNO_MODEL_TIMEOUT_MS": "1500",
        "RUNO_MODEL_MAX_OUTPUT_TOKENS": "99",
    }
    monkeypatch.setenv("OPENAI_BASE_URL", "http://localhost/v1")
    assert settings_of(limits) == ModelSettings("m", "http://localhost/v1", KEY, 2, 1.5, 99)
    with pytest.raises(UsageMistake, match="RUNO_MODEL_TIMEOUT_MS"):
        settings_of({"RUNO_MODEL": "m", "RUNO_MODEL_TIMEOUT_MS": "0"})


def test_a_model_without_an_endpoint_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageMistake, match="OPENAI_API_KEY"):
        settings_of({"RUNO_MODEL": "m"})
    monkeypatch.setenv("OPENAI_BASE_URL", "localhost:11434/v1")
    with pytest.raises(UsageMistake, match="OPENAI_BASE_URL"):
        settings_of({"RUNO_MODEL": "m"})


@pytest.mark.parametrize(
    ("base_url", "is_openai"),
    [
        (None, True),
        ("https://api.openai.com/v1", True),
        ("https://eu.api.openai.com:443/v1", True),
        ("https://mine.openai.azure.com/openai/v1", True),
        ("http://localhost:8000/v1", False),
        ("https://openai.com.example/v1", False),
        ("https://notopenai.com/v1", False),
    ],
)
def test_which_endpoint_is_openais_own(base_url: str | None, is_openai: bool) -> None:
    assert Endpoint(ModelSettings("m", base_url)).is_openai is is_openai
