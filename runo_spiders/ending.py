"""How a job ends before its list does: what becomes of the URLs that are not fetched any more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scrapy.exceptions import IgnoreRequest

from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.item_cap import NOT_FETCHED
from runo_spiders.items import Row

EndReason = Literal["fail_fast", "max_total_items", "cancelled", "released"]


class JobEnded(IgnoreRequest):
    """Raised by `EndingMiddleware` for a request that waited when the job ended; reaches the errback."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why the job fetches nothing more.

    `fail_fast` after a failure, `max_total_items` reached, `cancelled` by the client, or `released` by a
    worker that has to go. `told` is whether URLs that are not fetched get their rows now; else they are
    completed when the rows are read, or fetched by the next worker.
    """

    reason: EndReason
    told: bool = True

    def row(self, target: Target) -> Row | None:
        """The row of a target that is not fetched: cancelled, or a success with no items."""
        if not self.told or target.walked:
            return None
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
