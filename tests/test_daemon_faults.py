"""The daemon's faults: a ledger that is locked or of a newer version, output that nobody reads, kills."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from runo_spiders.inputs import Target
from runo_spiders.store.records import NewJob, new_id
from tests.crawling import PRODUCT, ROOT, product_page, scrapy
from tests.daemon import PATIENCE_S, Daemon, alive, children, wait_until
from tests.mockserver import MockServer
from tests.poison import MARKER
from tests.test_daemon import ONE_SLOT, pid_of
from tests.test_store_upgrade import take_the_next_step

SCHEMA = json.dumps(PRODUCT)


def accept(daemon: Daemon, *urls: str, job: str | None = None, owner: str = "local") -> str:
    """A job that comes into the ledger by another way than this daemon."""
    targets = [Target(url, index) for index, url in enumerate(urls)]
    new = NewJob(owner, "runo", "/v1/batch", {"schema": PRODUCT}, targets, id=job or new_id())
    return daemon.ledger.jobs.accept(new).id


def test_jobs_that_come_while_no_daemon_is_there_wait_for_one(tmp_path: Path) -> None:
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        daemon = Daemon(tmp_path)
        job = accept(daemon, site.url("/a"))
        with daemon:
            assert daemon.ended(job).progress.succeeded == 1


def test_a_ledger_that_is_locked_stops_nothing_for_longer(tmp_path: Path) -> None:
    with MockServer(pages={"/a": product_page("Kettle")}) as site, Daemon(tmp_path, ONE_SLOT) as daemon:
        job = accept(daemon, site.url("/a"))
        daemon.ended(job)
        job = accept(daemon, site.url("/a"))
        with sqlite3.connect(tmp_path / "ledger.db", isolation_level=None) as other:
            other.execute("BEGIN IMMEDIATE")
            wait_until(lambda: f"{job} (default/schema): process" in daemon.log(), "a worker has given up")
            form = f"project=default&spider=schema&urls={site.url('/a')}&schema={SCHEMA}"
            status, answer = daemon.ask("schedule.json", data=form.encode())
            assert (status, answer["status"]) == (503, "error")
            other.execute("ROLLBACK")
        assert daemon.ended(job).progress.succeeded == 1
        assert "ended with 78" in daemon.log()
        assert daemon.ended(daemon.schedule("schema", urls=site.url("/a"), schema=SCHEMA)).end == "finished"


def test_a_log_that_cannot_be_written_stops_no_job(tmp_path: Path) -> None:
    job = new_id()
    folder = tmp_path / ".scrapy/runo/logs/default/schema"
    folder.mkdir(parents=True)
    (folder / f"{job}.log").symlink_to("/dev/full")
    with MockServer(pages={"/a": product_page("Kettle")}) as site, Daemon(tmp_path) as daemon:
        accept(daemon, site.url("/a"), job=job)
        assert daemon.ended(job).progress.succeeded == 1
        assert "crashed" not in daemon.log()


def test_a_daemon_whose_output_nobody_reads_goes_on(tmp_path: Path) -> None:
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        daemon = Daemon(tmp_path)
        daemon.ledger.keys.create("local", "test")
        read, write = os.pipe()
        os.close(read)
        with daemon.writing_to(write):
            assert daemon.ended(accept(daemon, site.url("/a"))).progress.succeeded == 1
            assert daemon.stop() == 0


def test_a_project_that_cannot_be_imported_is_no_success(tmp_path: Path) -> None:
    with Daemon(tmp_path, ONE_SLOT) as daemon:
        assert "plain" in daemon.get("listspiders.json", project="default")["spiders"]
        with (tmp_path / "own_spiders.py").open("a") as file:
            file.write("\nraise ImportError('broken')\n")
        job = daemon.schedule("plain")
        assert daemon.ended(job).end == "lost"
        assert daemon.log().count(f"{job} crashed (1)") == 3


def test_no_more_jobs_than_slots_run_after_a_kill(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, ONE_SLOT)
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        daemon.start()
        slow = daemon.schedule("schema", urls=site.url("/slow/5"), schema=SCHEMA)
        wait_until(lambda: site.hits("/slow/5") == 1, "the job is at work")
        [worker] = children(daemon.nursery())
        daemon.kill()
        daemon.start()
        other = daemon.schedule("schema", urls=site.url("/a"), schema=SCHEMA)
        wait_until(lambda: site.hits("/a") == 1 or not alive(worker), "one or the other")
        assert site.hits("/a") == 0
        assert daemon.ended(other).progress.succeeded == 1
        assert daemon.ended(slow).end == "finished"
        assert daemon.stop() == 0


def test_a_daemon_that_is_told_to_end_under_load_loses_nothing(tmp_path: Path) -> None:
    pages = {f"/{number}": product_page(f"Kettle {number}") for number in range(60)}
    daemon = Daemon(tmp_path)
    with MockServer(pages=pages) as site:
        daemon.start()
        urls = [site.url(path) for path in pages]
        jobs = [accept(daemon, *urls[number::6], site.url("/slow/1")) for number in range(6)]
        wait_until(lambda: site.hits() > 0, "jobs are at work")
        assert daemon.stop() == 0
        assert {daemon.job(job).state for job in jobs} <= {"queued", "ended"}
        daemon.start()
        assert {daemon.ended(job).end for job in jobs} == {"finished"}
        assert [daemon.job(job).progress.succeeded for job in jobs] == [11] * 6
        assert daemon.stop() == 0


def test_a_url_that_kills_its_process_is_given_up_alone(tmp_path: Path) -> None:
    pages = {f"/{number}": product_page(f"Kettle {number}") for number in range(5)}
    pages["/2"] = product_page(MARKER)
    daemon = Daemon(tmp_path, environment={"PYTHONPATH": str(ROOT)})
    ladder = ["tests.poison.Poison", "runo_spiders.extract.local.LocalExtractor"]
    with MockServer(pages=pages) as site, daemon.set(RUNO_LADDER=ladder):
        job = accept(daemon, *(site.url(path) for path in pages))
        assert daemon.ended(job).end == "finished"
        assert daemon.log().count(f"{job} crashed (-{int(signal.SIGABRT)})") == 3
    found = [row.outcome for row in daemon.ledger.jobs.complete_rows(job)]
    assert found == ["success", "success", "WORKER_LOST", "success", "success"]


def test_when_the_nursery_is_killed_its_jobs_go_on_in_another(tmp_path: Path) -> None:
    with MockServer() as site, Daemon(tmp_path) as daemon:
        urls = [site.url(f"/slow/0.3/{number}") for number in range(20)]
        job = accept(daemon, *urls)
        wait_until(lambda: site.hits() > 2, "the job is at work")
        nursery = daemon.nursery()
        [worker] = children(nursery)
        os.kill(nursery, signal.SIGKILL)
        assert daemon.ended(job).progress.succeeded == len(urls)
        assert not alive(worker)
        assert daemon.nursery() not in (0, nursery)


def test_a_terminal_that_is_closed_ends_it_in_order(tmp_path: Path) -> None:
    # Tests that outlive their own terminal (nohup) hand that down.
    at_a_terminal = ("env", "--default-signal=HUP", sys.executable, "-m", "scrapyd", "--pidfile=")
    with Daemon(tmp_path, command=at_a_terminal) as daemon:
        job = daemon.schedule("patient")
        worker = pid_of(daemon, job)
        daemon.process.send_signal(signal.SIGHUP)
        assert daemon.process.wait(timeout=PATIENCE_S) == 0
        assert not alive(worker)
        assert daemon.job(job).state == "queued"


def test_of_ten_owners_one_that_floods_takes_no_turn_of_the_others(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, ONE_SLOT)
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        url = site.url("/a")
        for _ in range(40):
            accept(daemon, url, owner="flood")
        others = [accept(daemon, url, owner=f"owner-{number}") for _ in range(2) for number in range(9)]
        with daemon:
            for job in others:
                daemon.ended(job)
    begun = [job for job in daemon.ledger.jobs.page(None, limit=100) if job.started_at is not None]
    order = [job.owner for job in sorted(begun, key=lambda job: job.started_at or 0)]
    assert len(set(order[:10])) == len(set(order[10:20])) == 10


def test_a_job_that_comes_in_is_not_kept_for_the_next_look(tmp_path: Path) -> None:
    """The look after the first comes in an hour; a slot that is free is given the job before."""
    hourly = {"scrapyd": {"max_proc": "1", "poll_interval": "3600"}}
    with MockServer(pages={"/a": product_page("Kettle")}) as site, Daemon(tmp_path, hourly) as daemon:
        jobs = [daemon.schedule("schema", urls=site.url("/a"), schema=SCHEMA) for _ in range(3)]
        assert [daemon.ended(job).progress.succeeded for job in jobs] == [1, 1, 1]


def test_what_ended_long_ago_is_deleted_with_its_log(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path).set(RUNO_KEEP_DAYS=1e-6)
    job = accept(daemon)
    daemon.ledger.jobs.cancel(job)
    log = tmp_path / f".scrapy/runo/logs/default/schema/{job}.log"
    log.parent.mkdir(parents=True)
    log.touch()
    waiting = accept(daemon, "http://127.0.0.1:9/", owner="other")
    time.sleep(0.1)
    with daemon:
        wait_until(lambda: daemon.ledger.jobs.get(job) is None and not log.exists(), "it is deleted")
        assert daemon.ledger.jobs.get(waiting) is not None


def test_a_ledger_of_a_newer_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    accept(daemon)
    take_the_next_step(daemon.database)
    assert "newer version (next) than this code" in daemon.start_fails_with()
    listed = scrapy("jobs", "list", cwd=tmp_path, RUNO_DATABASE=daemon.database)
    assert (listed.returncode, listed.stdout) == (2, "")
    assert "newer version (next) than this code" in listed.stderr


def test_without_a_key_it_keeps_to_loopback(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, environment={"SCRAPYD_BIND_ADDRESS": "0.0.0.0"})
    assert daemon.start_fails_with() == (
        "scrapyd: bind_address 0.0.0.0 can be reached from other machines, and no API key has been made: "
        "make one with `scrapy keys create`, or bind to 127.0.0.1"
    )


def test_a_database_that_is_none_is_told_at_the_start(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path, environment={"RUNO_DATABASE": "mysql://x"})
    assert "RUNO_DATABASE: mysql is not supported" in daemon.start_fails_with()


def test_it_works_with_the_asyncio_reactor(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "scrapyd", "--help-reactors"], capture_output=True, text=True, check=True
    )
    assert "asyncio" in done.stdout
    with Daemon(tmp_path, arguments=("--reactor=asyncio",)) as daemon:
        patient = daemon.schedule("patient")
        pid_of(daemon, patient)
        daemon.post("cancel.json", project="default", job=patient)
        assert daemon.ended(patient).end == "cancelled"
        assert daemon.stop() == 0
