"""Workers are killed and stopped at random, and the ledger stays right: P2, P3 and the charges."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import func, select

from runo_spiders.store.ledger import Ledger
from runo_spiders.store.tables import jobs, rows, urls
from tests.crawling import ROOT
from tests.ledger_worker import LEASE_S
from tests.ledgers import let_pass, new_job, opened

SEED = 20261125
JOBS, URLS, WORKERS, HARMS = 2, 90, 2, 3


class Workers:
    """Processes that work, of which some are killed (-9) or stopped for longer than a lease."""

    def __init__(self, url: str, log: Path) -> None:
        self._url = url
        self._log = log.open("w")
        self._random = random.Random(SEED)
        self._names = (f"worker-{number}" for number in itertools.count())
        self._all: dict[str, subprocess.Popen[bytes]] = {}
        self.kills = self.stops = 0
        for _ in range(WORKERS):
            self._start()

    def harm(self, name: str) -> None:
        """Kill one or stop it, and start another. The first is killed."""
        victim = self._all[name]
        self._start()
        if self.kills == 0 or (self.stops and self._random.random() < 0.5):
            self.kills += 1
            victim.kill()
            victim.wait()
            del self._all[name]
        else:
            self.stops += 1
            victim.send_signal(signal.SIGSTOP)

    def pick(self, holders: list[str]) -> str | None:
        """One of the holders of jobs that are alive."""
        alive = [name for name in holders if name in self._all]
        return self._random.choice(alive) if alive else None

    def wake(self) -> None:
        """Those that were stopped go on: they still believe to hold their jobs."""
        for process in self._all.values():
            process.send_signal(signal.SIGCONT)

    def end(self) -> set[int]:
        self.wake()
        return {process.wait() for process in self._all.values()}

    def close(self) -> None:
        for process in self._all.values():
            process.kill()
            process.wait()
        self._log.close()

    def _start(self) -> None:
        name = next(self._names)
        command = [sys.executable, "-m", "tests.ledger_worker", self._url, name]
        self._all[name] = subprocess.Popen(command, cwd=ROOT, stdout=self._log)


def holders(ledger: Ledger) -> list[str]:
    """The workers that have jobs."""
    with ledger.database.read() as link:
        running = jobs.c.state == "running"
        return [
            str(name) for name in link.scalars(select(jobs.c.worker).where(running).order_by(jobs.c.worker))
        ]


def harm_some(ledger: Ledger, workers: Workers) -> None:
    """Harm workers while there is work left, each when all jobs got further than when the last was harmed."""
    before: dict[str, int] = {}
    while workers.kills + workers.stops < HARMS and ledger.jobs.page(None, states=("queued", "running")):
        time.sleep(0.05)
        victim = workers.pick(holders(ledger)) if got_further(ledger, before) else None
        if victim is not None:
            before = {job.id: job.progress.done for job in ledger.jobs.page(None)}
            let_pass(ledger, LEASE_S, victim)
            workers.harm(victim)
            wait_a_while(lambda name=victim: name not in holders(ledger))  # type: ignore[misc]
            workers.wake()


def got_further(ledger: Ledger, before: Mapping[str, int]) -> bool:
    """A page that three workers in a row had when they were lost would be given up."""
    return all(
        job.state == "ended" or job.progress.done >= before.get(job.id, 0) + 8
        for job in ledger.jobs.page(None)
    )


def wait_a_while(true: Callable[[], bool]) -> None:
    """Who is stopped may hold a lock: then nobody takes its job until it is woken."""
    until = time.monotonic() + 5
    while time.monotonic() < until and not true():
        time.sleep(0.02)


def test_every_url_has_one_row_and_costs_once_whatever_happens_to_the_workers(
    database_url: str, tmp_path: Path
) -> None:
    with opened(database_url, lease_s=LEASE_S) as ledger:
        key = ledger.keys.create("ann", "n", per_month=1000)[0].id
        made = [ledger.jobs.accept(new_job(URLS, key=key, units=URLS)).id for _ in range(JOBS)]
        workers = Workers(database_url, tmp_path / "log")
        try:
            harm_some(ledger, workers)
            assert workers.end() == {0}
        finally:
            workers.close()
        for job in made:
            check(ledger, job)
        refused = (tmp_path / "log").read_text().count("refused")
        print(f"seed {SEED}: {workers.kills} killed, {workers.stops} stopped, {refused} stale claims refused")
        assert min(workers.kills, workers.stops) > 0
        spent = sum(found.charged for found in ledger.jobs.page(None))
        assert spent == JOBS * URLS
        assert ledger.allowance(key).quota == 1000 - spent


def check(ledger: Ledger, job: str) -> None:
    found = ledger.jobs.get(job)
    assert found is not None
    assert (found.state, found.end) == ("ended", "finished")
    complete = list(ledger.jobs.complete_rows(job))
    assert [row.index for row in complete] == list(range(URLS))
    assert {row.outcome for row in complete} == {"success"}
    assert (found.progress.succeeded, found.progress.failed, found.progress.items) == (URLS, 0, URLS)
    with ledger.database.read() as link:
        assert link.scalar(select(func.count()).where(rows.c.job == job)) == URLS
        assert int(link.scalar(select(func.min(urls.c.attempt)).where(urls.c.job == job)) or 0) >= 1
