"""The second shape of a job: a seed, and the links and sitemaps that match a pattern."""

from __future__ import annotations

import gzip
import io
from collections.abc import AsyncIterator, Iterable, Iterator
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response
from scrapy.utils.sitemap import Sitemap

from runo_spiders.errors import PageFailure, describe
from runo_spiders.frontier import Frontier
from runo_spiders.inputs import Target
from runo_spiders.items import Page, Row
from runo_spiders.net.robots import RobotsMiddleware
from runo_spiders.spool import Spool
from runo_spiders.urls import fault_of

if TYPE_CHECKING:
    from runo_spiders.spiders.schema import SchemaSpider

_MOST_SITEMAPS = 50
_MOST_BYTES = 50 * 1024 * 1024  # sitemaps.org: 50 MB uncompressed


class SiteCrawl:
    """Walks from the seed; what the frontier admits is written to the spool before it is fetched."""

    def __init__(self, spider: SchemaSpider) -> None:
        self._spider = spider
        self._spool: Spool = spider.spool
        self._frontier = Frontier(spider.job)
        self._sitemaps_asked: set[str] = set()

    async def start(self) -> AsyncIterator[Request | Row]:
        seed = self._spider.job.seed_url or ""
        target = self._note(self._frontier.seed(seed))
        fault = fault_of(seed)
        if fault is None:
            yield self._spider.typed_request(target)
        else:
            yield describe(PageFailure("URL_INVALID", fault), seed, target.index or 0)

    def follow(self, page: Page, target: Target) -> Iterator[Request]:
        """Requests for the links of a page, and for the site's sitemaps when the page is the seed."""
        yield from self._pages(self._spider.links(page), target.hops + 1)
        if target.hops == 0:
            yield from self._sitemaps(self._named_in_robots(page.final_url))

    def after(self, row: Row) -> list[Row]:
        """In a crawl each page is admitted once: no row brings another."""
        return []

    def target_of_failure(self, target: Target) -> Target | None:
        """A failure of the seed has a row in any case; one of another page that has none is only logged."""
        if target.index is None and target.hops == 0:
            return self._note(self._frontier.numbered(target))
        return target if target.index is not None else None

    def close(self) -> None:
        self._spider.crawler.stats.set_value("runo/pages_skipped", self._frontier.skipped)

    def _pages(self, urls: Iterable[str], hops: int) -> Iterator[Request]:
        for url in urls:
            target = self._frontier.link(url, hops) if self._spider.ending is None else None
            if target is not None:
                yield self._spider.followed_request(self._note(target))

    def _note(self, target: Target) -> Target:
        if target.index is not None:
            self._spool.add([target])
        return target

    def _named_in_robots(self, url: str) -> tuple[str, ...]:
        robots = self._spider.crawler.get_downloader_middleware(RobotsMiddleware)
        return robots.sitemaps_of(url) if robots is not None else ()

    def _sitemaps(self, urls: Iterable[str]) -> Iterator[Request]:
        for url in urls:
            if len(self._sitemaps_asked) < _MOST_SITEMAPS and url not in self._sitemaps_asked:
                self._sitemaps_asked.add(url)
                yield Request(
                    url, callback=self._spider.parse_sitemap, errback=self._spider.failed, priority=1
                )

    def read_sitemap(self, response: Response) -> Iterator[Request]:
        """Requests for the pages that a sitemap lists, or for the sitemaps that an index lists."""
        sitemap = Sitemap(_unpacked(response.body))
        urls = [entry["loc"] for entry in sitemap if entry.get("loc")]
        if sitemap.type == "sitemapindex":
            yield from self._sitemaps(urls)
        else:
            yield from self._pages(urls, hops=1)


def _unpacked(body: bytes) -> bytes:
    """A sitemap that is a gzip file, unpacked up to the size that the protocol allows."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    with gzip.open(io.BytesIO(body)) as file:
        return file.read(_MOST_BYTES)
