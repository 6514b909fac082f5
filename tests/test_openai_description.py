"""The check of captured requests finds what OpenAI would refuse."""

from __future__ import annotations

from typing import Any

import pytest

from tests.openai_description import request_faults

STRICT = {
    "type": "object",
    "properties": {"price": {"type": ["number", "null"]}},
    "required": ["price"],
    "additionalProperties": False,
}


def body(**changes: Any) -> dict[str, Any]:
    return {"model": "any", "messages": [{"role": "user", "content": "Hello"}]} | changes


def tool(**function: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": "answer"} | function}


def formatted(schema: Any, **changes: Any) -> dict[str, Any]:
    named = {"name": "answer", "strict": True, "schema": schema} | changes
    return {"type": "json_schema", "json_schema": named}


@pytest.mark.parametrize(
    "good",
    [
        body(),
        body(max_tokens=10, temperature=0, response_format={"type": "json_object"}),
        body(response_format=formatted(STRICT)),
        body(response_format=formatted({"type": "array"}, strict=False)),
        body(tools=[tool(parameters=STRICT, strict=True)]),
    ],
)
def test_a_good_request_has_no_faults(good: dict[str, Any]) -> None:
    assert request_faults(good) == []


@pytest.mark.parametrize(
    ("bad", "fault"),
    [
        (body(messages=[]), "messages"),
        (body(messages=[{"role": "page", "content": "Hello"}]), "messages[0]"),
        ({"messages": body()["messages"]}, "model"),
        (body(temperature=3), "temperature"),
        (body(max_completion_tokens="many"), "max_completion_tokens"),
        (body(guided_json={}), "guided_json: unknown"),
        (body(response_format=formatted(STRICT, name="an answer")["json_schema"]), "response_format"),
        (body(response_format=formatted(STRICT | {"required": []})), "required is not all"),
        (body(tools=[tool(parameters={"type": "array"}, strict=True)]), "the root is no object"),
        (body(response_format=formatted({"type": "array"})), "the root is no object"),
    ],
)
def test_a_bad_request_has_its_fault(bad: dict[str, Any], fault: str) -> None:
    assert fault in "\n".join(request_faults(bad))
