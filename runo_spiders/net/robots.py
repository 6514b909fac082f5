"""robots.txt by RFC 9309, for every request of a crawl.

Scrapy's middleware lets requests through that wait together for one robots.txt, reads a server error as if it
were rules, and allows everything when the file cannot be had. Here: 2xx is read, 4xx allows all, 5xx forbids
all for a while, and a host that cannot be reached gives each page that failure without another dial.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urljoin, urlsplit

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest, StopDownload
from scrapy.http.request import NO_CALLBACK
from scrapy.robotstxt import ProtegoRobotParser
from scrapy.utils.misc import build_from_crawler

from runo_spiders.errors import PageFailure
from runo_spiders.net.download import is_typed
from runo_spiders.net.failures import translate

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.http import Response
    from scrapy.robotstxt import RobotParser

SITES = 10_000
READ_BYTES = 500 * 1024
"""What RFC 9309, section 2.5, asks a crawler to read at least; the rest is not downloaded."""
REDIRECTS = 5
"""RFC 9309, section 2.3.1.2."""
RETRIES = 1
RULES_LAST = 24 * 3600.0
"""Seconds; RFC 9309, section 2.4."""
FAILURES_LAST = 60.0


class RobotsForbidden(PageFailure, IgnoreRequest):
    """A page may not be fetched; Scrapy's components take it for the exception of the stock middleware."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What is known of a site's robots.txt: a parser, or nothing (all is allowed), or why nothing is.

    `refusal` makes a new exception for each request, because an exception collects its traceback.
    """

    parser: RobotParser | None = None
    refusal: Callable[[], PageFailure] | None = None


@dataclass(slots=True)
class Site:
    """One origin; who holds the lock fetches its robots.txt, the others wait for what comes of it."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    rules: Rules | None = None
    stale: float = 0.0

    def keep(self, rules: Rules) -> None:
        self.rules = rules
        self.stale = monotonic() + (FAILURES_LAST if rules.refusal else RULES_LAST)

    @property
    def fresh(self) -> Rules | None:
        return self.rules if monotonic() < self.stale else None


class RobotsMiddleware(RobotsTxtMiddleware):
    """In place of Scrapy's `RobotsTxtMiddleware`, with its settings, its meta keys and its signal."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._sites: OrderedDict[str, Site] = OrderedDict()

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        middleware = cls(crawler)
        crawler.signals.connect(middleware.stop_reading, signals.bytes_received)
        return middleware

    async def process_request(self, request: Request, spider: Any = None) -> None:
        """Raises `RobotsForbidden`, or the `PageFailure` that kept the site's robots.txt away."""
        if request.meta.get("dont_obey_robotstxt") or not request.url.startswith(("http:", "https:")):
            return
        rules = await self._rules(request)
        if rules.refusal:
            raise rules.refusal()
        if rules.parser and not rules.parser.allowed(request.url, self._user_agent(request)):
            self._stats.inc_value("robotstxt/forbidden")
            raise RobotsForbidden("ROBOTS_FORBIDDEN")

    def sitemaps_of(self, url: str) -> tuple[str, ...]:
        """The sitemaps that the robots.txt of this URL's site names; none before a page of it was asked."""
        site = self._sites.get(_root(url))
        parser = site.rules.parser if site and site.rules else None
        listed = parser.rp.sitemaps if isinstance(parser, ProtegoRobotParser) else ()
        sitemaps = dict.fromkeys(urljoin(_root(url), sitemap) for sitemap in listed)
        return tuple(sitemap for sitemap in sitemaps if sitemap.startswith(("http:", "https:")))

    def stop_reading(self, data: bytes, request: Request) -> None:
        """Ends the download of a robots.txt that is longer than anyone has to read."""
        if "robots_bytes" in request.meta:
            request.meta["robots_bytes"] += len(data)
            if request.meta["robots_bytes"] > READ_BYTES:
                raise StopDownload(fail=False)

    def _user_agent(self, request: Request) -> str | bytes:
        agent = self._robotstxt_useragent or request.headers.get("User-Agent", self._default_useragent)
        return agent or b""

    async def _rules(self, request: Request) -> Rules:
        site = self._site(_root(request.url))
        async with site.lock:
            rules = site.fresh
            if rules is None:
                rules = await self._fetch(request)
                site.keep(rules)
        return rules

    def _site(self, root: str) -> Site:
        site = self._sites.setdefault(root, Site())
        self._sites.move_to_end(root)
        if len(self._sites) > SITES:
            self._sites.popitem(last=False)
        return site

    async def _fetch(self, request: Request) -> Rules:
        self._stats.inc_value("robotstxt/request_count")
        assert self.crawler.engine
        try:
            response = await self.crawler.engine.download_async(self._robots_request(request))
        except Exception as exc:
            self._stats.inc_value(f"robotstxt/exception_count/{type(exc)}")
            return _rules_without(exc)
        return await self._read(response, request)

    def _robots_request(self, request: Request) -> Request:
        """A request that may go where the page may: to a private host only if the operator typed it."""
        return Request(
            urljoin(_root(request.url), "/robots.txt"),
            priority=self.DOWNLOAD_PRIORITY,
            callback=NO_CALLBACK,
            meta={
                "dont_obey_robotstxt": True,
                "typed": is_typed(request),
                "redirect_ttl": REDIRECTS,
                "max_retry_times": min(RETRIES, self.crawler.settings.getint("RETRY_TIMES")),
                "give_up_log_level": "DEBUG",
                "robots_bytes": 0,
            },
        )

    async def _read(self, response: Response, request: Request) -> Rules:
        self._stats.inc_value("robotstxt/response_count")
        self._stats.inc_value(f"robotstxt/response_status_count/{response.status}")
        if response.status >= 500:
            detail = f"robots.txt answers {response.status}"
            return Rules(refusal=lambda: RobotsForbidden("ROBOTS_FORBIDDEN", detail, retryable=True))
        if response.status >= 300:
            return Rules()
        parser = build_from_crawler(self._parserimpl, self.crawler, response.body[:READ_BYTES])
        await self.crawler.signals.send_catch_log_async(
            signals.robots_parsed, robotparser=parser, request=request
        )
        return Rules(parser)


def _rules_without(exc: Exception) -> Rules:
    """What follows from a robots.txt that could not be had; one that redirects for ever is no robots.txt."""
    if isinstance(exc, IgnoreRequest) and not isinstance(exc, PageFailure):
        return Rules()
    failure = translate(exc)
    code, status, retryable = failure.code.name, failure.http_status, failure.retryable
    return Rules(refusal=lambda: PageFailure(code, failure.detail, http_status=status, retryable=retryable))


def _root(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
