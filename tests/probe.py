"""Runs a real crawl in a process of its own (a reactor runs once) and tells how each request ended.

report = crawl([Ask(server.url("/status/404"))], SAFE | {"RETRY_TIMES": 0})
assert report.ends[0].code == "HTTP_ERROR"
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from time import monotonic, process_time
from typing import Any, Self, cast

import scrapy
from scrapy.crawler import AsyncCrawlerProcess, AsyncCrawlerRunner
from scrapy.resolver import CachingHostnameResolver
from scrapy.utils.reactor import install_reactor
from twisted.internet.address import IPv4Address, IPv6Address

from runo_spiders.errors import UsageMistake
from runo_spiders.net.failures import translate
from runo_spiders.net.guard import GuardedResolver
from runo_spiders.net.robots import RobotsMiddleware

QUIET: Mapping[str, Any] = {
    "LOG_LEVEL": "CRITICAL",
    "TELNETCONSOLE_ENABLED": False,
    "REMOTE_CONTROL_ENABLED": False,
    "RETRY_TIMES": 0,
    "CONCURRENT_REQUESTS": 64,
    "CONCURRENT_REQUESTS_PER_DOMAIN": 64,
    "DOWNLOAD_MAXSIZE": 4_000_000,
}
SAFE: Mapping[str, Any] = {
    **QUIET,
    "TWISTED_DNS_RESOLVER": "tests.probe.ScriptedResolver",
    "DOWNLOAD_HANDLERS": {
        "http": "runo_spiders.net.download.HttpHandler",
        "https": "runo_spiders.net.download.HttpHandler",
        "file": None,
        "data": None,
        "ftp": None,
        "s3": None,
    },
    "EXTENSIONS": {"runo_spiders.net.guard.GuardCheck": 0},
    "DOWNLOADER_MIDDLEWARES": {
        "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
        "runo_spiders.net.robots.RobotsMiddleware": 100,
    },
    "DOWNLOAD_VERIFY_CERTIFICATES": True,
}
"""What guards a crawl; `RUNO_EGRESS_ALLOW` is for the test to say."""


@dataclass(frozen=True)
class Ask:
    """One request; `meta`, `headers` and `cookies` as Scrapy takes them."""

    url: str
    meta: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class End:
    """How one request ended: with a response or with a failure."""

    url: str
    final_url: str = ""
    status: int | None = None
    body: str = ""
    code: str = ""
    message: str = ""
    retryable: bool = False
    exception: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """All ends in the order of the requests, and what the crawl was like."""

    ends: tuple[End, ...] = ()
    stats: Mapping[str, Any] = field(default_factory=dict)
    sitemaps: Mapping[str, list[str]] = field(default_factory=dict)
    peak_mb: float = 0.0
    cpu_seconds: float = 0.0
    mistake: str = ""

    @property
    def codes(self) -> list[str]:
        """The code of each failure, the status of each response."""
        return [end.code or str(end.status) for end in self.ends]


@dataclass(frozen=True)
class Order:
    asks: tuple[Ask, ...]
    settings: Mapping[str, Any]
    runner: str


def crawl(
    asks: Iterable[Ask | str],
    settings: Mapping[str, Any] = SAFE,
    *,
    runner: str = "process",
    env: Mapping[str, str] | None = None,
) -> Report:
    """Runs with `AsyncCrawlerProcess`, or with `AsyncCrawlerRunner` if `runner` is "runner".

    No proxy variable of the caller's environment reaches the crawl.
    """
    order = Order(tuple(ask if isinstance(ask, Ask) else Ask(ask) for ask in asks), dict(settings), runner)
    inherited = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-m", "tests.probe"],
        input=pickle.dumps(order),
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parent.parent,
        env={**inherited, **(env or {})},
        timeout=240,
        check=True,
    )
    answer = json.loads(done.stdout)
    return Report(**{**answer, "ends": tuple(End(**end) for end in answer["ends"])})


class UnguardedResolver(CachingHostnameResolver):
    """Answers the names of the setting `TEST_NAMES`, one list of addresses per look-up, the last for ever."""

    script: dict[str, list[list[str]]]

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> Self:
        resolver = super().from_crawler(crawler, reactor)
        resolver.script = crawler.settings.getdict("TEST_NAMES")
        return resolver

    def resolveHostName(self, resolutionReceiver: Any, hostName: str, *args: Any, **kwargs: Any) -> Any:  # noqa: N802, N803
        if hostName not in self.script:
            return super().resolveHostName(resolutionReceiver, hostName, *args, **kwargs)
        answers = self.script[hostName]
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        port = args[0] if args else kwargs.get("portNumber", 0)
        resolutionReceiver.resolutionBegan(None)
        for address in addresses:
            kind = IPv6Address if ":" in address else IPv4Address
            resolutionReceiver.addressResolved(kind("TCP", address, port))
        resolutionReceiver.resolutionComplete()
        return resolutionReceiver


class ScriptedResolver(UnguardedResolver, GuardedResolver):
    """The same over the guarded resolver."""


class ProbeSpider(scrapy.Spider):
    name = "probe"
    asks: tuple[Ask, ...]
    ends: dict[int, End]
    sitemaps: dict[str, list[str]]

    async def start(self) -> AsyncIterator[Any]:
        self.ends, self.sitemaps, self.began = {}, {}, monotonic()
        for index, ask in enumerate(self.asks):
            try:
                yield self.request(index, ask)
            except ValueError as fault:
                self.end(index, code="URL_INVALID", message=str(fault), exception="ValueError")

    def request(self, index: int, ask: Ask) -> scrapy.Request:
        return scrapy.Request(
            ask.url,
            headers=dict(ask.headers),
            cookies=[{"name": name, "value": value} for name, value in ask.cookies.items()],
            meta={**ask.meta, "index": index},
            errback=self.failed,
            dont_filter=True,
        )

    def parse(self, response: Any) -> None:
        index = response.meta["index"]
        self.end(index, status=response.status, body=response.body[:2000].decode("utf-8", "replace"))
        self.ends[index] = End(**{**asdict(self.ends[index]), "final_url": response.url})
        robots = self.crawler.get_downloader_middleware(RobotsMiddleware)
        if robots is not None:
            self.sitemaps[response.url] = list(robots.sitemaps_of(response.url))

    def failed(self, failure: Any) -> None:
        info = translate(failure.value)
        self.end(
            failure.request.meta["index"],
            status=info.http_status,
            code=info.code.name,
            message=info.info.message,
            retryable=info.retryable,
            exception=type(failure.value).__name__,
        )

    def end(self, index: int, **facts: Any) -> None:
        self.ends[index] = End(self.asks[index].url, seconds=monotonic() - self.began, **facts)


def _run(order: Order) -> Report:
    try:
        crawler = _RUNNERS[order.runner](order)
    except UsageMistake as mistake:
        return Report(mistake=str(mistake))
    spider = crawler.spider
    return Report(
        ends=tuple(spider.ends.get(index, End(ask.url)) for index, ask in enumerate(order.asks)),
        stats={key: value for key, value in crawler.stats.get_stats().items() if isinstance(value, int)},
        sitemaps=spider.sitemaps,
        peak_mb=_peak_mb(),
        cpu_seconds=process_time(),
    )


def _by_process(order: Order) -> Any:
    process = AsyncCrawlerProcess(dict(order.settings))
    crawler = process.create_crawler(ProbeSpider)
    task = process.crawl(crawler, asks=order.asks)
    process.start()
    task.result()
    return crawler


def _by_runner(order: Order) -> Any:
    install_reactor("twisted.internet.asyncioreactor.AsyncioSelectorReactor")
    from twisted.internet import reactor

    runner = AsyncCrawlerRunner(dict(order.settings))
    crawler = runner.create_crawler(ProbeSpider)

    async def main() -> None:
        await runner.crawl(crawler, asks=order.asks)

    task = asyncio.get_event_loop().create_task(main())
    task.add_done_callback(lambda _: cast(Any, reactor).stop())
    cast(Any, reactor).run()
    task.result()
    return crawler


_RUNNERS = {"process": _by_process, "runner": _by_runner}


def _peak_mb() -> float:
    # Not ru_maxrss: that begins with the memory of the process that forked this one.
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_run(pickle.load(sys.stdin.buffer)))))
