"""What stands between the spider and Scrapy: the callback's door to rows, saved pages, a job's way out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit

from itemadapter import ItemAdapter
from scrapy.exceptions import NotConfigured
from scrapy.http import HtmlResponse, Request, Response

from runo_spiders.ending import JobEnded
from runo_spiders.items import Page, Row
from runo_spiders.net.download import HttpHandler
from runo_spiders.spiders.base import TARGET
from runo_spiders.spiders.schema import SchemaSpider

if TYPE_CHECKING:
    from scrapy.crawler import Crawler


class JobMiddleware:
    """A middleware of the jobs of a `SchemaSpider`; off for other spiders of the same project."""

    def __init__(self, spider: SchemaSpider) -> None:
        self._spider = spider

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        if not isinstance(crawler.spider, SchemaSpider):
            raise NotConfigured
        return cls(crawler.spider)


class RowMiddleware(JobMiddleware):
    """Spider middleware: a callback that fails gives an error row, any item that it yields becomes a page."""

    async def process_spider_output(
        self, response: Response, result: AsyncIterator[Any]
    ) -> AsyncIterator[Any]:
        async for output in result:
            yield self._spider.page_from_item(response, output) if _is_foreign(output) else output

    def process_spider_exception(self, response: Response, exception: Exception) -> Iterable[Row] | None:
        row = self._spider.row_of_failure(exception, response.meta.get(TARGET), response.url)
        # Nothing here means: let Scrapy log the failure of a request that has no row.
        return None if row is None else [row]


class EndingMiddleware(JobMiddleware):
    """Downloader middleware: requests that wait when the job ends are not fetched."""

    async def process_request(self, request: Request) -> None:
        if self._spider.ending is not None:
            raise JobEnded(self._spider.ending.reason)


class SavedPages(JobMiddleware):
    """Downloader middleware: answers `file:` URLs of the job's `html_dir`; the `file` handler stays off."""

    def __init__(self, spider: SchemaSpider) -> None:
        super().__init__(spider)
        if spider.job.html_dir is None:
            raise NotConfigured
        self._folder = Path(spider.job.html_dir).resolve()

    async def process_request(self, request: Request) -> Response | None:
        parts = urlsplit(request.url)
        if parts.scheme != "file":
            return None
        await self._spider.set_out(request)
        path = Path(unquote(parts.path)).resolve()
        if not path.is_relative_to(self._folder):
            raise PermissionError(f"{path} is not in {self._folder}")
        headers = {"Content-Type": "text/html"}
        return HtmlResponse(request.url, body=path.read_bytes(), headers=headers, request=request)


class JobHandler(HttpHandler):
    """For `http` and `https`: a job's request leaves when it is counted, and not when the job has ended.

    Here and not in a middleware, because behind those requests still wait for the turn of their host.
    """

    async def download_request(self, request: Request) -> Response:
        spider = self.crawler.spider
        if not isinstance(spider, SchemaSpider):
            return await super().download_request(request)
        await spider.set_out(request)
        spider.in_flight += 1
        try:
            return await super().download_request(request)
        finally:
            spider.in_flight -= 1


def _is_foreign(output: Any) -> bool:
    return not isinstance(output, Page | Row | Request) and ItemAdapter.is_item(output)
