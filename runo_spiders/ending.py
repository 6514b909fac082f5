"""How a job ends before its list does: what becomes of the URLs that are not fetched any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scrapy.exceptions import IgnoreRequest

from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.item_cap import NOT_FETCHED
from runo_spiders.items import Row


class JobEnded(IgnoreRequest):
    """Raised by `EndingMiddleware` for a request that waited when the job ended; reaches the errback."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why the job fetches nothing more: `fail_fast` after a failure, or `max_total_items` reached."""

    reason: Literal["fail_fast", "max_total_items"]

    def row(self, target: Target) -> Row:
        """The row of a target that is not fetched: cancelled, or a success with no items."""
        if self.reason == "fail_fast":
            return describe(PageFailure("JOB_CANCELLED"), target.url, target.index, target.extra)
        return Row(
            url=target.url,
            status="success",
            index=target.index,
            data=[],
            warnings=(NOT_FETCHED,),
            extra=target.extra,
        )
