"""Crawls with a model behind the free rungs: rows, evidence, cost and failures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import Run, crawl, product_page
from tests.mockserver import MockServer
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests

SCHEMA: Any = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "price": {"type": "number"},
        "maker": {
            "type": "object",
            "properties": {"inventor": {"type": "string"}, "name": {"type": "string"}},
        },
        "vegan": {"type": "boolean"},
        "skill": {"type": "string", "enum": ["beginner", "expert"]},
    },
}
BODY = "<p>Dreamt up by Ada Smith.</p><p>Here no animals were used.</p><p>Even a child can do it.</p>"
MANY = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"who": {"type": "string"}, "quirk": {"type": "string"}, "since": {"type": "integer"}},
    },
}
PEOPLE = 150


def _person(number: int) -> dict[str, Any]:
    return {
        "who": f"Person {number:03} Surname",
        "quirk": f"collects {number} old stamps",
        "since": 1800 + number,
    }


def _directory() -> str:
    entries = "".join(
        f"<div class=entry><h3>{p['who']}</h3><div>{p['quirk']}, which is a long story that goes on for "
        f"a while</div><div>member since {p['since']}</div></div>"
        for p in map(_person, range(PEOPLE))
    )
    head = "<html lang=en><title>Club directory</title><h1>Club directory</h1><p>1-151 of 400 members</p>"
    return head + entries


KETTLES = 40
FAULTS = (
    *(
        "500-format",
        "429",
        "html",
        "refusal",
        "truncated",
        "silent",
        "nan",
        "500",
        "empty",
        "length",
        "reset",
    ),
    *("wrong", "401", "duplicate", "cut", "choices-null", "filter", "odd-refusal", "error200", "prose"),
    *("long-prompt", "message-text", "stall", "503", "quota", "runaway", "null", "deep", "html502", "403"),
)
TRUTH = {
    **{f"Kettle no. {n:02}": {"maker": {"inventor": f"Ada the {n}th"}} for n in range(KETTLES)},
    "Blue kettle": {
        "name": "Blue kettle",
        "price": 19.99,
        "maker": {"inventor": "Ada Smith", "name": None},
        "vegan": {"value": True, "quote": "no animals were used"},
        "skill": {"value": "beginner", "quote": "Even a child can do it"},
    },
    "Club directory": {"items": [_person(number) for number in range(PEOPLE)]},
}


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    kettles = {
        f"/k/{n}": product_page(f"Kettle no. {n:02}", body=f"<p>Dreamt up by Ada the {n}th.</p>")
        for n in range(KETTLES)
    }
    pages = kettles | {"/kettle": product_page("Blue kettle", body=BODY), "/club": _directory()}
    with MockServer(pages=pages) as server:
        yield server


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(TRUTH) as server, only_valid_requests(server):
        yield server


@pytest.fixture
def asked(site: MockServer, model: ModelServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("OPENAI_BASE_URL", model.base_url())
    monkeypatch.setenv("OPENAI_API_KEY", "key")

    def run(name: str, path: str = "/kettle", schema: Any = SCHEMA, **arguments: Any) -> Run:
        settings = {"RUNO_MODEL": name} if name else {}
        settings |= {"RUNO_EGRESS_ALLOW": "127.0.0.0/8"} | arguments.pop("settings", {})
        urls = arguments.pop("urls", site.url(path))
        return crawl(tmp_path, settings=settings, urls=urls, schema=schema, **arguments)

    return run


def test_the_model_is_asked_only_for_what_is_open_and_its_answer_has_evidence(
    asked: Any, model: ModelServer
) -> None:
    row = asked("honest").row(0)
    assert row["data"] == {
        "name": "Blue kettle",
        "price": 19.99,
        "maker": {"inventor": "Ada Smith", "name": None},
        "vegan": True,
        "skill": "beginner",
    }
    rungs = {pointer: found["rung"] for pointer, found in row["evidence"].items()}
    assert rungs["/name"] == rungs["/price"] == "local"
    assert rungs["/maker/inventor"] == rungs["/vegan"] == rungs["/skill"] == "llm"
    assert row["evidence"]["/maker/inventor"]["text"] == "Ada Smith"
    assert row["evidence"]["/vegan"] == {
        "rung": "llm",
        "text": "no animals were used",
        "xpath": "/html/body/p[3]/text()[1]",
        "derived": True,
    }
    (request,) = model.requests("honest")
    schema = request["response_format"]["json_schema"]["schema"]
    assert set(schema["properties"]) == {"maker", "vegan", "skill"}
    assert "19.99" in request["messages"][-1]["content"].partition("<page-")[0]


def test_what_the_model_cost_stands_on_the_row(asked: Any, model: ModelServer) -> None:
    before = model.usage()
    usage = asked("honest").row(0)["usage"]
    spent = {key: value - before.get(key, 0) for key, value in model.usage().items()}
    assert usage["fetches"] == usage["llm_calls"] == 1
    assert (usage["input_tokens"], usage["output_tokens"]) == (
        spent["prompt_tokens"],
        spent["completion_tokens"],
    )


@pytest.mark.parametrize(("name", "code"), [("honest:500", "LLM_UNAVAILABLE"), ("honest:html", "LLM_ERROR")])
def test_a_model_that_is_down_is_a_retryable_error_that_keeps_what_was_found(
    asked: Any, name: str, code: str
) -> None:
    run = asked(name, require="maker")
    row = run.row(0)
    assert (row["error"]["code"], row["error"]["retryable"]) == (code, True)
    assert (row["data"]["name"], row["data"]["price"]) == ("Blue kettle", 19.99)
    assert set(row["evidence"]) == {"/name", "/price"}
    assert run.status == 4


def test_whatever_an_endpoint_does_each_url_ends_with_a_right_row_or_a_typed_error(
    asked: Any, site: MockServer, model: ModelServer
) -> None:
    name = f"honest:{','.join(FAULTS)},ok"
    schema = {**SCHEMA, "properties": {key: SCHEMA["properties"][key] for key in ("name", "maker")}}
    urls = ",".join(site.url(f"/k/{n}") for n in range(KETTLES))
    run = asked(name, schema=schema, urls=urls, settings={"RUNO_MODEL_TIMEOUT_MS": "4000"})
    assert sorted(row["index"] for row in run.rows) == list(range(KETTLES))
    assert [row["data"]["name"] for row in map(run.row, range(KETTLES))] == [
        f"Kettle no. {n:02}" for n in range(KETTLES)
    ]
    failed = [row for row in run.rows if row["status"] == "error"]
    right = [row for row in run.rows if row["status"] == "success"]
    assert {row["error"]["code"] for row in failed} >= {"LLM_BLOCKED", "LLM_TIMEOUT", "LLM_BAD_REQUEST"}
    assert all(row["error"]["code"].startswith("LLM_") for row in failed)
    assert all(row["data"]["maker"]["inventor"] == f"Ada the {row['index']}th" for row in right)
    assert len(right) > KETTLES / 2
    assert sum(row["usage"]["llm_calls"] for row in run.rows) == model.count(name)


def test_a_value_that_is_left_out_is_told_once(asked: Any) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}, "motto": {"type": "string"}}}
    row = asked("inventor", schema=schema).row(0)
    assert row["data"] == {"name": "Blue kettle", "motto": None}
    assert row["warnings"] == ["/motto: 'Zorblax Ultra 9000' does not stand on the page"]


def test_without_a_model_nothing_is_asked(asked: Any, model: ModelServer) -> None:
    before = model.count()
    row = asked("").row(0)
    assert row["data"]["vegan"] is None
    assert row["usage"]["llm_calls"] == 0
    assert model.count() == before


def test_a_long_list_is_asked_in_parts_and_comes_back_whole(asked: Any, model: ModelServer) -> None:
    run = asked(
        "honest:ok", "/club", MANY, settings={"RUNO_LADDER": "runo_spiders.extract.llm.ModelExtractor"}
    )
    row = run.row(0)
    assert row["data"] == [_person(number) for number in range(PEOPLE)]
    assert row["usage"]["llm_calls"] == model.count("honest:ok") > 1
    assert any("1-151 of 400, and 150 items were found" in warning for warning in row["warnings"])
    for number in (0, 70, 149):
        xpaths = [row["evidence"][f"/{number}/{name}"]["xpath"] for name in ("who", "quirk", "since")]
        assert all(f"/div[{number + 1}]/" in xpath for xpath in xpaths)


def test_a_model_that_fails_on_a_part_of_a_page_keeps_what_the_other_parts_gave(asked: Any) -> None:
    ladder = {"RUNO_LADDER": "runo_spiders.extract.llm.ModelExtractor"}
    row = asked("honest:ok,refusal", "/club", MANY, settings=ladder).row(0)
    assert row["error"]["code"] == "LLM_BLOCKED"
    assert 0 < len(row["data"]) < PEOPLE
    assert all(person in [_person(number) for number in range(PEOPLE)] for person in row["data"])
    assert row["usage"]["llm_calls"] > 1
