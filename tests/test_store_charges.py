"""What jobs cost: reserved when accepted, settled when they end, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence

import pytest
from sqlalchemy import func, select

from runo_spiders.items import Row
from runo_spiders.store import charges
from runo_spiders.store.charges import Allowance, QuotaExceeded
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Dialect
from runo_spiders.store.tables import charges as lines
from tests.ledgers import claimed, failure, new_job, opened, success, worked_off, write


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url, lease_s=0.3) as ledger:
        yield ledger


def key_with(ledger: Ledger, per_month: int | None, balance: int | None = None) -> str:
    return ledger.keys.create("ann", "n", per_month=per_month, balance=balance)[0].id


def charged(ledger: Ledger, job: str) -> int:
    found = ledger.jobs.get(job)
    assert found is not None
    return found.charged


def spent_by_the_lines(ledger: Ledger, key: str) -> tuple[int, int]:
    """What the lines of a key add up to, of the quota and of the balance."""
    query = select(func.sum(lines.c.quota_units), func.sum(lines.c.prepaid_units)).where(lines.c.key == key)
    with ledger.database.read() as link:
        quota, prepaid = link.execute(query).one()
    return int(quota or 0), int(prepaid or 0)


def test_units_come_from_the_month_first_then_from_the_balance(ledger: Ledger) -> None:
    key = key_with(ledger, 5, 10)
    ledger.jobs.accept(new_job(3, key=key, units=3))
    assert ledger.allowance(key) == Allowance(2, 10)
    ledger.jobs.accept(new_job(6, key=key, units=6))
    assert ledger.allowance(key) == Allowance(0, 6)
    assert spent_by_the_lines(ledger, key) == (5, 4)


def test_a_job_beyond_both_is_refused_and_nothing_is_written(ledger: Ledger) -> None:
    key = key_with(ledger, 2, 1)
    for length in (4, 20_001):
        with pytest.raises(QuotaExceeded, match=f"{length} units are asked for, 3 are left"):
            ledger.jobs.accept(new_job(length, key=key, units=length))
    assert ledger.allowance(key) == Allowance(2, 1)
    assert ledger.jobs.page(None) == []


def test_what_did_not_start_goes_back_to_where_it_came_from(ledger: Ledger) -> None:
    key = key_with(ledger, 2, 10)
    job = ledger.jobs.accept(new_job(6, key=key, units=6)).id
    claim = claimed(ledger, job)
    write(ledger, claim, [success(0)], starts=[0, 1, 2])
    ledger.leases.finish(claim, "cancelled")
    assert charged(ledger, job) == 3
    assert ledger.allowance(key) == Allowance(0, 9)
    assert spent_by_the_lines(ledger, key) == (2, 1)


def test_a_job_that_never_started_costs_nothing(ledger: Ledger) -> None:
    key = key_with(ledger, 2, 10)
    job = ledger.jobs.accept(new_job(6, key=key, units=6)).id
    ledger.jobs.cancel(job)
    ledger.jobs.cancel(job)
    assert charged(ledger, job) == 0
    assert ledger.allowance(key) == Allowance(2, 10)


@pytest.mark.parametrize(("dialect", "cost"), [("runo", 3), ("cli", 3), ("spidra", 1), ("aitronos", 1)])
def test_the_dialects_have_two_tariffs(ledger: Ledger, dialect: Dialect, cost: int) -> None:
    key = key_with(ledger, 10)
    rows: Sequence[Row] = [success(0), failure(1), failure(2)]
    job = worked_off(ledger, new_job(4, key=key, units=4, dialect=dialect), rows)
    assert charged(ledger, job) == cost
    assert ledger.allowance(key) == Allowance(10 - cost, 0)


def test_a_round_of_retries_is_charged_for_itself(ledger: Ledger) -> None:
    key = key_with(ledger, 10)
    job = worked_off(ledger, new_job(3, key=key, units=3), [success(0), failure(1), failure(2)])
    assert ledger.jobs.retry(job, units=True) == 2
    assert ledger.allowance(key) == Allowance(5, 0)
    claim = claimed(ledger, job)
    write(ledger, claim, [success(1)], starts=[1])
    ledger.leases.finish(claim, "finished")
    assert charged(ledger, job) == 3 + 1
    assert ledger.allowance(key) == Allowance(6, 0)


def test_a_retry_beyond_the_quota_leaves_the_job_as_it_was(ledger: Ledger) -> None:
    key = key_with(ledger, 3)
    job = worked_off(ledger, new_job(3, key=key, units=3), [success(0), failure(1), failure(2)])
    with pytest.raises(QuotaExceeded):
        ledger.jobs.retry(job, units=True)
    assert [row.outcome for row in ledger.jobs.rows(job)] == ["success", "TIMEOUT", "TIMEOUT"]


def test_settling_again_changes_nothing(ledger: Ledger) -> None:
    key = key_with(ledger, 10)
    job = worked_off(ledger, new_job(4, key=key, units=4), [success(0)])
    before = ledger.allowance(key)
    ledger.database.write(lambda link: charges.settle(link, job))
    assert ledger.allowance(key) == before


def test_of_two_that_want_the_last_units_one_gets_them(ledger: Ledger) -> None:
    key = key_with(ledger, 5)
    ends: list[str] = []

    def accept() -> None:
        try:
            ends.append(ledger.jobs.accept(new_job(4, key=key, units=4)).state)
        except QuotaExceeded:
            ends.append("refused")

    threads = [threading.Thread(target=accept) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends) == ["queued", "refused", "refused", "refused"]
    assert ledger.allowance(key) == Allowance(1, 0)


def test_a_key_without_a_limit_is_counted_all_the_same(ledger: Ledger) -> None:
    key = key_with(ledger, None)
    worked_off(ledger, new_job(4, key=key, units=4), [success(0)])
    assert ledger.allowance(key) == Allowance(None, 0)
    with ledger.database.read() as link:
        assert charges.used(link, key) == 1


def test_what_jobs_cost_outlives_them(ledger: Ledger) -> None:
    key = key_with(ledger, 10)
    worked_off(ledger, new_job(4, key=key, units=4), [success(0)])
    assert ledger.jobs.purge(2e10) == 1
    assert ledger.allowance(key) == Allowance(9, 0)
    assert spent_by_the_lines(ledger, key) == (1, 0)
