"""Any sequence of what may happen to a job, against a model of a few lines; time is told, not waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import Connection

from runo_spiders.config import LEASE_S
from runo_spiders.store import book_writes
from runo_spiders.store.jobs import JobRunning, NothingToRetry
from runo_spiders.store.leases import MOST_STARTS, StaleClaim, hold
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Claim
from tests.ledgers import failure, new_job, opened, success

URLS = 3
INDEXES = st.integers(0, URLS - 1)
WORKERS = st.sampled_from(["w1", "w2"])


@dataclass
class Model:
    """What is true of the one job."""

    state: str = "queued"
    end: str | None = None
    token: int = 0
    worker: str = ""
    lease_until: float = 0.0
    lease_boot: int = -1
    starts: int = 0
    cancel_asked: bool = False
    round: int = 0
    attempts: list[int] = field(default_factory=lambda: [0] * URLS)
    outcomes: dict[int, str] = field(default_factory=dict)
    reserved: int = URLS
    charged: int = 0

    def finish(self, end: str) -> None:
        """Charged are those of this round that were started or have a row; what succeeded before is not."""
        self.state, self.end = "ended", end
        self.charged += sum(
            self.attempts[index] > 0 or self.outcomes.get(index, "JOB_CANCELLED") != "JOB_CANCELLED"
            for index in self.of_round
        )

    of_round: frozenset[int] = frozenset(range(URLS))


class Clock:
    """The clock of leases: it goes on only when it is told to, and a reboot begins it anew."""

    def __init__(self) -> None:
        self.now = 100.0
        self.boot = 0

    def __call__(self) -> tuple[float, str]:
        return self.now, str(self.boot)


class JobMachine(RuleBasedStateMachine):
    ledger: Ledger
    clock: Clock

    def __init__(self) -> None:
        super().__init__()
        self.key = self.ledger.keys.create("ann", "n", per_month=1_000)[0].id
        self.job = self.ledger.jobs.accept(new_job(URLS, key=self.key, units=URLS)).id
        self.model = Model()
        self.claims: list[Claim] = []
        self.batch = 0

    def leased(self) -> bool:
        model = self.model
        alive = model.lease_boot == self.clock.boot and model.lease_until > self.clock.now
        return model.state == "running" and alive

    def holds(self, claim: Claim) -> bool:
        return self.model.state == "running" and claim.token == self.model.token

    def some_claim(self, number: int) -> Claim:
        return self.claims[number % len(self.claims)]

    def write(self, claim: Claim, work: Callable[[Connection], None]) -> None:
        """As a book does, without its thread."""
        self.batch += 1
        self.ledger.database.write(lambda link: work(link) if hold(link, claim, self.batch) else None)

    @rule(seconds=st.sampled_from([1.0, LEASE_S / 2, LEASE_S, 2 * LEASE_S]))
    def time_goes_on(self, seconds: float) -> None:
        self.clock.now += seconds

    @rule()
    def the_host_is_booted(self) -> None:
        self.clock.boot += 1
        self.clock.now = 1.0

    @rule(worker=WORKERS)
    def claim(self, worker: str) -> None:
        claim, model = self.ledger.leases.claim(self.job, worker), self.model
        if model.state == "ended" or (self.leased() and model.worker != worker):
            assert claim is None
            return
        assert claim is not None
        model.state, model.worker = "running", worker
        model.token += 1
        model.starts += 1
        model.lease_until, model.lease_boot = self.clock.now + LEASE_S, self.clock.boot
        for index in range(URLS):
            if model.attempts[index] >= MOST_STARTS:
                model.outcomes.setdefault(index, "WORKER_LOST")
        assert claim.token == model.token
        self.claims.append(claim)

    @precondition(lambda self: self.claims)
    @rule(number=st.integers(0, 9))
    def renew(self, number: int) -> None:
        claim = self.some_claim(number)
        standing = self.ledger.leases.renew(claim)
        if not self.holds(claim):
            assert standing == "lost"
            return
        assert standing == ("cancelled" if self.model.cancel_asked else "held")
        self.model.lease_until, self.model.lease_boot = self.clock.now + LEASE_S, self.clock.boot

    @precondition(lambda self: self.claims)
    @rule(number=st.integers(0, 9))
    def release(self, number: int) -> None:
        claim = self.some_claim(number)
        self.ledger.leases.release(claim)
        if self.holds(claim):
            self.model.state, self.model.starts = "queued", 0

    @precondition(lambda self: self.claims)
    @rule(number=st.integers(0, 9), index=INDEXES)
    def start(self, number: int, index: int) -> None:
        claim = self.some_claim(number)
        if not self.holds(claim):
            with pytest.raises(StaleClaim):
                self.write(claim, lambda link: book_writes.start(link, self.job, [index]))
            return
        self.write(claim, lambda link: book_writes.start(link, self.job, [index]))
        self.model.attempts[index] += 1

    @precondition(lambda self: self.claims)
    @rule(number=st.integers(0, 9), index=INDEXES, good=st.booleans())
    def put(self, number: int, index: int, good: bool) -> None:
        claim, row = self.some_claim(number), success(index) if good else failure(index)
        if not self.holds(claim):
            with pytest.raises(StaleClaim):
                self.write(claim, lambda link: book_writes.put(link, self.job, [row]))
            return
        self.write(claim, lambda link: book_writes.put(link, self.job, [row]))
        if good or self.model.outcomes.get(index) != "success":
            self.model.outcomes[index] = row.outcome
            self.model.starts = 0

    @precondition(lambda self: self.claims)
    @rule(number=st.integers(0, 9))
    def finish(self, number: int) -> None:
        claim, model = self.some_claim(number), self.model
        if self.holds(claim):
            model.finish("finished")
        elif model.state != "ended" or claim.token != model.token:
            with pytest.raises(StaleClaim):
                self.ledger.leases.finish(claim, "finished")
            return
        self.ledger.leases.finish(claim, "finished")

    @rule()
    def cancel(self) -> None:
        self.ledger.jobs.cancel(self.job)
        model = self.model
        if model.state == "ended":
            return
        model.cancel_asked = True
        if not self.leased():
            model.token += 1
            model.finish("cancelled")

    @rule()
    def bury(self) -> None:
        model = self.model
        lost = model.state == "running" and not self.leased() and model.starts >= MOST_STARTS
        assert self.ledger.leases.bury(self.job) == lost
        if lost:
            model.token += 1
            model.finish("lost")

    @rule()
    def retry(self) -> None:
        model = self.model
        failed = [index for index in range(URLS) if model.outcomes.get(index) != "success"]
        if model.state != "ended":
            with pytest.raises(JobRunning):
                self.ledger.jobs.retry(self.job, units=True)
        elif not failed:
            with pytest.raises(NothingToRetry):
                self.ledger.jobs.retry(self.job, units=True)
        else:
            assert self.ledger.jobs.retry(self.job, units=True) == len(failed)
            model.state, model.end, model.cancel_asked, model.starts = "queued", None, False, 0
            model.round += 1
            model.of_round = frozenset(failed)
            model.reserved += len(failed)
            for index in failed:
                model.attempts[index] = 0
                model.outcomes.pop(index, None)

    @invariant()
    def the_ledger_says_what_the_model_says(self) -> None:
        job, model = self.ledger.jobs.get(self.job), self.model
        assert job is not None
        assert (job.state, job.end, job.round, job.starts) == (
            model.state,
            model.end,
            model.round,
            model.starts,
        )
        assert (job.cancel_asked, job.reserved, job.charged) == (
            model.cancel_asked,
            model.reserved,
            model.charged,
        )
        succeeded = sum(outcome == "success" for outcome in model.outcomes.values())
        assert (job.progress.succeeded, job.progress.done) == (succeeded, len(model.outcomes))
        assert job.progress.items == succeeded

    @invariant()
    def every_url_of_a_job_that_has_ended_has_one_row(self) -> None:
        model = self.model
        missing = "WORKER_LOST" if model.end == "lost" else "JOB_CANCELLED"
        expected = dict(model.outcomes)
        if model.state == "ended":
            expected = {index: model.outcomes.get(index, missing) for index in range(URLS)}
        rows = self.ledger.jobs.rows(self.job)
        assert [(row.index, row.outcome) for row in rows] == sorted(expected.items())

    @invariant()
    def who_may_be_claimed_is_queued(self) -> None:
        free = self.model.state == "queued" or (self.model.state == "running" and not self.leased())
        assert (self.job in self.ledger.leases.queued(10_000)) == free

    @invariant()
    def the_key_pays_what_is_held_or_charged(self) -> None:
        held = len(self.model.of_round) if self.model.state != "ended" else 0
        assert self.ledger.allowance(self.key).quota == 1_000 - self.model.charged - held

    def teardown(self) -> None:
        self.ledger.jobs.cancel(self.job)
        self.clock.now += 10 * LEASE_S
        self.ledger.jobs.cancel(self.job)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[type[JobMachine]]:
    clock = Clock()
    with opened(f"sqlite:///{tmp_path / 'ledger.db'}", clock=clock) as ledger:
        yield type("Machine", (JobMachine,), {"ledger": ledger, "clock": clock})


def test_whatever_happens_to_a_job_the_ledger_stays_right(machine: type[JobMachine]) -> None:
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
