"""A job of any Scrapy spider: its arguments are the ledger's, its items go to Scrapy's feeds.

The ledger knows that it runs and how it ended, not how far it is; a spider that was interrupted begins anew.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping
from typing import cast

from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from runo_spiders.config import LEASE_S
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Claim
from runo_spiders.worker import ENDED, LEASE_LOST, REFUSED, RELEASED

_CRASHED = 1


class Hold:
    """Keeps a claim while the spider works, from a thread of its own; a cancelled job is told to stop."""

    def __init__(self, ledger: Ledger, claim: Claim) -> None:
        self._ledger = ledger
        self._claim = claim
        self._over = threading.Event()
        self.cancelled = False
        threading.Thread(target=self._keep, name="lease", daemon=True).start()

    def let_go(self) -> None:
        self._over.set()

    def _keep(self) -> None:
        while not self._over.wait(min(1.0, LEASE_S / 5)):
            try:
                standing = self._ledger.leases.renew(self._claim)
            except (StoreUnavailable, StoreFull):
                continue  # if it goes on like that another worker gets the job, which is learnt then
            if standing == "lost":
                os._exit(LEASE_LOST)
            if standing == "cancelled" and not self.cancelled:
                self.cancelled = True
                os.kill(os.getpid(), signal.SIGTERM)


def run_plain_job(database_url: str, job_id: str, settings: Settings, worker: str) -> int:
    """Claim a job, run its spider to the end, and return an exit status of `worker`."""
    ledger = Ledger.open(database_url)
    claim = ledger.leases.claim(job_id, worker)
    if claim is None:
        return REFUSED
    hold = Hold(ledger, claim)
    reason = _crawl(claim, settings)
    hold.let_go()
    if reason is None:
        return _CRASHED
    if reason == "shutdown" and not hold.cancelled:
        ledger.leases.release(claim)
        return RELEASED
    ledger.leases.finish(claim, "cancelled" if hold.cancelled else "finished")
    return ENDED


def _crawl(claim: Claim, settings: Settings) -> str | None:
    """Why the spider closed; None where it never opened."""
    arguments = cast("Mapping[str, str]", claim.job.spec["arguments"])
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(claim.job.spider)
    process.crawl(crawler, **arguments)
    process.start()
    reason: str | None = crawler.stats.get_value("finish_reason") if crawler.stats else None
    return None if reason == "start_error" else reason
