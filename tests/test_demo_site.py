"""The demo: what the sample site serves, and the rows that the main job makes of it."""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from demo.run import PAGES, SITE, site
from runo_spiders.items import Json, Row
from runo_spiders.page.document import Document
from runo_spiders.rows_json import from_json

ROOT = Path(__file__).parents[1]

TRUTH = {
    "tent.html": {"name": "Heron tent", "price": 249.0, "brand": "Heron", "sku": "MG-TNT-002"},
    "stove.html": {"name": "Twig stove", "price": 64.95, "brand": "Tinder", "sku": "MG-STV-11"},
    "lantern.html": {"name": "Glow lantern", "price": 42.0},
    "boots.html": {"name": "Fell boots", "price": 189.5, "availability": "OutOfStock"},
    "backpack.html": {"name": "Carrier 45", "price": 158.0},
    "filter.html": {"name": "Pond filter", "price": 31.99},
    "kettle.html": {"name": "Harbour kettle", "price": 38.5, "brand": "Slipway", "updated": "2026-10-14"},
    "knife.html": {"name": "Orchard knife", "price": 27.0, "brand": "Oldmill", "sku": "MG-KNF-19"},
    "schlafsack.html": {"name": "Schlafsack Nord", "price": 1149.0, "updated": "2026-11-02"},
    "kano.html": {"name": "Vouwkano Riet", "price": 1299.5, "brand": "Rietzanger"},
    "compass.html": {"name": "Needle compass", "price": 24.5, "brand": "Polar Post", "sku": "MG-CMP-08"},
    "rope.html": {"name": "Braided rope", "price": 19.0, "availability": "OutOfStock"},
    "slow.html": {"name": "Snail hammock", "price": 88.0, "availability": "InStock"},
}
FAILING = {"broken.html": ("HTTP_ERROR", 500), "missing.html": ("HTTP_ERROR", 404)}


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("out")


@pytest.fixture(scope="module")
def demo(out: Path) -> subprocess.CompletedProcess[str]:
    """What `make demo` runs."""
    command = [sys.executable, "-m", "demo.run", str(out)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)


@pytest.fixture(scope="module")
def rows(demo: subprocess.CompletedProcess[str], out: Path) -> dict[str, Row]:
    """The rows that the demo wrote, by the name of the page."""
    results = json.loads((out / "demo.json").read_text())["results"]
    return {row["url"].rpartition("/")[2]: from_json(row) for row in results}


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with site() as url:
        yield url


def test_clients_that_go_away_are_no_faults_of_the_site(capfd: pytest.CaptureFixture[str]) -> None:
    with site() as url:
        with socket.create_connection(("127.0.0.1", int(url.rpartition(":")[2]))) as link:
            # Closed like this, the connection is reset.
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            link.sendall(b"GET /slow.html HTTP/1.0\r\n\r\n")
        with urllib.request.urlopen(f"{url}/slow.html") as later:
            assert later.status == 200
    assert capfd.readouterr().err == ""


def test_a_page_is_served(base: str) -> None:
    with urllib.request.urlopen(f"{base}/tent.html") as answer:
        assert answer.read() == (SITE / "tent.html").read_bytes()


@pytest.mark.parametrize("page", FAILING)
def test_a_failing_page_fails(base: str, page: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{base}/{page}")
    caught.value.close()
    assert caught.value.code == FAILING[page][1]


def test_half_of_the_pages_have_no_structured_data() -> None:
    signs = ("ld+json", "itemprop", 'property="', "__NEXT_DATA__")
    pages = [(SITE / page).read_text() for page in TRUTH]
    bare = [text for text in pages if not any(sign in text for sign in signs)]
    assert len(bare) == len(pages) // 2


def test_every_page_has_its_row_in_order(rows: dict[str, Row]) -> None:
    assert list(rows) == PAGES
    assert set(PAGES) == TRUTH.keys() | FAILING.keys()


@pytest.mark.parametrize("page", TRUTH)
def test_the_values_are_right(rows: dict[str, Row], page: str) -> None:
    data: dict[str, Json] = rows[page].data
    assert {name: data[name] for name in TRUTH[page]} == TRUTH[page]


def test_a_relative_date_is_counted_from_the_day_of_the_fetch(rows: dict[str, Row]) -> None:
    row = rows["compass.html"]
    assert row.fetched_at is not None
    assert row.data["updated"] == str((row.fetched_at - timedelta(days=3)).date())
    assert row.evidence["/updated"].derived


@pytest.mark.parametrize("page", TRUTH)
def test_every_value_stands_on_the_page(rows: dict[str, Row], page: str) -> None:
    document = Document((SITE / page).read_text(), "")
    filled = {f"/{name}" for name, value in rows[page].data.items() if value is not None}
    assert rows[page].evidence.keys() == filled
    assert all(document.holds(evidence) for evidence in rows[page].evidence.values())


@pytest.mark.parametrize("page", FAILING)
def test_failures_are_rows(rows: dict[str, Row], page: str) -> None:
    error = rows[page].error
    assert error is not None
    assert (error.code, rows[page].http_status) == FAILING[page]


def test_the_screen_shows_all_of_it(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.returncode == 0
    assert all(f"/{page}" in demo.stdout for page in PAGES)
    assert "HTTP_ERROR 404" in demo.stdout
    assert 'read from "1.149,00 €" at /html/body/main' in demo.stdout
    assert max(map(len, demo.stdout.splitlines())) <= 120


def test_with_a_model_what_only_prose_says_is_found_too(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "demo.run", "--model", str(tmp_path)]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False)
    assert (shown.returncode, shown.stderr) == (0, "")
    assert "✦ llm" in shown.stdout
    truth: dict[str, dict[str, str]] = json.loads((ROOT / "demo" / "truth.json").read_text())
    rows = [from_json(row) for row in json.loads((tmp_path / "demo.json").read_text())["results"]]
    asked = {row.data["name"]: row for row in rows if row.data}
    assert asked.keys() == truth.keys()
    for name, row in asked.items():
        said = {pointer for pointer, evidence in row.evidence.items() if evidence.rung == "llm"}
        assert said == {f"/{field}" for field in truth[name]}
        assert {field: row.data[field] for field in truth[name]} == truth[name]
        assert row.usage.llm_calls == 1


def test_the_screen_is_not_littered_with_logs(demo: subprocess.CompletedProcess[str]) -> None:
    assert demo.stderr == ""
