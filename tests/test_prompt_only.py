"""A job with a prompt and no schema: the model proposes one, once, and the rows follow it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from runo_spiders.llm.propose import ANSWER, document_of
from runo_spiders.schema.load import load_schema
from tests.crawling import product_page, scrapy
from tests.mockserver import MockServer
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests
from tests.strict_subset import strict_faults

PROMPT = "names and prices of kettles"
WORTHLESS = "kettles that have no names"


def field(name: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "type": kind,
        "list": False,
        "choices": None,
        "description": "",
        "fields": None,
        **more,
    }


def said(value: Any) -> Any:
    """The value as the stand-in takes it for an answer that stands in no prompt."""
    if isinstance(value, dict):
        return {key: said(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return {"value": [said(inner) for inner in value], "quote": ""}
    return value if value is None else {"value": value, "quote": ""}


PROPOSED = {"many": False, "fields": [field("name", "string"), field("price", "number")]}
TRUTH = {PROMPT: said(PROPOSED), WORTHLESS: said({"many": False, "fields": []})}


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with ModelServer(truth=TRUTH) as server, only_valid_requests(server):
        yield server


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(pages={f"/p/{n}": product_page(f"Kettle {n}", f"${n}.50") for n in range(9)}) as server:
        yield server


def run(model: ModelServer, name: str, *arguments: str) -> CompletedProcess[str]:
    return scrapy(*arguments, RUNO_MODEL=name, OPENAI_BASE_URL=model.base_url())


def results(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return rows


def test_the_rows_follow_the_schema_that_was_proposed_once(
    model: ModelServer, site: MockServer, tmp_path: Path
) -> None:
    urls = [site.url(f"/p/{n}") for n in range(1, 7)] + [site.url("/status/404")]
    out, table = tmp_path / "o.json", tmp_path / "o.csv"
    done = run(model, "honest:ok", "batch", *urls, "--prompt", PROMPT, "-o", str(out), "-o", str(table))
    rows = results(out)
    assert done.returncode == 3, done.stderr
    assert [row.get("data") for row in rows][:6] == [
        {"name": f"Kettle {n}", "price": n + 0.5} for n in range(1, 7)
    ]
    assert table.read_text().startswith("index,url,status,name,price,")
    asked = model.requests("honest:ok")
    assert len(asked) == 1
    assert sum(row.get("usage", {}).get("llm_calls", 0) for row in rows) == 1
    assert sum(f"Kettle {n}" in json.dumps(asked) for n in range(1, 7)) == 3


def test_a_proposal_is_kept_and_can_be_used_as_a_schema(
    model: ModelServer, site: MockServer, tmp_path: Path
) -> None:
    kept, out = tmp_path / "kettles.json", tmp_path / "o.json"
    url = site.url("/p/3")
    run(model, "honest:ok,ok", "batch", url, "--prompt", PROMPT, "--schema-out", str(kept), "-o", str(out))
    first = results(out)
    again = scrapy("batch", url, "--schema", str(kept), "-o", str(out), "--overwrite")
    assert again.returncode == 0, again.stderr
    assert [row["data"] for row in results(out)] == [row["data"] for row in first]
    assert load_schema(str(kept)).document == document_of(PROPOSED)


def test_a_schema_that_is_there_already_is_not_lost(
    model: ModelServer, site: MockServer, tmp_path: Path
) -> None:
    kept = tmp_path / "o.json.schema.json"
    kept.write_text("edited by hand")
    wanted = [site.url("/p/1"), "--prompt", PROMPT]
    before = model.count()
    for command in (
        ["batch", *wanted, "-o", str(tmp_path / "o.json")],
        ["suggest-schema", *wanted, "-o", str(kept)],
    ):
        done = run(model, "honest", *command)
        assert (done.returncode, kept.read_text()) == (2, "edited by hand")
        assert f"output {kept}: exists already, give --overwrite" in done.stderr
    assert model.count() == before
    failed = run(model, "nobody", "batch", *wanted, "-o", str(tmp_path / "o.json"), "--overwrite")
    assert (failed.returncode, kept.read_text()) == (4, "edited by hand")
    assert "the schema of the rows" not in failed.stderr
    done = run(model, "honest", "suggest-schema", *wanted, "-o", str(kept), "--overwrite")
    assert (done.returncode, json.loads(kept.read_text())) == (0, document_of(PROPOSED))


def test_a_run_that_goes_on_keeps_its_schema(model: ModelServer, site: MockServer, tmp_path: Path) -> None:
    settings = ["-s", f"RUNO_SPOOL={tmp_path / 'o.spool'}"]
    for paths in (["/p/1"], ["/p/1", "/p/2"]):
        urls = ",".join(map(site.url, paths))
        job = ["-a", f"urls={urls}", "-a", f"prompt={PROMPT}", "-O", str(tmp_path / "o.json:batch")]
        done = run(model, "honest:ok,ok,ok", "crawl", "schema", *job, *settings)
        assert done.returncode == 0, done.stderr
    assert [row["data"]["price"] for row in results(tmp_path / "o.json")] == [1.5, 2.5]
    assert model.count("honest:ok,ok,ok") == 1


def test_suggest_schema_prints_a_schema(model: ModelServer, site: MockServer, tmp_path: Path) -> None:
    kept = tmp_path / "schema.json"
    printed = run(model, "honest", "suggest-schema", site.url("/p/1"), "--prompt", PROMPT)
    written = run(model, "honest", "suggest-schema", site.url("/p/1"), "--prompt", PROMPT, "-o", str(kept))
    assert (printed.returncode, written.returncode) == (0, 0), printed.stderr
    assert json.loads(printed.stdout) == json.loads(kept.read_text()) == document_of(PROPOSED)


@pytest.mark.parametrize(
    ("name", "prompt", "code"),
    [
        ("honest:401", PROMPT, "LLM_BAD_REQUEST"),
        ("honest:refusal", PROMPT, "LLM_BLOCKED"),
        ("honest", WORTHLESS, "LLM_ERROR"),
    ],
)
def test_without_a_proposal_each_page_has_its_error(
    name: str, prompt: str, code: str, model: ModelServer, site: MockServer, tmp_path: Path
) -> None:
    out = tmp_path / "o.json"
    urls = [site.url(f"/p/{n}") for n in range(5)]
    before = model.count(name)
    done = run(model, name, "batch", *urls, "--prompt", prompt, "-o", str(out))
    rows = results(out)
    assert done.returncode == 4
    assert [row["error"]["code"] for row in rows] == [code] * 5
    assert sum(row["usage"]["llm_calls"] for row in rows) == model.count(name) - before
    refused = run(model, name, "suggest-schema", urls[0], "--prompt", prompt)
    assert refused.returncode == 4
    assert urls[0] in refused.stderr


@pytest.mark.parametrize("command", ["suggest-schema", "batch"])
def test_without_a_model_the_job_is_refused(command: str) -> None:
    done = scrapy(command, "https://a.example", "--prompt", PROMPT, RUNO_MODEL="")
    assert done.returncode == 2
    assert "set RUNO_MODEL" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_a_feed_that_is_a_table_needs_its_columns_first(model: ModelServer, tmp_path: Path) -> None:
    job = ["crawl", "schema", "-a", "urls=https://a.example", "-a", f"prompt={PROMPT}"]
    done = run(model, "honest", *job, "-O", str(tmp_path / "o.csv"))
    assert done.returncode != 0
    assert "the format csv needs a schema from the start" in done.stderr


@pytest.mark.parametrize(
    ("fields", "properties"),
    [
        ([field("day", "date")], {"day": {"type": "string", "format": "date"}}),
        (
            [field("link", "uri", list=True)],
            {"link": {"type": "array", "items": {"type": "string", "format": "uri"}}},
        ),
        (
            [field("size", "string", choices=["S", "M"], description="of the shirt")],
            {"size": {"type": "string", "enum": ["S", "M"], "description": "of the shirt"}},
        ),
        (
            [field("maker", "string", fields=[field("city", "string")])],
            {"maker": {"type": "object", "properties": {"city": {"type": "string"}}}},
        ),
    ],
)
def test_fields_become_json_schema(fields: Sequence[dict[str, Any]], properties: dict[str, Any]) -> None:
    record = {"type": "object", "properties": properties}
    assert document_of({"many": False, "fields": fields}) == record
    assert document_of({"many": True, "fields": fields}) == {"type": "array", "items": record}
    assert load_schema(record).record.properties


def test_the_schema_of_a_proposal_is_in_the_strict_subset() -> None:
    assert strict_faults(ANSWER) == []
