"""The process behind `ModelServer`: it answers as its script and the name of the model say."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any, cast

from twisted.web.pages import notFound
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site

from tests.behaviour import Answer, Request, clock, finish, later, raw, wire
from tests.model_faults import KINDS, Kind, Wire, completion, error, play
from tests.model_mind import MINDS
from tests.model_server import Script
from tests.serving import script, serve

Json = Any


class Ledger:
    """What came in and what it cost, as the tests ask for it."""

    def __init__(self) -> None:
        self.bodies: list[Json] = []
        self.headers: list[dict[str, str]] = []
        self.usage: Counter[str] = Counter()
        self.most_at_once = 0
        self._open = 0
        self._asked: Counter[str] = Counter()

    def note(self, request: Request, body: Json) -> int:
        """Keeps a question; tells the how-manieth of its model it is, from 0."""
        raw_headers = request.requestHeaders.getAllRawHeaders()
        self.headers.append({name.decode().lower(): b", ".join(v).decode() for name, v in raw_headers})
        self.bodies.append(body)
        self._open += 1
        self.most_at_once = max(self.most_at_once, self._open)
        request.notifyFinish().addBoth(self._close)
        self._asked[body["model"]] += 1
        return self._asked[body["model"]] - 1

    def _close(self, _: object) -> None:
        self._open -= 1

    def charge(self, wire: Wire) -> None:
        """Counts what an answer tells that it cost; what never arrives whole tells nothing."""
        arrives = wire.ending == "whole" and wire.status == 200 and wire.body.endswith("}")
        usage = json.loads(wire.body).get("usage") if arrives else None
        for name in ("prompt_tokens", "completion_tokens"):
            if usage and isinstance(usage.get(name), int):
                self.usage[name] += usage[name]


class Completions(Resource):
    """POST /KIND/v1/chat/completions"""

    isLeaf = True  # noqa: N815

    def __init__(self, kind: Kind, script: Script, ledger: Ledger) -> None:
        cast(Any, super()).__init__()
        self.kind = kind
        self.script = script
        self.ledger = ledger

    def render_POST(self, request: Request) -> Answer:  # noqa: N802
        body = json.loads(request.content.read())
        nth = self.ledger.note(request, body)
        answer = self.answer(body, nth)
        self.ledger.charge(answer)
        return _send(request, answer, self.script.latency + answer.wait)

    def answer(self, body: Json, nth: int) -> Wire:
        objection = self.kind.objection(body)
        if objection is not None:
            return objection
        mind, _, steps = body["model"].partition(":")
        if mind not in MINDS:
            return error(404, f"The model `{mind}` does not exist", "model_not_found")
        played = steps.split(",") if steps else ["ok"]
        step = played[min(nth, len(played) - 1)]
        return play("length" if self.kind.cuts(body) else step, self.completion(body, mind))

    def completion(self, body: Json, mind: str) -> Json:
        if not self.kind.enforces(body):
            return completion(body, content="Sure! The page shows a nice product.")
        prompt = "\n".join(_texts(body["messages"]))
        schema = _schema(body, prompt)
        if schema is None:
            return completion(body, content="I was asked for no schema.")
        text = json.dumps(MINDS[mind](prompt, schema).answer(self.script.truth), ensure_ascii=False)
        if "tools" in body:
            return _call(body, text)
        return completion(body, content=text)


class Root(Resource):
    """/KIND/v1/chat/completions for each kind of endpoint."""

    def __init__(self, script: Script, ledger: Ledger) -> None:
        cast(Any, super()).__init__()
        self.paths = {
            f"/{name}/v1/chat/completions": Completions(kind, script, ledger) for name, kind in KINDS.items()
        }

    def getChild(self, path: bytes, request: Request) -> Any:  # noqa: N802
        return self.paths.get(request.path.decode()) or notFound()


def _texts(messages: Json) -> Iterator[str]:
    for message in messages:
        content = message.get("content") or ""
        if isinstance(content, str):
            yield content
        else:
            yield from (part["text"] for part in content if part.get("type") == "text")


def _schema(body: Json, prompt: str) -> Json:
    """The schema that is asked for: by format, by tool, else the first one that stands in the prompt."""
    wanted = body.get("response_format", {})
    if wanted.get("type") == "json_schema":
        return wanted["json_schema"].get("schema")
    if body.get("tools"):
        return body["tools"][0]["function"]["parameters"]
    return next(_schemas_in(prompt), None)


def _schemas_in(prompt: str) -> Iterator[Json]:
    decoder = json.JSONDecoder()
    start = prompt.find("{")
    while start >= 0:
        try:
            found, end = decoder.raw_decode(prompt, start)
        except ValueError:
            start = prompt.find("{", start + 1)
            continue
        if isinstance(found, dict) and {"type", "properties"} <= found.keys():
            yield found
        start = prompt.find("{", end)


def _call(body: Json, arguments: str) -> Json:
    name = body["tools"][0]["function"]["name"]
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    answer = completion(body, tool_calls=[call])
    answer["choices"][0]["finish_reason"] = "tool_calls"
    return answer


def _send(request: Request, answer: Wire, wait: float) -> Answer:
    if answer.ending == "silent":
        return NOT_DONE_YET
    if wait:
        return later(request, wait, lambda: _write(request, answer))
    _write(request, answer)
    return NOT_DONE_YET


def _write(request: Request, answer: Wire) -> None:
    body = answer.body.encode()
    if answer.ending in ("stall", "cut"):
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        half = head.encode() + body[: len(body) // 2]
        if answer.ending == "cut":
            raw(request, half)
        else:
            wire(request).write(half)
        return
    if answer.ending == "reset":
        wire(request).abortConnection()
        return
    request.setResponseCode(answer.status)
    request.setHeader("Content-Type", answer.content_type)
    request.setHeader("Content-Length", str(len(body)))
    for name, value in answer.headers.items():
        request.setHeader(name, value)
    finish(request, body)


def start(script: Script) -> None:
    ledger = Ledger()
    site = cast(Any, Site)(Root(script, ledger))
    port = clock.listenTCP(script.port, site, interface="127.0.0.1")
    serve(f"http://127.0.0.1:{port.getHost().port}", ledger)


if __name__ == "__main__":
    start(script())
