"""Reads what came over the wire: each way in which a 200 can hold no answer has its own outcome here."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import chompjs

from runo_spiders.items import Json, Usage
from runo_spiders.llm.model import Completion, Message, ModelFailure
from runo_spiders.llm.retry import Transient

BYTES_PER_TOKEN = 4
_LONGEST_DETAIL = 200


class NotJson(ValueError):
    """A content that is no JSON object: prose, a cut text, NaN, a key that stands twice."""


def body_of(content: bytes) -> Mapping[str, Any]:
    """The JSON object that an endpoint answered with status 200."""
    if content.lstrip()[:1] == b"<":
        raise Transient("LLM_ERROR", "the endpoint answered with a page of HTML", paid=True)
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        raise Transient("LLM_ERROR", "the endpoint's answer is no JSON, or is cut", paid=True) from None
    if not isinstance(body, dict):
        raise Transient("LLM_ERROR", "the endpoint's answer is no object", paid=True)
    return body


def completion_of(body: Mapping[str, Any]) -> Completion:
    """What the model said. Raises `Transient` or `ModelFailure` if it said nothing."""
    if body.get("error"):
        raise Transient("LLM_ERROR", told(body["error"]), paid=True)
    choice = _first(body.get("choices"))
    if not choice:
        raise Transient("LLM_EMPTY", "the answer has no choices", paid=True)
    message = _mapping(choice.get("message"))
    finish = choice.get("finish_reason")
    if message.get("refusal"):
        raise ModelFailure("LLM_BLOCKED", f"the model refused: {_short(str(message['refusal']))}")
    if finish == "content_filter":
        raise ModelFailure("LLM_BLOCKED", "a content filter stopped the answer")
    if choice.get("error"):
        raise Transient("LLM_ERROR", told(choice["error"]), paid=True)
    text = _text(message)
    if not text.strip() and finish != "length":
        raise Transient("LLM_EMPTY", "the answer has no content", paid=True)
    return Completion(text, finish)


def _text(message: Mapping[str, Any]) -> str:
    """The content (some servers give it in parts), or what the forced tool is called with."""
    called = _mapping(_first(message.get("tool_calls")).get("function")).get("arguments")
    content = message.get("content") if called is None else called
    if isinstance(content, list):
        content = "".join(str(_mapping(part).get("text") or "") for part in content)
    if isinstance(content, dict):
        content = json.dumps(content)
    return _writable(content) if isinstance(content, str) else ""


def _writable(text: str) -> str:
    """The text without halves of a character (lone surrogates), which nothing can write or send in UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _first(value: object) -> Mapping[str, Any]:
    """The first of a list of objects; empty if there is none."""
    return _mapping(value[0]) if isinstance(value, list) and value else {}


def cost_of(body: Mapping[str, Any], estimate: Usage) -> Usage:
    """The tokens that an answer says it cost; the estimate for a number that it does not tell."""
    usage = _mapping(body.get("usage"))
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens"), estimate.input_tokens),
        output_tokens=_count(usage.get("completion_tokens"), estimate.output_tokens),
    )


def _count(told: object, estimate: int) -> int:
    return told if isinstance(told, int) and told >= 0 else estimate


def estimated(messages: Sequence[Message], said: str) -> Usage:
    """About what a call costs, from its bytes."""
    asked = sum(_tokens(message["content"]) for message in messages)
    return Usage(input_tokens=asked, output_tokens=_tokens(said))


def _tokens(text: str) -> int:
    return len(text.encode("utf-8", "replace")) // BYTES_PER_TOKEN


def told(error: object) -> str:
    """What an error body says, short enough for a row."""
    if isinstance(error, Mapping):
        error = error.get("message") or error.get("detail") or error.get("code") or "an error without words"
    return _short(str(error))


def _short(text: str) -> str:
    text = _writable(text)
    return text if len(text) <= _LONGEST_DETAIL else f"{text[: _LONGEST_DETAIL - 3]}..."


def json_within(text: str) -> Json:
    """The JSON object of a content, also after thoughts, in a fence, or with a comma too many.

    A text that ends before its object does is never completed. Raises `NotJson`.
    """
    said = text.rpartition("</think>")[2]
    try:
        return _object(_DECODER.decode(said))
    except NotJson:
        raise
    except (ValueError, RecursionError):
        return _object(_repaired(said))


def _repaired(said: str) -> Json:
    start = said.find("{")
    if start < 0:
        raise NotJson("the answer holds no JSON object")
    text = said[start:]
    try:
        return chompjs.parse_js_object(text, loader_kwargs=_STRICTNESS)
    except (ValueError, RecursionError) as fault:
        raise NotJson(_short(str(fault))) from None


def _object(found: Json) -> Json:
    if not isinstance(found, dict):
        raise NotJson("the answer is no JSON object")
    # An escape in the JSON can stand for half a character too.
    written = json.dumps(found, ensure_ascii=False)
    return found if _writable(written) == written else json.loads(_writable(written))


def _no_constant(name: str) -> Json:
    raise NotJson(f"{name} is no JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise NotJson(f"{_short(digits)} is no number that can be kept")
    return number


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotJson("a key stands twice in one object")
    return found


_STRICTNESS: Mapping[str, Any] = {
    "parse_constant": _no_constant,
    "parse_float": _finite,
    "object_pairs_hook": _once,
    "strict": False,
}
"""Strict about what a value is; a raw line break within a text (`strict`) changes nothing about it."""
_DECODER = json.JSONDecoder(**_STRICTNESS)
