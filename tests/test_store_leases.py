"""The contract of `Leases`, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.config import LEASE_S
from runo_spiders.store.leases import MOST_STARTS, StaleClaim
from runo_spiders.store.ledger import Ledger
from tests.ledgers import claimed, let_pass, new_job, opened, success, write


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as ledger:
        yield ledger


def outlive_the_lease(ledger: Ledger) -> None:
    let_pass(ledger, LEASE_S + 0.1)


def test_one_worker_has_a_job_until_its_lease_runs_out(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    first = claimed(ledger, job, "w1")
    assert ledger.leases.claim(job, "w2") is None
    assert ledger.leases.queued(9) == []
    outlive_the_lease(ledger)
    assert ledger.leases.queued(9) == [job]
    second = claimed(ledger, job, "w2")
    assert second.token == first.token + 1
    assert second.job.starts == 2


def test_a_lease_that_is_renewed_does_not_run_out(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    for _ in range(3):
        let_pass(ledger, LEASE_S / 2)
        assert ledger.leases.renew(claim) == "held"
    assert ledger.leases.claim(job, "w2") is None


def test_the_same_worker_may_claim_its_job_anew(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    first, second = claimed(ledger, job, "w1"), claimed(ledger, job, "w1")
    assert ledger.leases.renew(first) == "lost"
    assert ledger.leases.renew(second) == "held"


def test_nothing_that_a_stale_worker_writes_is_taken(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    stale = claimed(ledger, job, "w1")
    outlive_the_lease(ledger)
    held = claimed(ledger, job, "w2")
    assert ledger.leases.renew(stale) == "lost"
    with pytest.raises(StaleClaim, match=job):
        write(ledger, stale, [success(0)])
    with pytest.raises(StaleClaim):
        write(ledger, stale, starts=[1])
    with pytest.raises(StaleClaim):
        ledger.leases.finish(stale, "finished")
    ledger.leases.release(stale)
    assert ledger.leases.renew(held) == "held"
    assert ledger.jobs.rows(job) == []
    with ledger.database.read() as link:
        assert link.exec_driver_sql("SELECT max(attempt) FROM urls").scalar() == 0


def test_a_worker_whose_lease_ran_out_goes_on_if_nobody_took_the_job(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    outlive_the_lease(ledger)
    write(ledger, claim, [success(0)])
    assert ledger.leases.renew(claim) == "held"


def test_a_released_job_is_free_at_once_and_its_worker_is_done_with_it(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job, "w1")
    ledger.leases.release(claim)
    assert ledger.leases.queued(9) == [job]
    with pytest.raises(StaleClaim):
        write(ledger, claim, [success(0)])
    assert claimed(ledger, job, "w2").job.starts == 1


def test_finishing_again_changes_nothing(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job()).id
    claim = claimed(ledger, job)
    ledger.leases.finish(claim, "finished")
    ended = ledger.jobs.get(job)
    ledger.leases.finish(claim, "finished")
    assert ledger.jobs.get(job) == ended
    ledger.jobs.retry(job, units=False)
    with pytest.raises(StaleClaim):
        ledger.leases.finish(claim, "finished")


def test_a_job_that_kills_worker_after_worker_is_buried(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(2)).id
    for number in range(MOST_STARTS):
        assert not ledger.leases.bury(job)
        claimed(ledger, job, f"w{number}")
        assert not ledger.leases.bury(job)
        outlive_the_lease(ledger)
    assert ledger.leases.bury(job)
    lost = ledger.jobs.get(job)
    assert lost is not None
    assert (lost.state, lost.end) == ("ended", "lost")
    assert [row.outcome for row in ledger.jobs.complete_rows(job)] == ["WORKER_LOST"] * 2
    assert not ledger.leases.bury(job)


def test_a_job_that_gets_somewhere_is_not_buried(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(9)).id
    for number in range(MOST_STARTS + 1):
        write(ledger, claimed(ledger, job, f"w{number}"), [success(number)])
        outlive_the_lease(ledger)
        assert not ledger.leases.bury(job)


def test_a_url_that_kills_its_workers_is_given_up_alone(ledger: Ledger) -> None:
    job = ledger.jobs.accept(new_job(3)).id
    for number in range(MOST_STARTS):
        claim = claimed(ledger, job, f"w{number}")
        write(ledger, claim, [success(0)] if number == 0 else [], starts=[1])
        outlive_the_lease(ledger)
    claim = claimed(ledger, job, "last")
    assert [(row.index, row.outcome) for row in ledger.jobs.rows(job)] == [(0, "success"), (1, "WORKER_LOST")]
    write(ledger, claim, [success(2)])
    ledger.leases.finish(claim, "finished")
    ended = ledger.jobs.get(job)
    assert ended is not None
    assert (ended.progress.succeeded, ended.progress.failed) == (2, 1)
    assert next(iter(ledger.jobs.rows(job, after=0))).extra == {"id": "1"}


def test_owners_take_turns_and_those_with_less_at_work_come_first(ledger: Ledger) -> None:
    made = {
        name: ledger.jobs.accept(new_job(1, owner=name[0], id=f"job_{number:032x}")).id
        for number, name in enumerate(["a1", "a2", "a3", "b1", "b2", "c1"])
    }
    waiting = [next(name for name in made if made[name] == job) for job in ledger.leases.queued(9)]
    assert waiting == ["a1", "b1", "c1", "a2", "b2", "a3"]
    assert ledger.leases.queued(2, after="b") == [made["c1"], made["a1"]]
    claimed(ledger, made["a1"])
    waiting = [next(name for name in made if made[name] == job) for job in ledger.leases.queued(3)]
    assert waiting == ["b1", "c1", "a2"]


def test_after_a_reboot_all_jobs_of_this_host_are_free_at_once(tmp_path: Path) -> None:
    boot = ["before"]
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    with opened(url, clock=lambda: (1000.0, boot[0])) as ledger:
        job = ledger.jobs.accept(new_job()).id
        stale = claimed(ledger, job, "w1")
        assert ledger.leases.claim(job, "w2") is None
        boot[0] = "after"
        assert ledger.leases.queued(9) == [job]
        assert claimed(ledger, job, "w2").token == stale.token + 1
        assert ledger.leases.renew(stale) == "lost"
