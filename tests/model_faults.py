"""How endpoints fail, by the name of a step, and which formats each kind of endpoint takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from time import time
from typing import Any

Json = Any

HTML = "<!doctype html><html><body><h1>502 Bad Gateway</h1></body></html>"


@dataclass(frozen=True)
class Wire:
    """What goes back over the wire. `ending`: how the connection is left, see `tests.model_site`."""

    body: str
    status: int = 200
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: str = "whole"
    wait: float = 0.0


def error(status: int, message: str, code: str | None = None, **headers: str) -> Wire:
    body = {"error": {"message": message, "type": "invalid_request_error", "param": None, "code": code}}
    return Wire(json.dumps(body), status, headers=headers)


def completion(body: Json, **message: Json) -> Json:
    """A chat completion as OpenAI's description has it; costs are counted in bytes / 4."""
    spoken = {"role": "assistant", "content": None, "refusal": None} | message
    asked = len(json.dumps(body["messages"], ensure_ascii=False).encode()) // 4
    told = len(json.dumps(message, ensure_ascii=False).encode()) // 4
    return {
        "id": "chatcmpl-stand-in",
        "object": "chat.completion",
        "created": int(time()),
        "model": body["model"],
        "choices": [{"index": 0, "message": spoken, "finish_reason": "stop", "logprobs": None}],
        "usage": {"prompt_tokens": asked, "completion_tokens": told, "total_tokens": asked + told},
    }


def whole(answer: Json) -> Wire:
    return Wire(json.dumps(answer))


def _content(change: Callable[[str], str | None]) -> Callable[[Json], Json]:
    """A fault in the content (or in a tool's arguments) of an answer that is well formed otherwise."""

    def spoil(answer: Json) -> Json:
        message = answer["choices"][0]["message"]
        calls = message.get("tool_calls")
        if calls:
            calls[0]["function"]["arguments"] = change(calls[0]["function"]["arguments"])
        else:
            message["content"] = change(message["content"])
        return answer

    return spoil


def _finish(reason: str, spoil: Callable[[Json], Json]) -> Callable[[Json], Json]:
    def finish(answer: Json) -> Json:
        answer["choices"][0]["finish_reason"] = reason
        return spoil(answer)

    return finish


