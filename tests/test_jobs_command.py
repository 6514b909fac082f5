"""`scrapy jobs`: what it shows and does, of jobs that are in the ledger."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.errors import PageFailure, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Row
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Claim, Dialect, End, Job, NewJob
from tests.crawling import PRODUCT, scrapy
from tests.ledgers import let_pass

TIMED_OUT = PageFailure("TIMEOUT")
# No command is so slow that a worker of these tests loses its job meanwhile.
LEASE_S = 600.0


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path}/ledger.db", lease_s=LEASE_S)
    yield opened
    opened.close()


def jobs(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Status, standard output and standard error of `scrapy jobs`."""
    done = scrapy("jobs", *arguments, RUNO_DATABASE=f"sqlite:///{folder}/ledger.db")
    return done.returncode, done.stdout, done.stderr


def accepted(ledger: Ledger, urls: int = 5, *, owner: str = "shop", dialect: Dialect = "runo") -> Job:
    targets = [Target(f"http://shop.example/{index}", index) for index in range(urls)]
    spec = {"schema": PRODUCT}
    return ledger.jobs.accept(NewJob(owner, dialect, "batch", spec, targets))


def worked(
    ledger: Ledger, job: Job, succeeded: int, failed: int = 0, *, end: End | None = "finished"
) -> Claim:
    """Put rows into a job, and end it: the claim with which that was done."""
    claim = ledger.leases.claim(job.id, "test")
    assert claim is not None
    book = ledger.book(claim)
    book.note("schema", PRODUCT)
    for index in range(succeeded):
        data = {"name": f"Kettle {index}", "price": index + 0.5}
        book.put(Row(f"http://shop.example/{index}", "success", index, data=data))
    for index in range(succeeded, succeeded + failed):
        book.put(describe(TIMED_OUT, f"http://shop.example/{index}", index))
    book.close()
    if end is not None:
        ledger.leases.finish(claim, end)
    return claim


def test_the_newest_job_is_listed_first(ledger: Ledger, tmp_path: Path) -> None:
    assert jobs(tmp_path, "list") == (0, "", "no job yet\n")
    finished, failing = accepted(ledger), accepted(ledger, owner="other")
    worked(ledger, finished, 5)
    worked(ledger, failing, 3, 2)
    running, waiting = accepted(ledger, 1000), accepted(ledger, 1)
    worked(ledger, running, 120, end=None)
    status, out, _ = jobs(tmp_path, "list")
    lines = out.splitlines()[2:]
    assert status == 0
    assert [line.split()[0] for line in lines] == [waiting.id, running.id, failing.id, finished.id]
    assert [line.split()[1] for line in lines] == ["queued", "running", "finished", "finished"]
    assert "120/1,000" in lines[1]
    assert lines[2].split()[2:5] == ["5", "2", "other"]
    owned = jobs(tmp_path, "list", "--owner", "other")[1]
    assert [line.split()[0] for line in owned.splitlines()[2:]] == [failing.id]
    assert running.id in jobs(tmp_path, "list", "--state", "running")[1]
    assert len(jobs(tmp_path, "list", "--limit", "1")[1].splitlines()) == 3


def test_a_job_whose_worker_is_gone_is_interrupted(ledger: Ledger, tmp_path: Path) -> None:
    worked(ledger, accepted(ledger), 2, end=None)
    let_pass(ledger, LEASE_S)
    assert "interrupted" in jobs(tmp_path, "list")[1]


def test_a_job_is_shown_with_its_codes_and_charges(ledger: Ledger, tmp_path: Path) -> None:
    key, _ = ledger.keys.create("shop", "web", per_month=100)
    targets = [Target(f"http://shop.example/{index}", index) for index in range(5)]
    spec = {"schema": PRODUCT, "fail_fast": True}
    job = ledger.jobs.accept(NewJob("shop", "runo", "batch", spec, targets, key=key.id, units=5))
    worked(ledger, job, 2, 1, end="cancelled")
    status, out, _ = jobs(tmp_path, "show", job.id[:20])
    assert status == 0
    assert out.splitlines()[0] == f"{job.id}  cancelled"
    assert f"3 of 5 units, key {key.id}" in out
    assert "TIMEOUT" in out
    assert "3 of 5 done" in out
    assert "fail_fast" in out
    assert f"scrapy jobs retry {job.id}" in out


