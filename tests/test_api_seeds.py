"""The examples of docs/api.md, which are those of Runo's pages, run as they stand there.

Only the pages that they name are ours: `https://example.com` becomes a site of the test.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.api_client import Client
from tests.crawling import ROOT, product_page
from tests.daemon import Daemon, wait_until
from tests.mockserver import MockServer

_BLOCK = re.compile(r"^```(bash|js|py)\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    pages = {f"/p/{number}": product_page(f"Kettle {number}") for number in (1, 2)}
    links = "".join(f'<a href="/slow/1/{number}">{number}</a>' for number in range(200))
    with MockServer(pages={**pages, "/": product_page("Home", body=links)}) as server:
        yield server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Daemon(tmp_path_factory.mktemp("seeds")) as daemon:
        yield Client.of(daemon, "alice")


def example(language: str, holding: str, site: MockServer, folder: Path) -> str:
    blocks = _BLOCK.findall((ROOT / "docs" / "api.md").read_text())
    [found] = [text for tongue, text in blocks if tongue == language and holding in text]
    return str(found.replace("https://example.com", site.url("").rstrip("/")).replace("/tmp/", f"{folder}/"))


def run(client: Client, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, env=environment(client), capture_output=True, text=True, timeout=240, check=True
    )


def environment(client: Client) -> dict[str, str]:
    own = {"RUNO_URL": client.daemon.url, "RUNO_API_KEY": client.text, "NO_PROXY": "*", "no_proxy": "*"}
    return {**os.environ, **own}


def test_the_batch_with_curl(client: Client, site: MockServer, tmp_path: Path) -> None:
    done = run(client, "bash", "-c", example("bash", "v1/batch \\\n  -H", site, tmp_path))
    told = json.loads(done.stdout)
    assert [result["data"]["title"] for result in told["results"]] == ["Kettle 1", "Kettle 2"]
    assert told["cancelled"] is False


def test_the_batch_with_javascript(client: Client, site: MockServer, tmp_path: Path) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(example("js", "/v1/batch", site, tmp_path))
    assert "{ title: 'Kettle 2', price: 19.99 }" in run(client, "node", str(script)).stdout


def test_the_batch_with_python(client: Client, site: MockServer, tmp_path: Path) -> None:
    done = run(client, sys.executable, "-c", example("py", "/v1/batch", site, tmp_path))
    assert "{'title': 'Kettle 1', 'price': 19.99}" in done.stdout


def test_the_upload_with_curl(client: Client, site: MockServer, tmp_path: Path) -> None:
    done = run(client, "bash", "-c", example("bash", "printf", site, tmp_path))
    assert json.loads(done.stdout)["results"][0]["extra"] == {"id": "7"}


def test_a_crawl_is_cancelled_from_a_second_shell(client: Client, site: MockServer, tmp_path: Path) -> None:
    crawl = subprocess.Popen(
        ["bash", "-c", example("bash", "v1/crawl", site, tmp_path)],
        env=environment(client),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    saved = tmp_path / "crawl.out"
    wait_until(
        lambda: saved.exists() and b"x-job-id" in saved.read_bytes().lower(), "the id came through the pipe"
    )
    listed = json.loads(run(client, "bash", "-c", example("bash", "v1/jobs \\", site, tmp_path)).stdout)
    assert [job["endpoint"] for job in listed["jobs"]] == ["/crawl"]
    cancelled = json.loads(run(client, "bash", "-c", example("bash", "DELETE", site, tmp_path)).stdout)
    assert cancelled == {"status": "cancelled", "job_id": listed["jobs"][0]["job_id"]}
    out, _ = crawl.communicate(timeout=240)
    told = json.loads(out.partition("\n\n")[2])
    assert told["crawl_meta"]["cancelled"] is True
    assert all(
        result["error"] == {"code": "JOB_CANCELLED", "retryable": False}
        for result in told["results"]
        if result["status"] == "error"
    )