def _cut(text: str) -> str:
    return text[: len(text) // 2]


def _refuse(answer: Json) -> Json:
    answer["choices"][0]["message"] |= {"content": None, "refusal": "I can't help with that."}
    return answer


def _parts(answer: Json) -> Json:
    message = answer["choices"][0]["message"]
    message["content"] = [{"type": "text", "text": message["content"]}]
    return answer


def _first_twice(text: str) -> str:
    key = next(iter(json.loads(text)), "a")
    return "{" + f'"{key}": "first of two", ' + text.lstrip()[1:]


def _first_nan(text: str) -> str:
    answer = json.loads(text)
    return json.dumps(answer | {next(iter(answer), "a"): float("nan")})


def _message(message: Json) -> Callable[[Json], Json]:
    """A message that is no message as OpenAI's description has it, or has more than that."""

    def spoil(answer: Json) -> Json:
        choice = answer["choices"][0]
        choice["message"] = choice["message"] | message if isinstance(message, dict) else message
        return answer

    return spoil


ANSWERS: Mapping[str, Callable[[Json], Json]] = {
    "ok": lambda answer: answer,
    "error200": lambda answer: {"error": {"message": "upstream failed", "code": 502}},
    "choices-null": lambda answer: answer | {"choices": None},
    "choices-empty": lambda answer: answer | {"choices": []},
    "null": _content(lambda text: None),
    "empty": _content(lambda text: ""),
    "refusal": _refuse,
    "length": _finish("length", _content(_cut)),
    "filter": _finish("content_filter", _content(lambda text: None)),
    "nan": _content(_first_nan),
    "duplicate": _content(_first_twice),
    "prose": _content(lambda text: "Certainly! I looked at the page, and it is a very nice page."),
    "fenced": _content(lambda text: f"Here you are:\n```json\n{text}\n```\nAnything else?"),
    "comma": _content(lambda text: text.rstrip()[:-1] + ",}"),
    "cut-json": _content(_cut),
    "wrong": _content(lambda text: '{"unasked": [1, 2, 3]}'),
    "list": _content(lambda text: f"[{text}]"),
    "deep": _content(lambda text: "[" * 100_000),
    "digits": _content(lambda text: '{"a": ' + "9" * 10_000 + "}"),
    "infinite": _content(lambda text: text.rstrip()[:-1] + ', "more": 1e999}'),
    "thoughts": _content(lambda text: f"<think>Is it {{a}} or {{b}}?</think>\n{text}"),
    "parts": _parts,
    "message-text": _message("Here is your answer."),
    "odd-refusal": _message({"refusal": {"reason": "unsafe"}}),
    "odd-tools": _message({"tool_calls": [{"type": "function"}]}),
    "huge": _content(lambda text: text + " " * 4_000_000),
    "runaway": _content(lambda text: '{"title": "' + "and so on " * 400_000),
    "half": _content(lambda text: text.replace('{"', '{"more\\ud83d": 1, "', 1)),
    "odd-stock": _content(lambda text: json.dumps(json.loads(text) | {"stock": "Perhaps"})),
    "million": lambda answer: (
        answer | {"usage": {"prompt_tokens": 10**6, "completion_tokens": 7, "total_tokens": 1}}
    ),
    "no-usage": lambda answer: answer | {"usage": None},
    "odd-usage": lambda answer: answer | {"usage": {"prompt_tokens": "many", "completion_tokens": -5}},
}
"""Answers with status 200 whose JSON arrives whole."""


def _retry_after(detail: str) -> str:
    return formatdate(time() + float(detail[1:]), usegmt=True) if detail.startswith("+") else detail


def play(step: str, answer: Json) -> Wire:
    """A step and its detail: `429@2` names seconds for Retry-After, `429@+2` a date, `slow@0.3` a wait."""
    name, _, detail = step.partition("@")
    if name in ANSWERS:
        return whole(ANSWERS[name](answer))
    if name.isdigit():
        headers = {"Retry-After": _retry_after(detail)} if detail else {}
        return error(int(name), f"stand-in plays {name}", **headers)
    if name == "slow":
        return Wire(json.dumps(answer), wait=float(detail))
    return _wire(name, detail, json.dumps(answer))


def _wire(name: str, detail: str, body: str) -> Wire:
    plays = {
        "html": Wire(HTML, content_type="text/html"),
        "html502": Wire(HTML, 502, "text/html"),
        "text": Wire("upstream is warming up", content_type="text/plain"),
        "blank": Wire(""),
        "truncated": Wire(_cut(body)),
        "silent": Wire("", ending="silent"),
        "stall": Wire(body, ending="stall"),
        "reset": Wire(body, ending="reset"),
        "cut": Wire(body, ending="cut"),
        "quota": error(429, "You exceeded your current quota", "insufficient_quota"),
        "long-prompt": error(400, "maximum context length is 8192 tokens", "context_length_exceeded"),
        "filter400": error(400, "The prompt was filtered", "content_filter"),
        "echo": error(401, f"Incorrect API key provided: {detail}"),
        "no-model": error(404, 'model "m" not found, try pulling it first'),
        "500-string": Wire('{"error": "failed to parse grammar"}', 500),
        "500-detail": Wire('{"detail": "guided json_schema failed"}', 500),
        "500-format": error(500, "response_format is not supported by this backend"),
        "501-format": error(501, "json_schema is not implemented"),
    }
    return plays[name]


def format_of(body: Json) -> str:
    """Which format a request asks for: `strict`, `json_schema`, `tool`, `json_object` or `plain`."""
    kind = body.get("response_format", {}).get("type", "plain")
    if kind == "json_schema" and body["response_format"]["json_schema"].get("strict"):
        return "strict"
    return "tool" if body.get("tools") else str(kind)


@dataclass(frozen=True)
class Kind:
    """An endpoint: what it refuses (by format, with a status), accepts without enforcing, and ignores."""

    refuses: Mapping[str, int] = field(default_factory=dict)
    ignores: frozenset[str] = frozenset()
    most_tokens: str | None = None
    unsupported: tuple[str, ...] = ()

    def objection(self, body: Json) -> Wire | None:
        for parameter in self.unsupported:
            if parameter in body:
                return error(400, f"Unsupported parameter: '{parameter}' is not supported with this model.")
        asked = format_of(body)
        status = self.refuses.get(asked)
        if status is not None:
            return error(status, f"response_format or tools: '{asked}' is not supported here")
        return None

    def enforces(self, body: Json) -> bool:
        return format_of(body) not in self.ignores

    def cuts(self, body: Json) -> bool:
        """Whether the answer stops after a few tokens, as the name for their number is not the server's."""
        return self.most_tokens is not None and self.most_tokens not in body


KINDS: Mapping[str, Kind] = {
    "openai": Kind(),
    "llama-cpp-python": Kind({"strict": 500, "json_schema": 500}, most_tokens="max_tokens"),
    "lm-studio": Kind({"json_object": 400}),
    "no-strict": Kind({"strict": 400}),
    "tools-only": Kind({"strict": 422, "json_schema": 422, "json_object": 422}),
    "json-only": Kind({"strict": 415, "json_schema": 400, "tool": 404}),
    "bare": Kind({"strict": 400, "json_schema": 400, "tool": 400, "json_object": 400}),
    "ollama-cloud": Kind(ignores=frozenset({"strict", "json_schema", "tool"})),
    "gemini": Kind({"strict": 400}),
    "anthropic": Kind(ignores=frozenset({"strict", "json_schema", "json_object"})),
    "reasoning": Kind(unsupported=("max_tokens", "temperature")),
}
