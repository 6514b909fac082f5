"""Checks a captured request body against OpenAI's own description of chat completions.

The description lies in `data/openai-chat-completions.json`: the request schema and all that it refers to,
texts left out (MIT licence, beside it). It knows nothing of the strict subset: `tests.strict_subset` does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from runo_spiders.items import Json
from tests.model_server import ModelServer
from tests.strict_subset import strict_faults

DESCRIPTION = Path(__file__).with_name("data") / "openai-chat-completions.json"
_URI = "urn:openai"
_REQUEST = "#/components/schemas/CreateChatCompletionRequest"


def request_faults(body: Json) -> list[str]:
    """What OpenAI would not take in the body of a chat completion; empty if all is well.

    Besides what the description says: parameters that it does not know, and a response format or a tool that
    calls itself strict and is outside the strict subset.
    """
    validator = _validator()
    faults = [f"{error.json_path}: {error.message[:300]}" for error in validator.iter_errors(body)]
    if faults:
        return faults
    unknown = [f"$.{name}: unknown parameter" for name in body if name not in _parameters()]
    return unknown + [fault for schema in _strict_schemas(body) for fault in strict_faults(schema)]


@contextmanager
def only_valid_requests(server: ModelServer) -> Iterator[None]:
    """At the end each body that the stand-in got must be one that OpenAI would take."""
    yield
    assert [fault for body in server.requests() for fault in request_faults(body)] == []


@lru_cache(maxsize=1)
def _description() -> Json:
    return json.loads(DESCRIPTION.read_text("utf-8"))


@lru_cache(maxsize=1)
def _validator() -> Draft202012Validator:
    resource: Resource[Json] = Resource.from_contents(_description(), default_specification=DRAFT202012)
    registry: Registry[Json] = Registry().with_resource(_URI, resource)
    return Draft202012Validator({"$ref": _URI + _REQUEST}, registry=registry)


@lru_cache(maxsize=1)
def _parameters() -> frozenset[str]:
    return frozenset(_properties({"$ref": _REQUEST}))


def _properties(node: Json) -> Iterator[str]:
    """The names of the properties of an object that is put together with `allOf` and `$ref`."""
    if "$ref" in node:
        yield from _properties(_description()["components"]["schemas"][node["$ref"].rsplit("/", 1)[1]])
    for part in node.get("allOf", ()):
        yield from _properties(part)
    yield from node.get("properties", {})


def _strict_schemas(body: Json) -> Iterator[Json]:
    """The schemas in a well-formed body that are said to be strict."""
    response_format = body.get("response_format", {}).get("json_schema", {})
    functions = [tool.get("function", {}) for tool in body.get("tools", ())]
    yield from (function["parameters"] for function in functions if function.get("strict"))
    if response_format.get("strict"):
        yield response_format["schema"]
