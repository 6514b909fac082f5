"""The second shape of a job: a seed, and the links and sitemaps that match a pattern."""

from __future__ import annotations

import gzip
import io
from collections.abc import AsyncIterator, Iterable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from scrapy import Request
from scrapy.http import Response
from scrapy.utils.sitemap import Sitemap

from runo_spiders.book import CRAWL_META, SITEMAPS, Entry
from runo_spiders.errors import PageFailure, describe
from runo_spiders.frontier import Frontier
from runo_spiders.inputs import Target
from runo_spiders.items import Page, Row
from runo_spiders.net.robots import RobotsMiddleware
from runo_spiders.urls import fault_of, origin

if TYPE_CHECKING:
    from runo_spiders.spiders.schema import SchemaSpider

_MOST_SITEMAPS = 50
_MOST_PAGES = 2**31
_AT_ONCE = 1000
_SITEMAP = "runo_sitemap"
"""The key of a request's meta under which a sitemap's URL travels, through redirects."""
_MOST_BYTES = 50 * 1024 * 1024  # sitemaps.org: 50 MB uncompressed


@dataclass(slots=True)
class Counts:
    """What a crawl tells of itself: pages that came, that were left out, that failed."""

    pages_visited: int = 0
    pages_skipped: int = 0
    pages_failed: int = 0

    def count(self, row: Row) -> None:
        if row.error is None:
            self.pages_visited += 1
        elif row.error.code != "JOB_CANCELLED":
            self.pages_failed += 1


