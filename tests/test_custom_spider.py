"""Custom spiders: the one in the docs, and items of every type that itemadapter knows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import PRODUCT, ROOT, product_page, scrapy
from tests.mockserver import MockServer

ITEMS = """
import attr, dataclasses, pydantic, scrapy
from runo_spiders.spiders.schema import SchemaSpider

@dataclasses.dataclass
class Data:
    name: str
    price: str

@attr.s(auto_attribs=True)
class Attrs:
    name: str
    price: str

class Model(pydantic.BaseModel):
    name: str
    price: str

class Item(scrapy.Item):
    name = scrapy.Field()
    price = scrapy.Field()

TYPES = {"dict": dict, "data": Data, "attrs": Attrs, "model": Model, "item": Item}

class ByHand(SchemaSpider):
    name = "by_hand"

    async def parse(self, response):
        kind = response.url.rpartition("/")[2]
        if kind == "fails":
            raise RuntimeError("a bug of the spider")
        price = "$999" if kind == "invents" else response.css(".price::text").get()
        yield TYPES.get(kind, dict)(name=response.css("h1::text").get(), price=price)
"""


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    pages = {f"/p/{kind}": product_page("Kettle") for kind in ("dict", "data", "attrs", "model", "item")}
    pages |= {"/p/invents": product_page("Kettle"), "/p/fails": product_page("Kettle")}
    pages |= {"/": '<a href="/p/dict">1</a><a href="/p/data?sort=price">2</a>'}
    with MockServer(pages=pages) as server:
        yield server


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "scrapy.cfg").write_text("[settings]\ndefault = own_settings\n")
    (tmp_path / "own_settings.py").write_text(
        "SPIDER_MODULES = ['own_spiders']\n"
        "COMMANDS_MODULE = 'runo_spiders.commands'\n"
        "ADDONS = {'runo_spiders.addon.Runo': 300}\n"
    )
    return tmp_path


def test_items_of_every_type_become_rows_with_evidence(site: MockServer, project: Path) -> None:
    (project / "own_spiders.py").write_text(ITEMS)
    kinds = ["dict", "data", "attrs", "model", "item", "invents", "fails"]
    urls = ",".join(site.url(f"/p/{kind}") for kind in kinds)
    arguments = ("-a", f"urls={urls}", "-a", f"schema={json.dumps(PRODUCT)}")
    done = scrapy("crawl", "by_hand", *arguments, "-O", "rows.json:batch", cwd=project)
    rows = json.loads((project / "rows.json").read_text())["results"]
    for row in rows[:5]:
        assert row["data"] == {"name": "Kettle", "price": 19.99}, (row, done.stderr)
        assert row["evidence"]["/name"]["xpath"] == "/html/body/h1/text()[1]"
    assert rows[5]["data"] == {"name": "Kettle", "price": None}
    assert any("does not stand on the page" in warning for warning in rows[5]["warnings"])
    assert rows[6]["error"]["code"] == "INTERNAL"
    assert "a bug of the spider" in done.stderr
    assert done.returncode == 3


def test_the_spider_of_the_docs_runs(site: MockServer, project: Path) -> None:
    docs = (ROOT / "docs" / "custom-spiders.md").read_text()
    code = re.findall(r"```python\n(.*?)```", docs, re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line.strip()]) <= 10
    (project / "own_spiders.py").write_text(code.replace("http://localhost:8000", site.base))
    done = scrapy("crawl", "books", "-O", "books.jsonl", cwd=project)
    rows = [json.loads(line) for line in (project / "books.jsonl").read_text().splitlines()]
    assert [row["url"] for row in rows] == [site.url("/p/dict")], done.stderr
    assert rows[0]["data"]["name"] == "Kettle"
