"""A job of the ledger, worked on in this process from its claim to its end."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import threading
import time
from collections.abc import Mapping
from typing import Any

from scrapy import Spider
from scrapy.crawler import AsyncCrawlerRunner, Crawler
from scrapy.utils.misc import build_from_crawler, load_object
from scrapy.utils.reactor import install_reactor

from runo_spiders.commission import Commission
from runo_spiders.ending import EndReason
from runo_spiders.errors import PageFailure, UsageMistake
from runo_spiders.heartbeat import Heartbeat
from runo_spiders.net.credentials import Credentials
from runo_spiders.spiders.schema import SchemaSpider
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.leases import StaleClaim
from runo_spiders.store.records import Claim, Standing
from runo_spiders.unreached import fail_the_rest
from runo_spiders.worker_status import ENDED, LEASE_LOST, REFUSED, RELEASED
from runo_spiders.workshop import Workshop

logger = logging.getLogger(__name__)

GRACE_S = 8.0
"""How long what is in flight may still take when a job is stopped."""
_STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_LOOK_EVERY = 0.05
_LAST_WORDS_S = 4.0
_LAST_WORDS_IN_A_HURRY_S = 1.0
"""How long a worker that was told to stop waits for the ledger to take its last rows."""
_STUCK_S = 2.0

_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
_SHAPES = ("urls", "html_dir", "seed_url")
_SECRETS = "secrets"
"""The fact that a job was given secrets: without them it would fetch logged out."""


def run_job(workshop: Workshop, job_id: str, worker: str, secrets: Mapping[str, str] | None = None) -> int:
    """Claim a job, work it off, and return an exit status; called once in a process, in its main thread.

    `worker` names this process among the workers; a worker of the same name may claim its job anew.
    `secrets` are texts under `headers` and `cookies`, as the files of these arguments hold them; no others
    are sent to the sites, none of the environment.
    Raises `StoreUnavailable` and `StoreFull`; the job goes on when the ledger is back.
    """
    # They wait until the crawl can hear them: now they would end the process with the job in its hands.
    signal.pthread_sigmask(signal.SIG_BLOCK, _STOP_SIGNALS)
    leases = workshop.ledger.leases
    install_reactor(_REACTOR, workshop.settings["ASYNCIO_EVENT_LOOP"])
    runner = AsyncCrawlerRunner(workshop.settings)
    claim = leases.claim(job_id, worker)
    if claim is None:
        return REFUSED
    if claim.job.cancel_asked:
        leases.finish(claim, "cancelled")
        return ENDED
    return Shift(runner, workshop, claim, worker, secrets or {}).work()


class Shift:
    """One worker's turn at one job."""

    def __init__(
        self,
        runner: AsyncCrawlerRunner,
        workshop: Workshop,
        claim: Claim,
        worker: str,
        secrets: Mapping[str, str],
    ) -> None:
        self._worker = worker
        self._runner = runner
        self._ledger = workshop.ledger
        self._claim = claim
        self._config = workshop.config
        self._secrets = secrets
        self._book = self._ledger.book(claim)
        self._crawler: Crawler | None = None
        self._fault: BaseException | None = None
        self._stop_asked: EndReason | None = None
        self._lost = False
        self._in_a_hurry = False

    def work(self) -> int:
        heartbeat = Heartbeat(self._ledger.leases, self._claim, self._config.lease_s, self._hear)
        try:
            self._crawl()
            if self._lost:
                return LEASE_LOST
            self._write_the_last_rows()
            heartbeat.stop()
            self._end()
        except StaleClaim:
            return LEASE_LOST
        finally:
            heartbeat.stop()
        return RELEASED if self._stop_asked == "released" else ENDED

    # The crawl

    def _crawl(self) -> None:
        """Run the reactor until the crawl has ended, or has to."""
        try:
            self._crawler = self._runner.create_crawler(self._spider())
            crawling = self._runner.crawl(self._crawler, **self._arguments(self._crawler.spidercls))
        except (UsageMistake, PageFailure, KeyError) as fault:
            self._fault = fault
            return
        crawling.add_done_callback(self._crawled)
        loop = asyncio.get_event_loop()
        for number in _STOP_SIGNALS:
            loop.add_signal_handler(number, self._told_to_stop)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _STOP_SIGNALS)
        self._run_the_reactor()

    def _run_the_reactor(self) -> None:
        """As Scrapy's `AsyncCrawlerProcess` does, which would also set up the logging in each process."""
        reactor, settings = _reactor(), self._runner.settings
        resolver = load_object(settings["TWISTED_DNS_RESOLVER"])
        # Scrapy's resolvers want no more of a crawler than its settings.
        build_from_crawler(resolver, self._runner, reactor=reactor).install_on_reactor()  # type: ignore[call-overload]
        reactor.getThreadPool().adjustPoolsize(maxthreads=settings.getint("REACTOR_THREADPOOL_MAXSIZE"))
        reactor.run(installSignalHandlers=False)

    def _spider(self) -> type[Spider]:
        name = self._claim.job.spider
        try:
            spider: type[Spider] = self._runner.spider_loader.load(name)
        except KeyError:
            raise UsageMistake(f"there is no spider {name!r}") from None
        return spider

    def _arguments(self, spider: type[Spider]) -> dict[str, Any]:
        given = dict(self._claim.job.spec)
        if not issubclass(spider, SchemaSpider):
            return given
        if not any(given.get(shape) or getattr(spider, shape, None) for shape in _SHAPES):
            given["urls"] = ()
        return given | {"commission": self._commission()}

    def _commission(self) -> Commission:
        if self._secrets:
            self._book.note(_SECRETS, True)
        elif self._book.fact(_SECRETS):
            raise PageFailure("COOKIES_MISSING")
        credentials = Credentials.parse(self._secrets)
        return Commission(self._book, credentials, self._claim.job.dialect == "cli", completed=True)

    def _crawled(self, crawling: asyncio.Task[None]) -> None:
        self._fault = None if crawling.cancelled() else crawling.exception()
        self._leave()

    def _leave(self) -> None:
        """Return from `_crawl` at once: what is in flight goes with the process."""
        _reactor().crash()

    # Being stopped

    def _hear(self, standing: Standing) -> None:
        """Called by the heartbeat, in its thread."""
        if standing == "cancelled":
            _reactor().callFromThread(self._stop, "cancelled", self._grace_s)
            return
        self._lost = True
        _reactor().callFromThread(self._leave)
        time.sleep(_STUCK_S)
        # The reactor is stuck in a page; nothing is to be written any more.
        os._exit(LEASE_LOST)

    @property
    def _grace_s(self) -> float:
        """Spidra lets what is running end, and bounds it by its timeout."""
        timeout_ms = self._claim.job.spec.get("timeout_ms") or self._config.timeout_ms
        return float(timeout_ms) / 1000 if self._claim.job.dialect == "spidra" else GRACE_S

    def _told_to_stop(self) -> None:
        if self._stop_asked == "released":
            self._in_a_hurry = True
            self._leave()
        else:
            self._stop("released", GRACE_S)

    def _stop(self, reason: EndReason, grace_s: float) -> None:
        # A job that is cancelled is not given back.
        self._stop_asked = "cancelled" if self._stop_asked == "cancelled" else reason
        self._winding_up = asyncio.ensure_future(self._wind_up(reason, time.monotonic() + grace_s))

    async def _wind_up(self, reason: EndReason, until: float) -> None:
        """Fetch nothing more, and leave when what is in flight has its row, or the time is up."""
        looks = 0
        while time.monotonic() < until and looks < 2:
            looks = looks + 1 if self._has_stopped(reason) else 0
            await asyncio.sleep(_LOOK_EVERY)
        self._leave()

    def _has_stopped(self, reason: EndReason) -> bool:
        """Whether nothing is in flight; makes sure that nothing sets out."""
        spider = self._crawler.spider if self._crawler is not None else None
        if not isinstance(spider, SchemaSpider):
            return spider is not None
        spider.end(reason)
        return spider.in_flight == 0 and spider.digested

    # The end

    def _end(self) -> None:
        """The job's last transition by this worker."""
        leases = self._ledger.leases
        failure = self._failure() if self._stop_asked is None else None
        if self._stop_asked == "released":
            leases.release(self._claim)
        elif self._stop_asked == "cancelled":
            leases.finish(self._claim, "cancelled")
        elif failure is None:
            leases.finish(self._claim, "finished")
        else:
            fail_the_rest(self._ledger, self._claim.job, self._worker, failure)

    def _write_the_last_rows(self) -> None:
        if self._stop_asked is None:
            self._book.close()
            if self._book.fault is not None and not isinstance(self._book.fault, UsageMistake):
                # Rows are missing: whoever has the job next fetches those pages again.
                raise self._book.fault
            return
        patience = _LAST_WORDS_IN_A_HURRY_S if self._in_a_hurry else _LAST_WORDS_S
        closing = threading.Thread(target=self._book.close, daemon=True)
        closing.start()
        closing.join(patience)

    def _failure(self) -> PageFailure | None:
        """Why the crawl did not come to its end."""
        if self._fault is None:
            reason = self._crawler.stats.get_value("finish_reason") if self._crawler is not None else None
            if reason == "finished" or str(reason).startswith("closespider"):
                return None
            return PageFailure("INTERNAL", f"the crawl broke off ({reason})")
        logger.error("%s: %s", self._claim.job.id, self._fault, exc_info=self._fault)
        if isinstance(self._fault, StoreUnavailable | StoreFull):
            # No URL is to blame: the job goes on when the ledger is back.
            raise self._fault
        if isinstance(self._fault, PageFailure):
            return self._fault
        if isinstance(self._fault, UsageMistake):
            return PageFailure("INTERNAL", str(self._fault), retryable=False)
        return PageFailure("INTERNAL", type(self._fault).__name__)


def _reactor() -> Any:
    """The running reactor, which only a process that crawls has; what we ask of it has no types."""
    from twisted.internet import reactor

    return reactor
