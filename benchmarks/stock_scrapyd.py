"""Scrapyd as it comes: how long from schedule.json to the fetch of the job's page."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import ProxyHandler, build_opener

from tests.daemon import free_port
from tests.mockserver import MockServer

_SPIDER = """
import scrapy

class Plain(scrapy.Spider):
    name = "plain"

    async def start(self):
        yield scrapy.Request(self.url)

    def parse(self, response):
        yield {"title": response.css("title::text").get()}
"""
_TRIES = 3
_PATIENCE_S = 60.0
_DIRECT = build_opener(ProxyHandler({}))


def seconds_to_first_fetch(url: str, site: MockServer) -> float:
    """The median of a few tries, after one that is not counted."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        _write_project(Path(folder))
        daemon = subprocess.Popen(
            [sys.executable, "-m", "scrapyd", "--pidfile="],
            cwd=folder,
            env={**os.environ, "SCRAPYD_HTTP_PORT": str(port)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait_for(port)
            return statistics.median([_one(port, url, site) for _ in range(_TRIES + 1)][1:])
        finally:
            daemon.terminate()
            daemon.wait(timeout=_PATIENCE_S)


def _one(port: int, url: str, site: MockServer) -> float:
    hits = site.hits()
    form = urlencode({"project": "default", "spider": "plain", "url": url}).encode()
    began = time.perf_counter()
    _DIRECT.open(f"http://127.0.0.1:{port}/schedule.json", form, timeout=_PATIENCE_S).read()
    while site.hits() == hits:
        assert time.perf_counter() < began + _PATIENCE_S, "stock Scrapyd does not fetch"
        time.sleep(0.01)
    return time.perf_counter() - began


def _wait_for(port: int) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            _DIRECT.open(f"http://127.0.0.1:{port}/daemonstatus.json", timeout=5).read()
        except OSError:
            assert time.monotonic() < until, "stock Scrapyd does not start"
            time.sleep(0.1)
        else:
            return


def _write_project(folder: Path) -> None:
    (folder / "scrapy.cfg").write_text("[settings]\ndefault = stock_settings\n")
    (folder / "stock_settings.py").write_text('SPIDER_MODULES = ["stock_spiders"]\nROBOTSTXT_OBEY = False\n')
    (folder / "stock_spiders.py").write_text(_SPIDER)
