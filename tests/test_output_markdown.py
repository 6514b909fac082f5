"""`output=markdown`: each row's data is the main content of its page as text."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.items import NOTHING_FOUND
from runo_spiders.job import JobSpec
from tests.crawling import crawl, scrapy
from tests.mockserver import MockServer

PAGES = {
    "/kettle": "<title>Kettle</title><nav>Shop</nav><h1>Kettle</h1><p>Boils <a href=/tea>tea</a> water.</p>",
    "/empty": "<title>Empty</title><script>1</script><nav></nav>",
}
KETTLE = "# Kettle\n\nBoils [tea]({tea}) water."


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(pages=PAGES) as server:
        yield server


def test_rows_hold_the_main_content(site: MockServer, tmp_path: Path) -> None:
    urls = [site.url("/kettle"), site.url("/empty"), site.url("/status/404")]
    run = crawl(tmp_path, urls=",".join(urls), output="markdown")
    kettle, empty = run.row(0), run.row(1)
    assert run.codes() == ["success", "success", "HTTP_ERROR"]
    assert kettle["data"] == KETTLE.format(tea=site.url("/tea"))
    assert empty.get("data") is None
    assert empty["warnings"] == [NOTHING_FOUND]


def test_a_table_has_the_text_in_one_column(site: MockServer, tmp_path: Path) -> None:
    out = [tmp_path / "rows.csv", tmp_path / "rows.json"]
    options = [part for path in out for part in ("-o", str(path))]
    done = scrapy("batch", site.url("/kettle"), "--output", "markdown", *options)
    assert done.returncode == 0, done.stderr
    [line] = csv.DictReader(out[0].read_text().splitlines(keepends=True))
    [row] = json.loads(out[1].read_text())["results"]
    assert line["data"] == row["data"] == KETTLE.format(tea=site.url("/tea"))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["rows.csv", "rows.json"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"schema": "product"}, "argument schema: has no use with output=markdown"),
        ({"prompt": "prices"}, "argument prompt: has no use with output=markdown"),
        ({"output": "html"}, "argument output: input should be 'data' or 'markdown', got 'html'"),
    ],
)
def test_what_does_not_go_together_is_told(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageMistake, match=sentence):
        JobSpec.parse({"urls": "https://a.example", "output": "markdown", **arguments})
