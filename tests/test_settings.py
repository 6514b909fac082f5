"""The settings that make a crawl safe and quick, by their effective value inside a running crawl."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.crawling import PRODUCT, ROOT, scrapy

PRINTER = """
import json, pathlib
from scrapy import signals

class Printer:
    def __init__(self, crawler):
        self.crawler = crawler
        crawler.signals.connect(self.opened, signals.spider_opened)
    @classmethod
    def from_crawler(cls, crawler):
        return cls(crawler)
    def opened(self):
        settings, engine = self.crawler.settings, self.crawler.engine
        names = json.loads(settings["ASKED"])
        from twisted.internet import reactor
        found = {name: settings.get(name) for name in names}
        found["handlers"] = {s: str(h) for s, h in settings.getwithbase("DOWNLOAD_HANDLERS").items()}
        found["middlewares"] = [type(m).__name__ for m in engine.downloader.middleware.middlewares]
        found["pipelines"] = [type(m).__name__ for m in engine.scraper.itemproc.middlewares]
        found["guard"] = type(getattr(reactor.connectTCP, "__self__", None)).__name__
        found["threads"] = reactor.getThreadPool().max
        pathlib.Path(settings["FOUND"]).write_text(json.dumps(found))
"""

EXPECTED = {
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "ROBOTSTXT_OBEY": True,
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
    "DOWNLOAD_MAXSIZE": 16 * 1024 * 1024,
    "DOWNLOAD_TIMEOUT": 15.0,
    "RUNO_TIMEOUT_MS": None,
    "REDIRECT_MAX_TIMES": 10,
    "URLLENGTH_LIMIT": 8192,
    "REFERRER_POLICY": "same-origin",
    "RETRY_TIMES": 2,
    "AUTOTHROTTLE_ENABLED": False,
    "CONCURRENT_REQUESTS": 32,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 8,
    "CONCURRENT_ITEMS": 4,
    "USER_AGENT": "runo-spiders/0.1.0",
}


def effective(folder: Path, *arguments: str, cwd: Path = ROOT) -> dict[str, Any]:
    (folder / "printer.py").write_text(PRINTER)
    found = folder / "found.json"
    done = scrapy(
        "crawl",
        "schema",
        "-a",
        f"schema={json.dumps(PRODUCT)}",
        *arguments,
        "-s",
        'EXTENSIONS={"printer.Printer": 1}',
        "-s",
        f"ASKED={json.dumps(list(EXPECTED))}",
        "-s",
        f"FOUND={found}",
        cwd=cwd,
        PYTHONPATH=str(folder),
    )
    assert found.exists(), done.stderr
    result: dict[str, Any] = json.loads(found.read_text())
    return result


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return effective(tmp_path_factory.mktemp("settings"), "-a", "urls=http://127.0.0.1:1/")


@pytest.mark.parametrize("name", EXPECTED)
def test_setting(found: dict[str, Any], name: str) -> None:
    assert found[name] == EXPECTED[name]


def test_only_web_schemes_are_downloaded_and_by_the_guarded_handler(found: dict[str, Any]) -> None:
    web = "<class 'runo_spiders.middlewares.JobHandler'>"
    assert found["handlers"] == {
        "http": web,
        "https": web,
        **dict.fromkeys(("file", "data", "ftp", "s3"), "None"),
    }
    assert found["guard"] == "Guard"


def test_the_components_are_in_place(found: dict[str, Any]) -> None:
    assert "RobotsMiddleware" in found["middlewares"]
    assert "RobotsTxtMiddleware" not in found["middlewares"]
    assert found["pipelines"] == ["ExtractPipeline", "ValidatePipeline", "RowPipeline", "BookPipeline"]
    assert found["threads"] == 30


def test_options_of_the_job_become_settings(tmp_path: Path) -> None:
    found = effective(
        tmp_path,
        *("-a", "urls=http://127.0.0.1:1/", "-a", "timeout_ms=2000", "-a", "concurrency=3"),
        *("-s", "RUNO_CONTACT=ops@example.com"),
    )
    assert found["DOWNLOAD_TIMEOUT"] == 2.0
    assert found["RUNO_TIMEOUT_MS"] == 2000
    assert found["CONCURRENT_REQUESTS"] == found["CONCURRENT_REQUESTS_PER_DOMAIN"] == 3
    assert found["USER_AGENT"] == "runo-spiders/0.1.0 (ops@example.com)"


def test_a_crawl_of_a_foreign_host_is_throttled(tmp_path: Path) -> None:
    crawl = ("-a", "seed_url=http://nowhere.invalid/", "-a", "follow_pattern=http://nowhere.invalid/*")
    assert effective(tmp_path, *crawl)["AUTOTHROTTLE_ENABLED"] is True