class SiteCrawl:
    """Walks from the seed; what the frontier admits is written to the book before it is fetched."""

    def __init__(self, spider: SchemaSpider) -> None:
        self._spider = spider
        self._book = spider.book
        self._frontier = Frontier(spider.job)
        self._counts = Counts(**(self._book.fact(CRAWL_META) or {}))
        self._frontier.skipped = self._counts.pages_skipped
        self._sitemaps: dict[str, bool] = self._book.fact(SITEMAPS) or {}
        """The sitemaps that were asked for, and whether their pages have been admitted."""
        self._holds = False
        """Whether links are only written down: they are asked for when what is fetched alone is done."""
        self._unlisted: dict[int, tuple[Target, Target]] = {}
        """A seed that was to have no row and failed: as it gets its row, and as it was."""

    async def start(self) -> AsyncIterator[Request | Row]:
        known = await self._book.known()
        if not known:
            yield await self._seed()
            return
        self._frontier.resume(known)
        self._holds = True
        async for entry in self._spider.alone(await self._book.suspects()):
            yield self._request(entry.target)
        self._holds = False
        for entry in await self._all_pending():
            yield self._request(entry.target)
        for url, read in self._sitemaps.items():
            if not read:
                yield self._sitemap_request(url)

    async def follow(self, page: Page, target: Target) -> list[Request]:
        """Requests for the links of a page, and for the site's sitemaps when the page is the seed."""
        requests = await self._admitted(self._spider.links(page), target.hops + 1)
        if target.hops == 0:
            requests += self._asked(self._named_in_robots(page.final_url))
        if target.walked:
            self._mark(Row(target.url, "success", target.index))
        return requests

    async def keep(self, row: Row) -> list[Row]:
        """Put a row into the book. In a crawl each page is admitted once: no row brings another."""
        listed, walked = self._unlisted.pop(row.index or 0, (None, None))
        if listed is not None:
            await self._book.add([listed])
        self._put(row)
        if walked is not None:
            # Its failure is counted with the row.
            self._book.put(describe(PageFailure("INTERNAL", "see its row"), walked.url, walked.index))
        return []

    def target_of_failure(self, target: Target) -> Target | None:
        """A failure of the seed has a row in any case; one of another page that has none is only logged."""
        if not target.walked:
            return target
        if target.hops == 0:
            listed = self._frontier.numbered(target)
            self._unlisted[listed.index or 0] = listed, target
            return listed
        self._mark(describe(PageFailure("INTERNAL", "see the log"), target.url, target.index))
        return None

    async def close(self) -> None:
        self._note_counts()
        self._spider.crawler.stats.set_value("runo/pages_skipped", self._frontier.skipped)

    async def read_sitemap(self, response: Response) -> list[Request]:
        """Requests for the pages that a sitemap lists, or for the sitemaps that an index lists."""
        sitemap = Sitemap(_unpacked(response.body))
        urls = [entry["loc"] for entry in sitemap if entry.get("loc")]
        if sitemap.type == "sitemapindex":
            requests = self._asked(urls)
        else:
            requests = await self._admitted(urls, hops=1)
        self._sitemap_is_read(response.meta[_SITEMAP])
        return requests

    def sitemap_failed(self, request: Request) -> None:
        """A sitemap that cannot be had is not asked for again."""
        if self._spider.ending is None:
            self._sitemap_is_read(request.meta[_SITEMAP])

    # Pages

    async def _seed(self) -> Request | Row:
        seed = self._spider.job.seed_url or ""
        target = self._frontier.seed(seed)
        fault = fault_of(seed)
        if fault is not None and target.walked:
            target = self._frontier.numbered(target)
        await self._book.add([target])
        if fault is not None:
            return describe(PageFailure("URL_INVALID", fault), seed, target.index)
        return self._request(target)

    def _request(self, target: Target) -> Request:
        spider = self._spider
        return spider.followed_request(target) if target.hops else spider.typed_request(target)

    async def _all_pending(self) -> list[Entry]:
        """All at once: while they are fetched others are admitted, which have their requests already."""
        found: list[Entry] = []
        after = -_MOST_PAGES
        while some := await self._book.pending(after, _AT_ONCE):
            found += some
            after = some[-1].target.index or 0
        return found

    async def _admitted(self, urls: Iterable[str], hops: int) -> list[Request]:
        """Requests for the pages among these that are to be fetched, when they stand in the book."""
        if self._spider.ending is not None:
            return []
        targets = [target for url in urls if (target := self._frontier.link(url, hops)) is not None]
        if targets:
            await self._book.add(targets)
        return [] if self._holds else [self._request(target) for target in targets]

    def _mark(self, row: Row) -> None:
        """Note that a page which has no row is done with."""
        self._put(row)

    def _put(self, row: Row) -> None:
        self._book.put(row)
        self._counts.count(row)
        self._note_counts()

    def _note_counts(self) -> None:
        self._counts.pages_skipped = self._frontier.skipped
        self._book.note(CRAWL_META, asdict(self._counts))

    # Sitemaps

    def _named_in_robots(self, url: str) -> tuple[str, ...]:
        robots = self._spider.crawler.get_downloader_middleware(RobotsMiddleware)
        return robots.sitemaps_of(url) if robots is not None else ()

    def _asked(self, urls: Iterable[str]) -> list[Request]:
        """Requests for the sitemaps among these that were not asked for yet."""
        new = [url for url in dict.fromkeys(urls) if url not in self._sitemaps and fault_of(url) is None]
        new = new[: _MOST_SITEMAPS - len(self._sitemaps)]
        self._note_sitemaps(dict.fromkeys(new, False))
        return [] if self._holds else [self._sitemap_request(url) for url in new]

    def _sitemap_is_read(self, url: str) -> None:
        self._note_sitemaps({url: True})

    def _note_sitemaps(self, news: dict[str, bool]) -> None:
        if news:
            self._sitemaps |= news
            self._book.note(SITEMAPS, self._sitemaps)

    @property
    def _origin(self) -> str:
        return origin(self._spider.job.seed_url or "")

    def _sitemap_request(self, url: str) -> Request:
        spider = self._spider
        return Request(
            url,
            callback=spider.parse_sitemap,
            errback=spider.sitemap_failed,
            priority=1,
            meta={_SITEMAP: url, "typed": spider.commission.trusted and origin(url) == self._origin},
        )


def _unpacked(body: bytes) -> bytes:
    """A sitemap that is a gzip file, unpacked up to the size that the protocol allows."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    with gzip.open(io.BytesIO(body)) as file:
        return file.read(_MOST_BYTES)
