"""A crawl with a model: after a few pages of a site the model is hardly asked any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.crawling import crawl
from tests.mockserver import MockServer
from tests.model_server import ModelServer

PAGES = 60
LADDER = [
    "runo_spiders.extract.structured.StructuredExtractor",
    "runo_spiders.extract.local.LocalExtractor",
    "runo_spiders.extract.learned.LearnedExtractor",
    "runo_spiders.extract.llm.ModelExtractor",
]
SCHEMA = {
    "type": "object",
    "properties": {"inventor": {"type": "string"}, "quirk": {"type": "string"}},
}


def truth(number: int) -> dict[str, Any]:
    return {"inventor": f"Ada Smith {number + 100}", "quirk": f"whistles {number * 7 + 200} songs"}


def page(number: int) -> str:
    true = truth(number)
    return (
        f"<html lang=en><title>Kettle {number:03}</title><h1>Kettle {number:03}</h1>"
        f"<div class=story><p>Dreamt up by <b>{true['inventor']}</b></p>"
        f"<p>When it boils it <i>{true['quirk']}</i></p></div><p>Made of steel</p></html>"
    )


def test_the_model_is_asked_for_a_few_pages_of_a_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = {f"/{number}": page(number) for number in range(PAGES)}
    table = {f"Kettle {number:03}": truth(number) for number in range(PAGES)}
    with MockServer(pages=pages) as site, ModelServer(truth=table) as model:
        urls = [site.url(f"/{number}") for number in range(PAGES)]
        monkeypatch.setenv("OPENAI_BASE_URL", model.base_url())
        monkeypatch.setenv("OPENAI_API_KEY", "key")
        settings = {"RUNO_MODEL": "honest", "RUNO_LADDER": ",".join(LADDER)}
        run = crawl(tmp_path, settings=settings, urls=",".join(urls), schema=SCHEMA, concurrency=4)
        asked = model.count()
    assert [run.row(number)["data"] for number in range(PAGES)] == [truth(number) for number in range(PAGES)]
    assert asked <= PAGES / 3
    learned = [row for row in run.rows if {e["rung"] for e in row["evidence"].values()} == {"learned"}]
    assert len(learned) >= PAGES / 2
    assert all(row["usage"]["llm_calls"] == 0 for row in learned)
    assert all(0.9 < e["confidence"] < 1 for row in learned for e in row["evidence"].values())
