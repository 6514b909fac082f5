"""`scrapy explain` as a user runs it: on a server, on a saved file, and with what can be wrong."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import scrapy
from tests.mockserver import MockServer, Reply
from tests.model_server import ModelServer
from tests.openai_description import only_valid_requests

PAGE = """
<html lang="en"><head><title>Tea</title><script type="application/ld+json">
{"@type": "Product", "name": "Tea", "sku": "T-1", "offers": {"price": "4.50", "priceCurrency": "USD"}}
</script></head><body><h1>Tea</h1>
<dl><dt>Price</dt><dd>$4.50</dd><dt>Weight</dt><dd>plenty</dd><dt>Colour</dt><dd>green</dd></dl></body></html>
"""
SCHEMA = """
[{"field": "price", "type": "float"}, {"field": "colour", "type": "string"},
 {"field": "weight", "type": "integer"}, {"field": "isbn", "type": "string"}]
"""


def explain(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "scrapy", "explain", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=240, check=False)


def blocks(text: str) -> dict[str, list[str]]:
    """The lines of each field, by its pointer."""
    parts = (block.splitlines() for block in text.split("\n\n") if block.startswith("/"))
    return {part[0].split()[0]: [line.strip() for line in part[1:]] for part in parts}


@pytest.fixture(params=["fetched", "saved"])
def explained(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """What the command says of the page: from a server (outside of any project), and from a file."""
    if request.param == "saved":
        (tmp_path / "page.html").write_text(PAGE)
        done = explain(tmp_path, "https://e.com/tea", "--schema", SCHEMA, "--html", "page.html")
    else:
        with MockServer(pages={"/tea": PAGE, "/robots.txt": Reply("", "text/plain")}) as server:
            done = explain(tmp_path, server.url("/tea"), "--schema", SCHEMA)
    assert (done.stderr, done.returncode) == ("", 0)
    return done.stdout


def test_each_rung_has_its_say_on_each_field(explained: str) -> None:
    told = blocks(explained)
    assert list(told) == ["/price", "/colour", "/weight", "/isbn"]
    assert told["/price"] == [
        "✓ structured  4.5  won",
        '"4.50"',
        "/html/head/script → /offers/price",
        "· local       4.5  lost: structured was first",
        '"$4.50"',
        "/html/body/dl/dd[1]/text()[1]",
    ]
    assert told["/colour"][:2] == ["– structured  found nothing", "✓ local       green  won"]
    assert told["/isbn"] == ["– structured  found nothing", "– local       found nothing"]
    assert "Warnings of the row" in explained
    assert "/isbn: not found" in explained


@pytest.fixture(scope="module")
def model() -> Iterator[ModelServer]:
    with (
        ModelServer({"Tea": {"price": 4.5, "colour": "green", "weight": None, "isbn": None}}) as server,
        only_valid_requests(server),
    ):
        yield server


@pytest.mark.parametrize("saved", [True, False])
def test_a_model_is_asked_once_just_what_a_job_would_ask(
    saved: bool, model: ModelServer, tmp_path: Path
) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    name = f"inventor:{'ok,' * saved}ok"
    with MockServer(pages={"/tea": PAGE, "/robots.txt": Reply("", "text/plain")}) as server:
        source = ["--html", str(tmp_path / "page.html")] if saved else []
        command = ["explain", server.url("/tea"), "--schema", SCHEMA, *source]
        done = scrapy(*command, RUNO_MODEL=name, OPENAI_BASE_URL=model.base_url())
    assert done.returncode == 0
    assert "unclosed transport" not in done.stderr, "the connection to the model"
    told = blocks(done.stdout)
    assert told["/price"][-1] == "– llm         not asked: structured was first"
    assert told["/isbn"][-1].startswith("✗ llm         left out: 'Zorblax Ultra 9000' does not stand")
    (request,) = model.requests(name)
    asked = request["response_format"]["json_schema"]["schema"]["properties"]
    assert set(asked) == {"weight", "isbn"}


def test_a_model_that_fails_is_what_explain_tells(model: ModelServer, tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(PAGE)
    command = ["explain", "https://e.com/tea", "--schema", SCHEMA, "--html", str(tmp_path / "page.html")]
    done = scrapy(*command, RUNO_MODEL="honest:401", OPENAI_BASE_URL=model.base_url())
    assert done.returncode == 3
    assert blocks(done.stdout)["/isbn"][-1] == "✗ llm         failed: LLM_BAD_REQUEST"
    assert "/tea: LLM_BAD_REQUEST: The model's endpoint refuses the request: status 401" in done.stderr


@pytest.mark.parametrize(
    ("path", "arguments", "status", "sentence"),
    [
        ("/gone", ["--schema", SCHEMA], 3, "HTTP_ERROR"),
        ("/pdf", ["--schema", SCHEMA], 3, "CONTENT_UNSUPPORTED"),
        ("/tea", [], 2, "argument schema: is missing"),
        ("/tea", ["--schema", '[{"field": "a", "type": "flaot"}]'], 2, "/0/type"),
        ("/tea", ["--schema", SCHEMA, "--html", "none.html"], 2, "argument html: No such file"),
        ("/tea", ["second", "--schema", SCHEMA], 2, "give one URL"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    path: str, arguments: list[str], status: int, sentence: str, tmp_path: Path, mockserver: MockServer
) -> None:
    done = explain(tmp_path, mockserver.url(path), *arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (status, "", 1)
    assert sentence in done.stderr
