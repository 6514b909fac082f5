"""The subclass seam: requests for targets, pages from responses, error rows from failures."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from itemadapter import ItemAdapter
from scrapy import Request, Spider
from scrapy.http import Response, TextResponse

from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Page, Row
from runo_spiders.net.failures import translate
from runo_spiders.page.content import check_content
from runo_spiders.page.document import Document

if TYPE_CHECKING:
    from twisted.python.failure import Failure

TARGET = "runo_target"
"""The key of a request's meta under which its `Target` travels, through retries and redirects."""


class PageSpider(Spider):
    """Makes a page of each response, and a row of each failure.

    Subclasses may override `page_request` (how a target is asked for), `make_page` (what the pipelines get)
    and `links` (which links of a page are candidates to follow).
    """

    def page_request(self, target: Target, **kwargs: Any) -> Request:
        """The request for a target. Keyword arguments go to `scrapy.Request`."""
        meta = {TARGET: target, **kwargs.pop("meta", {})}
        # Not filtered: each URL of a job has its row, and who comes first is decided before.
        return Request(
            target.url, callback=self.parse, errback=self.failed, meta=meta, dont_filter=True, **kwargs
        )

    def make_page(self, response: Response) -> Page:
        """The page of a response. Raises `PageFailure` if it is not HTML."""
        label = response.headers.get("Content-Type") or b""
        check_content(response.body, label.decode("latin-1"))
        return _page(response)

    def links(self, page: Page) -> Iterator[str]:
        """The absolute URLs that a page links to, in its order."""
        root = page.document.root
        for element in root.iter("a", "area", "link"):
            href = element.get("href")
            if href and (element.tag != "link" or element.get("rel") == "next"):
                yield _absolute(page.document.base_url, href)

    def page_from_item(self, response: Response, item: Any) -> Page:
        """The page of an item, of any type itemadapter knows, that a callback scraped itself."""
        return replace(_page(response), given=ItemAdapter(item).asdict())

    async def parse(self, response: Response, **kwargs: Any) -> AsyncIterator[Any]:
        """The callback: a page. Override it to scrape by hand; whatever item it yields is made a row."""
        yield self.make_page(response)

    async def failed(self, failure: Failure) -> AsyncIterator[Row]:
        """The errback: the error row of a request that brought no page."""
        request: Request = failure.request  # type: ignore[attr-defined]
        fault = failure.value
        assert isinstance(fault, Exception)
        row = self.row_of_failure(fault, request.meta.get(TARGET), request.url)
        if row is not None:
            yield row

    def row_of_failure(self, fault: BaseException, target: Target | None, url: str) -> Row | None:
        """The error row of a target; None for requests that were made without one."""
        if target is None:
            self.logger.warning("No row for %s: %s", url, fault)
            return None
        failure = fault if isinstance(fault, PageFailure) else translate(fault)
        if failure.code.name == "INTERNAL":
            self.logger.error("Error while working on %s", target.url, exc_info=fault)
        return describe(failure, target.url, target.index, target.extra)


def target_of(response: Response) -> Target:
    """What was asked for; the response's own URL where a callback was reached without a target."""
    target = response.meta.get(TARGET)
    return target if isinstance(target, Target) else Target(response.url, None)


def _page(response: Response) -> Page:
    target = target_of(response)
    text = response.text if isinstance(response, TextResponse) else response.body.decode("utf8", "replace")
    return Page(
        url=target.url,
        # A page that is only walked through has no place among the rows.
        index=None if target.walked else target.index,
        final_url=response.url,
        http_status=response.status,
        fetched_at=datetime.now(UTC),
        document=Document(text, response.url),
        extra=target.extra,
    )


def _absolute(base: str, href: str) -> str:
    try:
        return urljoin(base, href.strip()).partition("#")[0]
    except ValueError:
        return ""
