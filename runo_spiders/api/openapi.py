"""OpenAPI 3.1 from the table of routes and the models that check the bodies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

import runo_spiders
from runo_spiders.api.answers import ErrorAnswer
from runo_spiders.api.bodies import UploadBody
from runo_spiders.api.faults import CODES
from runo_spiders.api.routes import Parameter, Route
from runo_spiders.items import Json

_REF = "#/components/schemas/{model}"
_JSON = "application/json"
_JOB_ID = {
    "name": "job",
    "in": "path",
    "required": True,
    "schema": {"type": "string"},
    "description": "as `X-Job-ID` has it",
}
_ABOUT_HEADERS = {
    "X-Job-ID": ("the job of this answer", {"type": "string"}),
    "X-RateLimit-Limit": ("requests a minute of the key, where it has a limit", {"type": "integer"}),
    "X-RateLimit-Remaining": ("how many are left", {"type": "integer"}),
    "X-RateLimit-Reset": ("when all are there again, in Unix time", {"type": "integer"}),
    "X-Monthly-Usage-Limit": ("units a month of the key, where it has a limit", {"type": "integer"}),
    "X-Monthly-Usage-Remaining": ("how many are left", {"type": "integer"}),
}
_LIST = {"type": "string", "description": "one URL a line; other columns are carried to the rows"}


def description_of(table: Iterable[Route]) -> dict[str, Json]:
    """The document, as JSON."""
    routes = tuple(table)
    schemas = _schemas(routes)
    paths: dict[str, dict[str, Json]] = defaultdict(dict)
    for route in routes:
        paths[route.path][route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Runo Spiders",
            "version": runo_spiders.__version__,
            "description": "Web pages into structured data: URLs and a schema in, one row per URL out.",
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}, {"bearer": []}],
        "paths": dict(paths),
        "components": {
            "schemas": schemas,
            "headers": {name: _header(*about) for name, about in _ABOUT_HEADERS.items()},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _schemas(routes: Iterable[Route]) -> dict[str, Json]:
    asked: list[type[BaseModel]] = [route.body for route in routes if route.body is not None]
    told = [model for route in routes for model in route.answers.values() if not isinstance(model, str)]
    modes: list[Any] = [
        (model, "validation") for model in dict.fromkeys([*asked, UploadBody, *told, ErrorAnswer])
    ]
    _, document = models_json_schema(modes, ref_template=_REF, by_alias=True)
    found: dict[str, Json] = document["$defs"]
    return found


def _operation(route: Route) -> dict[str, Json]:
    operation: dict[str, Json] = {
        "operationId": route.handler.__name__,
        "summary": route.about,
        "parameters": [
            *([_JOB_ID] if "{job}" in route.path else []),
            *(_parameter(parameter) for parameter in route.parameters),
        ],
        "responses": {**_answers(route), **_errors(route)},
    }
    if route.body is not None:
        operation["requestBody"] = {"required": True, "content": _taken(route, route.body)}
    if route.public:
        operation["security"] = []
    return operation


def _parameter(parameter: Parameter) -> dict[str, Json]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "required": False,
        "description": parameter.about,
        "schema": dict(parameter.schema),
    }


def _taken(route: Route, body: type[BaseModel]) -> dict[str, Json]:
    content: dict[str, Json] = {_JSON: {"schema": _ref(body)}}
    if route.uploads:
        form = {
            "type": "object",
            "required": ["urls"],
            "properties": {"urls": _LIST, "request": _ref(UploadBody)},
            "additionalProperties": False,
        }
        content |= {"text/csv": {"schema": _LIST}, "application/x-ndjson": {"schema": _LIST}}
        content["multipart/form-data"] = {"schema": form}
    return content


def _answers(route: Route) -> Mapping[str, Json]:
    headers = {name: {"$ref": f"#/components/headers/{name}"} for name in _ABOUT_HEADERS}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "headers": {} if route.public else headers,
            "content": {model: {"schema": {}}}
            if isinstance(model, str)
            else {_JSON: {"schema": _ref(model)}},
        }
        for status, model in route.answers.items()
    }


def _errors(route: Route) -> Mapping[str, Json]:
    by_status: dict[int, list[str]] = defaultdict(list)
    for code in route.errors:
        by_status[CODES[code][0]].append(code)
    return {
        str(status): {
            "description": ", ".join(sorted(codes)),
            "content": {_JSON: {"schema": _ref(ErrorAnswer)}},
        }
        for status, codes in sorted(by_status.items())
    }


def _header(about: str, schema: Mapping[str, Json]) -> dict[str, Json]:
    return {"description": about, "schema": dict(schema)}


def _ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": _REF.format(model=model.__name__)}
