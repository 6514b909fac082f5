"""The add-on in somebody else's project, made by `scrapy startproject`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import PRODUCT, product_page, scrapy
from tests.mockserver import MockServer

OTHER_SPIDER = """
import scrapy

class Other(scrapy.Spider):
    name = "other"
    start_urls = [{url!r}]

    def parse(self, response):
        yield {{"title": response.css("title::text").get()}}
"""


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(pages={"/p/1": product_page("Kettle 1", "$1.50")}) as server:
        yield server


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("project")
    assert scrapy("startproject", "theirs", str(folder), cwd=folder).returncode == 0
    settings = folder / "theirs" / "settings.py"
    settings.write_text(
        settings.read_text()
        .replace(
            'SPIDER_MODULES = ["theirs.spiders"]',
            'SPIDER_MODULES = ["theirs.spiders", "runo_spiders.spiders"]',
        )
        .replace("ADDONS = {}", 'ADDONS = {"runo_spiders.addon.Runo": 300}')
    )
    return folder


def test_the_schema_spider_runs_in_their_project(project: Path, site: MockServer) -> None:
    out = project / "rows.json"
    schema = json.dumps(PRODUCT)
    done = scrapy(
        *(
            "crawl",
            "schema",
            "-a",
            f"urls={site.url('/p/1')}",
            "-a",
            f"schema={schema}",
            "-O",
            f"{out}:batch",
        ),
        cwd=project,
    )
    (row,) = json.loads(out.read_text())["results"]
    assert row["data"] == {"name": "Kettle 1", "price": 1.5}, done.stderr
    assert row["evidence"]["/name"]["xpath"]


def test_their_own_spiders_and_settings_stay_as_they_are(project: Path, site: MockServer) -> None:
    (project / "theirs" / "spiders" / "other.py").write_text(OTHER_SPIDER.format(url=site.url("/p/1")))
    out = project / "other.jsonl"
    # A spider of theirs has typed no URL: only the operator's list opens a private address to it.
    done = scrapy("crawl", "other", "-O", str(out), "-s", "RUNO_EGRESS_ALLOW=127.0.0.1/32", cwd=project)
    assert json.loads(out.read_text()) == {"title": "Kettle 1"}, done.stderr
    assert "'DOWNLOAD_DELAY': 1" in done.stderr
