"""Workers as real processes over one ledger: killed, frozen, cancelled, told to stop; and going on after."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runo_spiders.items import Row
from runo_spiders.store.ledger import Ledger
from runo_spiders.worker_status import ENDED, LEASE_LOST, REFUSED, RELEASED
from tests.crawling import product_page
from tests.jobs import accept, done, job_of, outcomes, rows, wait_until
from tests.mockserver import MockServer
from tests.poison import MARKER
from tests.postgres import PostgresServer
from tests.workers import Workers

LINKS = "".join(f'<a href="/list/{n}">{n}</a>' for n in range(4))
SECRET = "canary-7f3a9b"
PAGES = {
    **{f"/p/{n}": product_page(f"Kettle {n}", f"${n}.50") for n in range(60)},
    "/poison": product_page("Trap", body=MARKER),
    "/shop": f"<title>shop</title>{LINKS}",
    **{
        f"/list/{n}": "".join(f'<a href="/p/{p}">{p}</a>' for p in range(n * 10, n * 10 + 10))
        for n in range(4)
    },
}


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(pages=PAGES) as server:
        yield server


class Bench:
    """A ledger, and workers over it."""

    def __init__(self, ledger: Ledger, workers: Workers, folder: Path) -> None:
        self.ledger = ledger
        self.workers = workers
        self.folder = folder

    def rows(self, job: str) -> list[Row]:
        return rows(self.ledger, job)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    yield from open_bench(tmp_path_factory.mktemp("bench"))


def open_bench(folder: Path, url: str = "", **settings: Any) -> Iterator[Bench]:
    url = url or f"sqlite:///{folder / 'ledger.db'}"
    ledger = Ledger.open(url, lease_s=1)
    with Workers(url, folder / "log", RUNO_LEASE_S=1, **settings) as workers:
        yield Bench(ledger, workers, folder)
    ledger.close()


def test_a_list_gives_its_rows_in_order_and_the_job_ends(bench: Bench, site: MockServer) -> None:
    urls = [site.url("/p/1"), "nonsense", site.url("/status/404"), site.url("/p/1#x"), site.url("/p/2")]
    job = accept(bench.ledger, urls)
    assert bench.workers.start(job, "a").wait() == ENDED
    found = bench.rows(job)
    assert [row.url for row in found] == urls
    assert outcomes(found) == ["success", "URL_INVALID", "HTTP_ERROR", "success", "success"]
    ended = job_of(bench.ledger, job)
    assert (ended.state, ended.end, ended.progress.succeeded, ended.progress.failed) == (
        "ended",
        "finished",
        3,
        2,
    )
    assert bench.workers.start(job, "a").wait() == REFUSED


def kill_when_it_got_somewhere(bench: Bench, job: str, later: float) -> None:
    before = done(bench.ledger, job)
    worker = bench.workers.start(job, "killed")
    wait_until(lambda: not worker.running or done(bench.ledger, job) > before + 5)
    time.sleep(later)
    if worker.running:
        worker.send(signal.SIGKILL)
    worker.wait()


def kill_now_and_then(bench: Bench, job: str, site: MockServer, seed: int) -> None:
    """Kill worker after worker when it has got somewhere, until one comes to the end.

    A page that has its row when its worker is killed is not fetched again. Each gets further than what was
    under way when the one before was killed: a page that three of them had is given up.
    """
    dice = random.Random(seed)
    settled: dict[str, int] = {}
    for _ in range(4):
        kill_when_it_got_somewhere(bench, job, dice.uniform(0, 0.2))
        for row in bench.ledger.jobs.rows(job):
            path = row.url.removeprefix(site.base)
            settled.setdefault(path, site.hits(path))
    assert bench.workers.start(job, "killed").wait() in (ENDED, REFUSED)
    assert {path: site.hits(path) for path in settled} == settled


@pytest.mark.parametrize("seed", [1, 2])
def test_a_list_goes_on_wherever_its_worker_was_killed(bench: Bench, tmp_path: Path, seed: int) -> None:
    with MockServer(pages=PAGES) as site:
        urls = [site.url(f"/p/{n}") if n % 3 else site.url(f"/slow/0.1/{n}") for n in range(50)]
        job = accept(bench.ledger, urls, concurrency=4)
        kill_now_and_then(bench, job, site, seed)
        found = bench.rows(job)
        assert [row.url for row in found] == urls
        assert set(outcomes(found)) <= {"success", "empty"}
        assert done(bench.ledger, job) == 50


def test_on_postgresql_a_list_goes_on_as_well(postgres: PostgresServer, tmp_path: Path) -> None:
    with MockServer(pages=PAGES) as site, contextmanager(open_bench)(tmp_path, postgres.database()) as bench:
        urls = [site.url(f"/p/{n}") for n in range(50)]
        job = accept(bench.ledger, urls, concurrency=2)
        kill_now_and_then(bench, job, site, 4)
        assert [row.url for row in bench.rows(job)] == urls
        assert set(outcomes(bench.rows(job))) == {"success"}


def test_a_crawl_goes_on_wherever_its_worker_was_killed(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        job = accept(
            bench.ledger,
            seed_url=site.url("/shop"),
            follow_pattern=site.url("/*"),
            item_pattern=site.url("/p/*"),
            concurrency=2,
        )
        kill_now_and_then(bench, job, site, 3)
        found = bench.rows(job)
        assert sorted(row.url for row in found) == sorted(site.url(f"/p/{n}") for n in range(40))
        assert [row.index for row in found] == list(range(40))
        assert set(outcomes(found)) == {"success"}
        assert bench.ledger.jobs.fact(job, "crawl_meta") == {
            "pages_visited": 45,
            "pages_skipped": 0,
            "pages_failed": 0,
        }


def test_max_pages_counts_over_all_workers(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        job = accept(
            bench.ledger,
            seed_url=site.url("/shop"),
            follow_pattern=site.url("/*"),
            max_pages=12,
            concurrency=1,
        )
        worker = bench.workers.start(job, "killed")
        wait_until(lambda: done(bench.ledger, job) > 2)
        worker.send(signal.SIGKILL)
        worker.wait()
        assert bench.workers.start(job, "killed").wait() == ENDED
        assert len(bench.rows(job)) == 12
        meta = bench.ledger.jobs.fact(job, "crawl_meta")
        assert meta["pages_visited"] == 12
        assert meta["pages_skipped"] > 0


def test_a_url_that_kills_its_workers_is_given_up_alone(tmp_path: Path, site: MockServer) -> None:
    ladder = "tests.poison.Poison,runo_spiders.extract.local.LocalExtractor"
    with contextmanager(open_bench)(tmp_path, RUNO_LADDER=ladder) as bench:
        urls = [site.url(f"/p/{n}") for n in range(6)]
        urls.insert(3, site.url("/poison"))
        job = accept(bench.ledger, urls)
        statuses: list[int] = []
        while not statuses or statuses[-1] != ENDED:
            statuses.append(bench.workers.start(job, "a").wait())
            assert not bench.ledger.leases.bury(job)
        assert statuses == [-signal.SIGABRT] * 3 + [ENDED]
        found = bench.rows(job)
        assert [row.url for row in found] == urls
        assert outcomes(found) == ["success"] * 3 + ["WORKER_LOST"] + ["success"] * 3


def test_a_frozen_worker_loses_its_job_and_writes_nothing_more(bench: Bench, site: MockServer) -> None:
    urls = [site.url(f"/slow/0.2/{n}") for n in range(12)]
    job = accept(bench.ledger, urls, concurrency=2)
    frozen = bench.workers.start(job, "frozen")
    wait_until(lambda: done(bench.ledger, job) >= 2)
    frozen.send(signal.SIGSTOP)
    wait_until(lambda: job not in bench.ledger.leases.held([job]))
    second = bench.workers.start(job, "second")
    wait_until(lambda: done(bench.ledger, job) >= 4)
    frozen.send(signal.SIGCONT)
    assert frozen.wait() == LEASE_LOST
    assert second.wait() == ENDED
    assert [row.url for row in bench.rows(job)] == urls
    assert done(bench.ledger, job) == len(urls)


def cancel(bench: Bench, job: str, site: MockServer, path: str) -> int:
    """Cancel a running job; how many pages were fetched after two seconds and a bit."""
    bench.ledger.jobs.cancel(job)
    time.sleep(2.2)
    return site.hits(path) if path else site.hits()


def test_a_cancelled_list_fetches_no_more_and_keeps_what_it_has(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        urls = [site.url(f"/slow/0.3/{n}") for n in range(300)]
        job = accept(bench.ledger, urls, concurrency=4)
        worker = bench.workers.start(job, "a")
        wait_until(lambda: done(bench.ledger, job) >= 4)
        fetched = cancel(bench, job, site, "")
        assert worker.wait() == ENDED
        assert site.hits() == fetched
        assert job_of(bench.ledger, job).end == "cancelled"
        found = outcomes(bench.rows(job))
        assert len(found) == 300
        assert set(found) == {"empty", "JOB_CANCELLED"}
        assert found.count("empty") == fetched - site.hits("/robots.txt")


def test_a_cancelled_crawl_ends_with_what_it_admitted(bench: Bench) -> None:
    pages = {"/shop": "".join(f'<a href="/slow/0.4/{n}">{n}</a>' for n in range(60))}
    with MockServer(pages=pages) as site:
        job = accept(bench.ledger, seed_url=site.url("/shop"), follow_pattern=site.url("/*"), concurrency=2)
        worker = bench.workers.start(job, "a")
        wait_until(lambda: done(bench.ledger, job) >= 3)
        fetched = cancel(bench, job, site, "")
        assert worker.wait() == ENDED
        assert site.hits() == fetched
        found = outcomes(bench.rows(job))
        assert len(found) == 61
        assert "JOB_CANCELLED" in found


def test_a_page_that_never_answers_does_not_keep_a_cancelled_job(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        job = accept(bench.ledger, [site.url("/p/1"), site.url("/silent")], timeout_ms=60_000)
        worker = bench.workers.start(job, "a")
        wait_until(lambda: site.hits("/silent") == 1)
        bench.ledger.jobs.cancel(job)
        assert worker.wait() == ENDED
        assert outcomes(bench.rows(job)) == ["success", "JOB_CANCELLED"]


def test_a_worker_that_is_told_to_stop_gives_its_job_back(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        urls = [site.url(f"/slow/0.3/{n}") for n in range(20)]
        job = accept(bench.ledger, urls, concurrency=2)
        worker = bench.workers.start(job, "a")
        wait_until(lambda: done(bench.ledger, job) >= 2)
        worker.send(signal.SIGTERM)
        assert worker.wait() == RELEASED
        assert job_of(bench.ledger, job).state == "queued"
        assert bench.workers.start(job, "another").wait() == ENDED
        assert set(outcomes(bench.rows(job))) == {"empty"}
        assert site.hits() - site.hits("/robots.txt") == len(urls)


def test_told_twice_it_goes_at_once_and_the_job_goes_on(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        job = accept(bench.ledger, [site.url("/silent/1"), site.url("/silent/2")], timeout_ms=60_000)
        worker = bench.workers.start(job, "a")
        wait_until(lambda: site.hits() >= 3)
        worker.send(signal.SIGTERM)
        time.sleep(0.2)
        worker.send(signal.SIGTERM)
        assert worker.wait() == RELEASED
        assert done(bench.ledger, job) == 0, "no page was waited for"
    assert bench.workers.start(job, "another").wait() == ENDED
    assert outcomes(bench.rows(job)) == ["URL_UNREACHABLE"] * 2


def test_after_the_first_failure_of_a_fail_fast_job_the_rest_is_cancelled(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        urls = [site.url("/status/404"), *(site.url(f"/slow/0.5/{n}") for n in range(40))]
        job = accept(bench.ledger, urls, fail_fast=True, concurrency=2)
        assert bench.workers.start(job, "a").wait() == ENDED
        found = outcomes(bench.rows(job))
        assert found[0] == "HTTP_ERROR"
        assert found[-1] == "JOB_CANCELLED"
        assert site.hits() < 10
        assert job_of(bench.ledger, job).end == "finished"


def test_secrets_go_to_their_origin_only_and_are_nowhere_in_the_clear(bench: Bench) -> None:
    with MockServer(pages={"/p/1": product_page("Kettle")}, host="127.0.0.2") as other:
        pages = {"/shop": f'<a href="{other.url("/p/1")}">other</a><a href="/echo">echo</a>'}
        with MockServer(pages=pages) as site:
            job = accept(
                bench.ledger, seed_url=site.url("/shop"), follow_pattern=f"{site.url('/*')},{other.url('/*')}"
            )
            secrets = {"headers": f"X-Token: {SECRET}", "cookies": f"session={SECRET}"}
            assert bench.workers.start(job, "a", secrets).wait() == ENDED
            assert site.requests("/shop")[0]["x-token"] == SECRET
            assert SECRET in site.requests("/shop")[0]["cookie"]
            assert SECRET not in str(other.requests("/p/1"))
            assert len(other.requests("/p/1")) <= 1
    # The one row that shows it is the page that shows what it was sent.
    kept = (bench.folder / "ledger.db").read_bytes() + (bench.folder / "ledger.db-wal").read_bytes()
    assert SECRET.encode() not in kept
    assert SECRET not in (bench.folder / "log").read_text()


def test_a_retry_without_the_secrets_does_not_fetch_logged_out(bench: Bench) -> None:
    with MockServer(pages=PAGES) as site:
        job = accept(bench.ledger, [site.url("/status/500")])
        assert bench.workers.start(job, "a", {"cookies": "session=1"}).wait() == ENDED
        before = site.hits("/status/500")
        bench.ledger.jobs.retry(job, units=False)
        assert bench.workers.start(job, "a").wait() == ENDED
        assert outcomes(bench.rows(job)) == ["COOKIES_MISSING"]
        assert site.hits("/status/500") == before


def test_a_stranger_reaches_no_private_host(bench: Bench, site: MockServer) -> None:
    job = accept(bench.ledger, [site.url("/p/1")], dialect="runo")
    assert bench.workers.start(job, "a").wait() == ENDED
    assert outcomes(bench.rows(job)) == ["URL_FORBIDDEN"]


@pytest.mark.parametrize("spec", [{"schem": "product"}, {"require": "nothing"}])
def test_a_job_that_cannot_begin_says_why_in_its_rows(
    bench: Bench, site: MockServer, spec: dict[str, Any]
) -> None:
    job = accept(bench.ledger, [site.url("/p/1"), site.url("/p/2")], **spec)
    assert bench.workers.start(job, "a").wait() == ENDED
    found = bench.rows(job)
    assert outcomes(found) == ["INTERNAL", "INTERNAL"]
    assert found[0].error is not None
    assert next(iter(spec)) in found[0].error.message
    crawl = accept(bench.ledger, seed_url=site.url("/shop"), follow_pattern=site.url("/*"), **spec)
    assert bench.workers.start(crawl, "a").wait() == ENDED
    assert outcomes(bench.rows(crawl)) == ["INTERNAL"]
