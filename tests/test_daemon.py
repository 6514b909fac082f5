"""The daemon's processes: jobs start, end, crash and are stopped, and no slot is ever lost."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import PRODUCT, product_page
from tests.daemon import Daemon, alive, children, wait_until
from tests.mockserver import MockServer

ONE_SLOT = {"scrapyd": {"max_proc": "1"}}


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One slot: a slot that leaks stops everything."""
    with Daemon(tmp_path_factory.mktemp("daemon"), ONE_SLOT) as running:
        yield running


def pid_of(daemon: Daemon, job: str) -> int:
    """The process that works on a job of a spider that says so."""
    wait_until(lambda: "at work as" in daemon.log_of(job), f"{job} is at work")
    return int(re.findall(r"at work as (\d+)", daemon.log_of(job))[-1])


def test_a_job_of_plain_arguments_gives_its_rows(daemon: Daemon) -> None:
    pages = {"/a": product_page("Kettle", "$19.99"), "/b": product_page("Pan", "$7.50")}
    with MockServer(pages=pages) as site:
        urls = f"{site.url('/a')},{site.url('/b')}"
        job = daemon.schedule("schema", urls=urls, schema=json.dumps(PRODUCT))
        assert daemon.ended(job).end == "finished"
    rows = list(daemon.ledger.jobs.complete_rows(job))
    assert [row.data["name"] for row in rows] == ["Kettle", "Pan"]


def test_jobs_start_in_the_nursery_without_a_new_python(daemon: Daemon) -> None:
    with MockServer() as site:
        job = daemon.schedule("schema", urls=site.url("/slow/30"), schema="product")
        wait_until(lambda: site.hits("/slow/30") == 1, "the job is at work")
        [worker] = children(daemon.nursery())
        assert os.getpgid(worker) == worker
        assert b"runo_spiders.daemon.nursery" in Path(f"/proc/{worker}/cmdline").read_bytes()
        daemon.post("cancel.json", project="default", job=job)
        assert daemon.ended(job).end == "cancelled"


def test_a_custom_spider_gets_its_arguments_and_its_items_are_kept(daemon: Daemon) -> None:
    job = daemon.schedule("plain", word="canary-71")
    assert daemon.ended(job).end == "finished"
    [listed] = [entry for entry in daemon.get("listjobs.json")["finished"] if entry["id"] == job]
    item = daemon.ask(listed["items_url"].lstrip("/"))[1]
    assert item["word"] == "canary-71"
    assert "canary-71" not in item["argv"]
    assert job in item["argv"]


def test_an_argument_too_long_for_a_command_line_is_none_of_it(daemon: Daemon) -> None:
    assert daemon.ended(daemon.schedule("plain", word="x" * 200_000)).end == "finished"


def test_a_crash_is_seen_as_a_crash(daemon: Daemon) -> None:
    job = daemon.schedule("crashing")
    assert daemon.ended(job).end == "lost"
    assert daemon.log().count(f"{job} crashed (-{int(signal.SIGABRT)})") == 3


def test_a_process_that_ends_well_without_its_job_is_no_success(daemon: Daemon) -> None:
    assert daemon.ended(daemon.schedule("quitting")).end == "lost"


def test_a_process_that_is_killed_is_started_again(daemon: Daemon) -> None:
    job = daemon.schedule("patient")
    first = pid_of(daemon, job)
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: pid_of(daemon, job) != first, "another process has the job")
    daemon.post("cancel.json", project="default", job=job)
    assert daemon.ended(job).end == "cancelled"


def test_what_does_not_stop_when_it_is_cancelled_is_killed(daemon: Daemon) -> None:
    job = daemon.schedule("deaf")
    deaf = pid_of(daemon, job)
    assert daemon.post("cancel.json", project="default", job=job)["prevstate"] == "running"
    assert daemon.ended(job).end == "cancelled"
    wait_until(lambda: not alive(deaf), "the process is gone")


def test_a_job_that_waits_is_cancelled_at_once(daemon: Daemon) -> None:
    running = daemon.schedule("patient")
    pid_of(daemon, running)
    waiting = daemon.schedule("plain")
    assert daemon.post("cancel.json", project="default", job=waiting)["prevstate"] == "pending"
    assert daemon.job(waiting).end == "cancelled"
    daemon.post("cancel.json", project="default", job=running)
    daemon.ended(running)


def test_the_nursery_is_replaced_when_it_dies(daemon: Daemon) -> None:
    wait_until(lambda: daemon.nursery() != 0, "there is a nursery")
    nursery = daemon.nursery()
    os.kill(nursery, signal.SIGKILL)
    wait_until(lambda: daemon.nursery() not in (0, nursery), "there is another nursery")
    assert daemon.ended(daemon.schedule("plain")).end == "finished"


def test_no_process_outlives_a_daemon_that_is_killed(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    daemon.start()
    job = daemon.schedule("patient")
    pids = [pid_of(daemon, job), *children(daemon.process.pid)]
    daemon.kill()
    wait_until(lambda: not any(map(alive, pids)), "all are gone")
    assert daemon.job(job).state == "queued"
    daemon.start()
    wait_until(lambda: pid_of(daemon, job) not in pids, "the job goes on")
    daemon.post("cancel.json", project="default", job=job)
    assert daemon.ended(job).end == "cancelled"
    assert daemon.stop() == 0


def test_a_daemon_that_is_told_to_end_releases_its_jobs(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    daemon.start()
    job = daemon.schedule("patient")
    pids = [pid_of(daemon, job), *children(daemon.process.pid)]
    assert daemon.stop() == 0
    assert not any(map(alive, pids))
    assert (daemon.job(job).state, daemon.job(job).starts) == ("queued", 0)


def test_a_daemon_that_is_told_twice_does_not_wait(tmp_path: Path) -> None:
    daemon = Daemon(tmp_path)
    daemon.start()
    deaf = pid_of(daemon, daemon.schedule("deaf"))
    daemon.process.send_signal(signal.SIGTERM)
    wait_until(lambda: "Port" in daemon.log() and "Closed" in daemon.log(), "it is stopping")
    assert alive(deaf)
    assert daemon.stop() == 0
    wait_until(lambda: not alive(deaf), "its job is gone")


def test_two_daemons_on_one_ledger_do_not_start_a_job_twice(tmp_path: Path) -> None:
    pages = {f"/{number}": product_page(f"Kettle {number}") for number in range(20)}
    with MockServer(pages=pages) as site, Daemon(tmp_path) as one, Daemon(tmp_path) as other:
        schema = json.dumps(PRODUCT)
        jobs = [one.schedule("schema", urls=site.url(path), schema=schema) for path in pages]
        assert {other.ended(job).end for job in jobs} == {"finished"}
        assert [site.hits(path) for path in pages] == [1] * len(pages)