def test_rows_are_written_in_the_order_of_the_urls_and_complete(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger)
    worked(ledger, job, 2, 1, end="cancelled")
    status, out, _ = jobs(tmp_path, "results", job.id)
    rows = [json.loads(line) for line in out.splitlines()]
    assert status == 0
    assert [row["index"] for row in rows] == [0, 1, 2, 3, 4]
    assert [row["error"]["code"] for row in rows[2:]] == ["TIMEOUT", "JOB_CANCELLED", "JOB_CANCELLED"]

    table, answer = tmp_path / "rows.csv", tmp_path / "rows.json"
    assert jobs(tmp_path, "results", job.id, "-o", str(table), "-o", str(answer))[0] == 0
    assert [line["price"] for line in csv.DictReader(table.read_text().splitlines())][:2] == ["0.5", "1.5"]
    assert json.loads(answer.read_text())["cancelled"] is True
    table.write_text("precious")
    status, _, said = jobs(tmp_path, "results", job.id, "-o", str(table))
    assert (status, table.read_text()) == (2, "precious")
    assert "--overwrite" in said
    assert jobs(tmp_path, "results", job.id, "-o", str(table), "--overwrite")[0] == 0
    assert "Kettle 1" in table.read_text()


def test_the_rows_of_a_job_at_work_are_those_that_are_done(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger)
    worked(ledger, job, 2, end=None)
    assert len(jobs(tmp_path, "results", job.id)[1].splitlines()) == 2


def test_a_job_that_another_process_works_on_is_told_to_stop(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger)
    claim = worked(ledger, job, 2, end=None)
    status, said, _ = jobs(tmp_path, "cancel", job.id)
    assert status == 0
    assert "was asked to stop" in said
    assert ledger.leases.renew(claim) == "cancelled"
    assert "stopping" in jobs(tmp_path, "list")[1]


def test_a_job_that_waits_has_ended_when_it_is_cancelled(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger)
    for _ in range(2):
        assert f"{job.id} has ended: cancelled" in jobs(tmp_path, "cancel", job.id)[1]
    assert [row.error.code for row in ledger.jobs.complete_rows(job.id) if row.error] == ["JOB_CANCELLED"] * 5


def test_failed_rows_are_queued_again(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger)
    worked(ledger, job, 3, 2)
    status, said, _ = jobs(tmp_path, "retry", job.id)
    assert (status, said) == (0, f"{job.id} is queued again, for 2 of its URLs\n")
    assert ledger.leases.queued(5) == [job.id]
    assert "has not ended" in jobs(tmp_path, "retry", job.id)[2]
    assert "has no failed row" in said_of_retry(ledger, tmp_path)


def said_of_retry(ledger: Ledger, folder: Path) -> str:
    job = accepted(ledger)
    worked(ledger, job, 5)
    status, _, said = jobs(folder, "retry", job.id)
    assert status == 2
    return said


def test_a_run_of_the_command_line_is_retried_by_its_own_command(ledger: Ledger, tmp_path: Path) -> None:
    job = accepted(ledger, owner="local", dialect="cli")
    assert ledger.leases.queued(5) == [], "no daemon takes it up"
    worked(ledger, job, 3, 2)
    status, _, said = jobs(tmp_path, "retry", job.id)
    assert status == 2
    assert "--retry-failed" in said


def test_old_jobs_are_purged(ledger: Ledger, tmp_path: Path) -> None:
    old, running = accepted(ledger), accepted(ledger)
    worked(ledger, old, 5)
    worked(ledger, running, 2, end=None)
    assert jobs(tmp_path, "purge", "--older-than", "1h")[1] == "0 jobs were deleted\n"
    assert jobs(tmp_path, "purge", "--older-than", "0s")[1] == "1 job was deleted\n"
    assert ledger.jobs.get(old.id) is None
    assert ledger.jobs.get(running.id) is not None


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "job_nosuch"], "there is no job 'job_nosuch'"),
        (["results", "nosuch"], "there is no job 'nosuch'"),
        (["cancel", "job_0"], "more of its id"),
        (["purge"], "required: --older-than"),
        (["purge", "--older-than", "long"], "'long' is no age"),
        (["list", "--state", "lost"], "invalid choice: 'lost'"),
        (["list", "--limit", "0"], "--limit: 0 is not above 0"),
        (["show", "a", "b"], "argument b: is unknown"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(
    arguments: list[str], sentence: str, ledger: Ledger, tmp_path: Path
) -> None:
    accepted(ledger)
    accepted(ledger)
    status, out, said = jobs(tmp_path, *arguments)
    assert (status, out) == (2, "")
    assert len(said.strip().splitlines()) == 1
    assert sentence in said


def test_a_file_that_is_no_ledger_is_told(tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to look at" * 100)
    status, _, said = jobs(tmp_path, "list")
    assert status == 2
    assert len(said.strip().splitlines()) == 1
    assert "ledger.db" in said
