"""`scrapy batch` and `scrapy assemble`: outputs in order, Ctrl-C, kill -9, and going on afterwards."""

from __future__ import annotations

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from tests.crawling import PRODUCT, ROOT, product_page, scrapy
from tests.jobs import wait_until
from tests.mockserver import MockServer

SCHEMA = json.dumps(PRODUCT)


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Each test has a ledger of its own."""
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("RUNO_DATABASE", url)
    return url


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(pages={f"/p/{n}": product_page(f"Kettle {n}", f"${n}.50") for n in range(60)}) as server:
        yield server


def results(path: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads(path.read_text())["results"]
    return rows


def codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["error"]["code"] if row["status"] == "error" else "success" for row in rows]


def start(*arguments: str) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a shell starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "scrapy", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def slow_and_quick(site: MockServer, folder: Path, slow: int) -> Path:
    """A list of ten pages that come at once and then some that take their time."""
    path = folder / "urls.txt"
    urls = [site.url(f"/p/{n}") for n in range(10)] + [site.url(f"/slow/3?{n}") for n in range(slow)]
    path.write_text("\n".join(urls))
    return path


def test_outputs_are_complete_and_in_the_order_of_the_urls(site: MockServer, tmp_path: Path) -> None:
    urls = [site.url("/slow/0.5"), site.url("/p/1"), site.url("/status/404"), "nonsense", site.url("/p/2")]
    (tmp_path / "urls.txt").write_text("\n".join(urls))
    names = ("o.json", "o.jsonl", "o.csv", "o.parquet", "o.xlsx")
    outputs = [part for name in names for part in ("-o", str(tmp_path / name))]
    done = scrapy("batch", str(tmp_path / "urls.txt"), "--schema", SCHEMA, *outputs)
    assert done.returncode == 3, done.stderr
    rows = results(tmp_path / "o.json")
    assert [row["url"] for row in rows] == urls
    assert codes(rows)[1:] == ["success", "HTTP_ERROR", "URL_INVALID", "success"]
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert lines == rows
    table = list(csv.DictReader((tmp_path / "o.csv").read_text().splitlines()))
    assert [line["price"] for line in table][1:] == ["1.5", "", "", "2.5"]
    assert [line["error_code"] for line in table][2] == "HTTP_ERROR"
    assert parquet.read_table(tmp_path / "o.parquet").column("price").to_pylist()[1:] == [
        1.5,
        None,
        None,
        2.5,
    ]
    sheet = load_workbook(tmp_path / "o.xlsx").active
    assert sheet is not None
    assert sheet.max_row == 1 + len(urls)
    assert {path.name for path in tmp_path.glob("[!l]*")} == {*names, "urls.txt"}


def test_without_an_output_rows_go_to_stdout_and_nothing_else_does(site: MockServer) -> None:
    done = scrapy("batch", site.url("/p/1"), site.url("/p/2"), "--schema", SCHEMA)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["data"]["price"] for row in rows] == [1.5, 2.5]
    assert done.returncode == 0


def test_an_output_that_exists_is_not_replaced_without_being_asked(site: MockServer, tmp_path: Path) -> None:
    out = tmp_path / "o.jsonl"
    out.write_text("precious\n")
    refused = scrapy("batch", site.url("/p/1"), "--schema", SCHEMA, "-o", str(out))
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert out.read_text() == "precious\n"
    assert (
        scrapy("batch", site.url("/p/1"), "--schema", SCHEMA, "-o", str(out), "--overwrite").returncode == 0
    )
    assert json.loads(out.read_text())["data"]["price"] == 1.5


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["https://a.example"], "argument schema: is missing"),
        (["https://a.example", "--schema", "product", "-o", "x.docx"], "no such format"),
        (
            ["https://a.example", "--schema", "product", "-o", "no/such/folder/x.csv"],
            "the folder is not there",
        ),
        (["https://a.example", "--schema", "product", "--limit", "none"], "argument limit"),
        ([], "give urls"),
    ],
)
def test_a_wrong_option_is_one_sentence_and_exit_status_2(arguments: list[str], sentence: str) -> None:
    done = scrapy("batch", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert sentence in done.stderr


def test_ctrl_c_leaves_complete_outputs_and_the_same_command_goes_on(
    site: MockServer, tmp_path: Path
) -> None:
    urls, out = slow_and_quick(site, tmp_path, 30), tmp_path / "o.json"
    command = ["batch", str(urls), "--schema", SCHEMA, "-o", str(out), "--concurrency", "4"]
    process = start(*command)
    before = site.hits("/slow/3")
    wait_until(lambda: site.hits("/slow/3") > before)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=240)
    assert process.returncode == 130
    answer = json.loads(out.read_text())
    assert answer["cancelled"] is True
    found = codes(answer["results"])
    assert len(found) == 40
    assert found[:10] == ["success"] * 10
    assert "JOB_CANCELLED" in found[10:]

    fetched = [site.hits(f"/p/{n}") for n in range(10)]
    done = scrapy(*command[:-1], "32")
    assert codes(results(out)) == ["success"] * 40, done.stderr
    assert [site.hits(f"/p/{n}") for n in range(10)] == fetched


def test_a_crawl_whose_process_is_killed_is_taken_up_again(site: MockServer, tmp_path: Path) -> None:
    urls, out = slow_and_quick(site, tmp_path, 12), tmp_path / "o.json"
    process = start("batch", str(urls), "--schema", SCHEMA, "-o", str(out))
    before = site.hits("/slow/3")
    wait_until(lambda: site.hits("/slow/3") > before)
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    os.kill(int(child), signal.SIGKILL)
    process.communicate(timeout=240)
    assert process.returncode == 3, "the slow pages hold no value of the schema"
    assert codes(results(out)) == ["success"] * 22


def test_a_list_that_cannot_be_read_to_its_end_loses_nothing(site: MockServer, tmp_path: Path) -> None:
    urls, out = tmp_path / "urls.csv", tmp_path / "o.json"
    urls.write_text(f"url,note\n{site.url('/p/1')},fine\n{site.url('/p/2')},{'x' * 200_000}\n")
    done = scrapy("batch", str(urls), "--schema", SCHEMA, "-o", str(out))
    assert done.returncode == 4
    assert "the crawl broke off" in done.stderr
    answer = json.loads(out.read_text())
    assert answer["cancelled"] is True
    assert codes(answer["results"]) == ["success"]


def spooled(out: Path) -> int:
    """How many rows a crawl at work has written down."""
    with closing(sqlite3.connect(f"file:{out}.spool?mode=ro", uri=True)) as spool:
        return int(spool.execute("SELECT count(*) FROM rows").fetchone()[0])


def test_after_a_kill_of_everything_the_spool_gives_the_answer(site: MockServer, tmp_path: Path) -> None:
    urls, out = slow_and_quick(site, tmp_path, 40), tmp_path / "o.json"
    process = start(
        *("crawl", "schema", "-a", f"urls={urls}", "-a", f"schema={SCHEMA}"),
        *("-a", "concurrency=4", "-O", f"{out}:batch"),
    )
    before = site.hits("/slow/3")
    wait_until(lambda: site.hits("/slow/3") > before and spooled(out) >= 10)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    done = scrapy("assemble", f"{out}.spool")
    assert done.returncode == 0, done.stderr
    answer = json.loads(out.read_text())
    assert answer["cancelled"] is True
    found = codes(answer["results"])
    assert len(found) == 50
    assert found[:10] == ["success"] * 10
    assert set(found[10:]) == {"JOB_CANCELLED"}


def test_ctrl_c_of_a_plain_crawl_leaves_a_complete_batch_answer(site: MockServer, tmp_path: Path) -> None:
    urls, out = slow_and_quick(site, tmp_path, 30), tmp_path / "o.json"
    before = site.hits("/slow/3")
    process = start(
        *("crawl", "schema", "-a", f"urls={urls}", "-a", f"schema={SCHEMA}"),
        *("-a", "concurrency=4", "-O", f"{out}:batch"),
    )
    wait_until(lambda: site.hits("/slow/3") > before)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=240)
    assert process.returncode == 130
    answer = json.loads(out.read_text())
    assert answer["cancelled"] is True
    found = codes(answer["results"])
    assert len(found) == 40
    assert found[:10] == ["success"] * 10
    assert found.count("JOB_CANCELLED") >= 20
    assert not Path(f"{out}.spool").exists()


def test_the_command_works_where_no_project_is(site: MockServer, tmp_path: Path) -> None:
    done = scrapy("batch", site.url("/p/1"), "--schema", SCHEMA, "-o", "o.json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert codes(results(tmp_path / "o.json")) == ["success"]
    arguments = ("-a", f"urls={site.url('/p/1')}", "-a", f"schema={SCHEMA}", "-O", "o.jsonl")
    done = scrapy("crawl", "schema", *arguments, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "o.jsonl").read_text())["data"]["price"] == 1.5
    assert scrapy("crawl", "nosuch", cwd=tmp_path).returncode == 2
