"""The contract of `Jobs`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select

from runo_spiders.config import LEASE_S
from runo_spiders.inputs import Target
from runo_spiders.store.jobs import JobRunning, NothingToRetry, OtherRequest
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.tables import facts, jobs, rows, urls
from tests.ledgers import claimed, failure, let_pass, new_job, opened, success, target, worked_off, write


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as ledger:
        yield ledger


def count(ledger: Ledger, table: object) -> int:
    with ledger.database.read() as link:
        return int(link.scalar(select(func.count()).select_from(table)) or 0)  # type: ignore[arg-type]


def test_an_accepted_job_is_there_as_it_was_asked_for(ledger: Ledger, database_url: str) -> None:
    new = new_job(spec={"schema": {"äöü": "☃"}, "n": 1}, sealed=b"x", project="p", spider="s", key="k")
    ledger.jobs.accept(new)
    with opened(database_url) as again:
        job = again.jobs.get(new.id)
        assert job is not None
        assert (job.spec, job.project, job.spider, job.key) == (new.spec, "p", "s", "k")
        assert (job.state, job.end, job.progress.total, job.progress.done) == ("queued", None, 3, 0)
        assert job.has_secrets
        assert again.jobs.sealed(new.id) == b"x"


def test_only_the_owner_sees_a_job(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    assert ledger.jobs.get(job, "ann") is not None
    assert ledger.jobs.get(job, "bob") is None
    assert ledger.jobs.get("job_unknown") is None
    assert ledger.jobs.page("bob") == []


def test_pages_lead_from_the_newest_to_the_oldest(ledger: Ledger) -> None:
    made = [ledger.jobs.accept(new_job(1, id=f"job_{n:032x}")).id for n in range(5)]
    ledger.jobs.accept(new_job(1, owner="bob", id=f"job_{9:032x}"))
    first = ledger.jobs.page("ann", limit=2)
    rest = ledger.jobs.page("ann", before=first[-1].id)
    assert [job.id for job in (*first, *rest)] == made[::-1]
    ledger.jobs.cancel(made[0])
    assert [job.id for job in ledger.jobs.page("ann", states=("ended",))] == [made[0]]
    assert len(ledger.jobs.page(None)) == 6


def test_the_same_request_again_is_the_same_job_and_another_is_refused(ledger: Ledger) -> None:
    first = ledger.jobs.accept(new_job(idempotency_key="k", digest="d"))
    again = ledger.jobs.accept(new_job(idempotency_key="k", digest="d"))
    assert again == first
    with pytest.raises(OtherRequest, match="'k'"):
        ledger.jobs.accept(new_job(idempotency_key="k", digest="other"))
    others = ledger.jobs.accept(new_job(owner="bob", idempotency_key="k", digest="other"))
    assert others.id != first.id
    assert count(ledger, urls) == 6


@pytest.mark.parametrize("length", [3, 20_001])
def test_two_requests_with_one_key_at_once_make_one_job(ledger: Ledger, length: int) -> None:
    made: list[str] = []

    def accept() -> None:
        made.append(ledger.jobs.accept(new_job(length, idempotency_key="k")).id)

    both = [threading.Thread(target=accept) for _ in range(2)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(made) == 2
    assert len(set(made)) == 1
    assert len(ledger.jobs.page("ann")) == 1


def test_rows_come_in_the_order_of_the_request_and_complete_when_the_job_has_ended(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(4)).id
    claim = claimed(ledger, job)
    write(ledger, claim, [success(2), failure(0)])
    assert [row.index for row in ledger.jobs.rows(job)] == [0, 2]
    assert [row.index for row in ledger.jobs.rows(job, after=0)] == [2]
    ledger.leases.finish(claim, "cancelled")
    done = list(ledger.jobs.complete_rows(job))
    assert [row.outcome for row in done] == ["TIMEOUT", "JOB_CANCELLED", "success", "JOB_CANCELLED"]
    assert done[1].extra == {"id": "1"}
    assert [row.index for row in ledger.jobs.rows(job, after=1, limit=1)] == [2]


def test_a_page_that_is_only_walked_through_is_no_row(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(0, targets=[Target("https://a.example/", -1), target(0)])).id
    claim = claimed(ledger, job)
    write(ledger, claim, [success(-1), success(0)])
    ledger.leases.finish(claim, "finished")
    assert [row.index for row in ledger.jobs.complete_rows(job)] == [0]
    found = ledger.jobs.get(job)
    assert found is not None
    assert (found.progress.total, found.progress.succeeded) == (1, 1)


def test_a_job_that_waits_is_cancelled_at_once_and_for_good(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(sealed=b"secret")).id
    cancelled = ledger.jobs.cancel(job)
    assert cancelled is not None
    assert (cancelled.state, cancelled.end, cancelled.cancel_asked) == ("ended", "cancelled", True)
    assert ledger.jobs.cancel(job) == cancelled
    assert ledger.leases.claim(job, "w") is None
    assert ledger.jobs.sealed(job) is None
    assert ledger.jobs.cancel("job_unknown") is None


def test_a_job_that_runs_is_asked_and_its_worker_ends_it(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    assert ledger.leases.renew(claim) == "held"
    asked = ledger.jobs.cancel(job)
    assert asked is not None
    assert (asked.state, asked.cancel_asked) == ("running", True)
    assert ledger.leases.renew(claim) == "cancelled"
    ledger.leases.finish(claim, "cancelled")
    ended = ledger.jobs.cancel(job)
    assert ended is not None
    assert ended.end == "cancelled"


def test_a_finished_job_stays_finished_when_it_is_cancelled(ledger: Ledger) -> None:
    job = worked_off(ledger, new_job(1), [success(0)])
    ended = ledger.jobs.cancel(job)
    assert ended is not None
    assert (ended.end, ended.cancel_asked) == ("finished", False)


def test_a_job_whose_worker_is_lost_is_cancelled_at_once(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    let_pass(ledger, LEASE_S + 0.1)
    ended = ledger.jobs.cancel(job)
    assert ended is not None
    assert ended.state == "ended"
    assert ledger.leases.renew(claim) == "lost"


def test_failed_rows_are_tried_again_in_another_round(ledger: Ledger) -> None:
    job = worked_off(ledger, new_job(4), [success(0), failure(1), failure(2)])
    assert ledger.jobs.retry(job, units=False) == 3
    queued = ledger.jobs.get(job)
    assert queued is not None
    assert (queued.state, queued.end, queued.round, queued.progress.failed) == ("queued", None, 1, 0)
    with pytest.raises(JobRunning):
        ledger.jobs.retry("job_unknown", units=False)
    claim = claimed(ledger, job)
    with pytest.raises(JobRunning):
        ledger.jobs.retry(job, units=False)
    write(ledger, claim, [success(1), success(2), success(3)])
    ledger.leases.finish(claim, "finished")
    assert [row.outcome for row in ledger.jobs.complete_rows(job)] == ["success"] * 4
    with pytest.raises(NothingToRetry):
        ledger.jobs.retry(job, units=False)
    ended = ledger.jobs.get(job)
    assert ended is not None
    assert (ended.state, ended.round, ended.progress.succeeded) == ("ended", 1, 4)


def test_purge_deletes_what_ended_long_ago_and_nothing_else(ledger: Ledger) -> None:
    old = worked_off(ledger, new_job(2), [success(0)])
    others = worked_off(ledger, new_job(2, owner="bob"), [success(0)])
    waiting = ledger.jobs.accept(new_job(2)).id
    assert ledger.jobs.purge(time.time() - 60) == 0
    assert ledger.jobs.purge(time.time() + 60, owner="ann") == 1
    assert ledger.jobs.get(old) is None
    assert ledger.jobs.get(others) is not None
    assert ledger.jobs.get(waiting) is not None
    assert (count(ledger, urls), count(ledger, rows)) == (4, 1)
    assert ledger.jobs.purge(time.time() + 60) == 1
    assert (count(ledger, jobs), count(ledger, urls), count(ledger, facts)) == (1, 2, 0)


def test_a_long_list_is_unseen_until_it_is_complete_and_lets_others_write(ledger: Ledger) -> None:
    seen: list[object] = []
    long = new_job(0, targets=watched_targets(ledger, seen), idempotency_key="k")
    job = ledger.jobs.accept(long)
    assert (job.state, job.progress.total) == ("queued", 30_000)
    assert seen == [(None, [], True)] * 6
    assert ledger.jobs.accept(new_job(30_000, idempotency_key="k")).id == job.id
    assert count(ledger, urls) == 30_000 + 6


def watched_targets(ledger: Ledger, seen: list[object]) -> Iterator[Target]:
    """30,000 targets; between the pieces another job is written, and what is to be seen of jobs is noted."""
    for index in range(30_000):
        if index % 5_000 == 0:
            other = new_job(1, owner="bob")
            written = ledger.jobs.accept(other).id == other.id
            seen.append((ledger.jobs.get("long"), ledger.jobs.page("ann"), written))
        yield target(index)


def test_a_list_that_breaks_off_leaves_nothing_and_can_be_sent_again(ledger: Ledger) -> None:
    def broken() -> Iterator[Target]:
        yield from (target(index) for index in range(25_000))
        raise ConnectionError("the client is gone")

    with pytest.raises(ConnectionError):
        ledger.jobs.accept(new_job(0, targets=broken(), idempotency_key="k"))
    assert ledger.jobs.page(None) == []
    assert ledger.leases.queued(9) == []
    job = ledger.jobs.accept(new_job(25_000, idempotency_key="k"))
    assert job.progress.total == 25_000
    with ledger.database.engine.begin() as link:
        link.execute(jobs.update().where(jobs.c.state == "accepting").values(created_at=0))
    assert ledger.jobs.purge(0) == 1
    assert count(ledger, urls) == 25_000
