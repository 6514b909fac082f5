"""The job API when clients, the database and the machine misbehave."""

from __future__ import annotations

import json
import random
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.api_client import Client, code_of
from tests.crawling import PRODUCT, product_page
from tests.daemon import Daemon, children, wait_until
from tests.mockserver import MockServer


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    with MockServer(
        pages={f"/p/{number}": product_page(f"Kettle {number}") for number in range(20)}
    ) as server:
        yield server


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Daemon(tmp_path_factory.mktemp("faults")) as daemon:
        yield Client.of(daemon, "alice")


def descriptors(daemon: Daemon) -> int:
    return len(list(Path(f"/proc/{daemon.process.pid}/fd").iterdir()))


def connected(daemon: Daemon) -> socket.socket:
    return socket.create_connection(("127.0.0.1", daemon.port), timeout=240)


def test_a_post_that_is_killed_is_there_as_a_whole_or_not_at_all(tmp_path: Path) -> None:
    chance = random.Random(4)
    with Daemon(tmp_path) as daemon:
        client = Client.of(daemon, "alice", per_month=100_000)
        for turn in range(6):
            body = {"urls": ["nix"] * 50, "schema": PRODUCT}
            headers = {"Idempotency-Key": f"turn-{turn}"}
            killer = threading.Timer(chance.uniform(0, 0.03), daemon.kill)
            killer.start()
            first = ""
            try:
                answer = client.post("/v1/batch?wait=false", body, headers=headers)
                first = answer.json()["job_id"]
            except (requests.exceptions.RequestException, ValueError, KeyError):
                pass
            killer.join()
            daemon.start()
            again = client.post("/v1/batch?wait=false", body, headers=headers)
            assert again.status_code == 202, again.text
            assert first in ("", again.json()["job_id"])
        jobs = daemon.ledger.jobs.page("alice", limit=100)
        assert len(jobs) == 6
        for job in jobs:
            assert client.ended(job.id)["progress"] == {"total": 50, "succeeded": 0, "failed": 50}
        assert daemon.ledger.allowance(client.key.id).quota == 100_000 - 300


def test_a_cancel_at_any_moment_is_final(client: Client, site: MockServer) -> None:
    chance = random.Random(19)
    urls = [site.url(f"/p/{number}") for number in range(20)]
    for _ in range(8):
        job = client.submitted(urls, concurrency=1)
        time.sleep(chance.uniform(0, 0.6))
        cancelled = client.delete(f"/v1/jobs/{job}")
        told = client.ended(job)
        if cancelled.status_code == 200:
            assert told["status"] in ("cancelled", "finished")
        else:
            assert (code_of(cancelled), told["status"]) == ("JOB_NOT_FOUND", "finished")
        assert [row["index"] for row in told["results"]] == list(range(20))
        assert client.delete(f"/v1/jobs/{job}").status_code == 404
        assert client.get(f"/v1/jobs/{job}").json() == told


def test_a_locked_ledger_is_told_and_heals_by_itself(client: Client, site: MockServer) -> None:
    blocker = sqlite3.connect(client.daemon.folder / "ledger.db", timeout=30)
    blocker.execute("BEGIN EXCLUSIVE")
    try:
        refused = client.batch([site.url("/p/1")])
    finally:
        blocker.rollback()
        blocker.close()
    assert (refused.status_code, code_of(refused)) == (503, "STORE_UNAVAILABLE")
    assert int(refused.headers["Retry-After"]) > 0
    assert client.extract(site.url("/p/1")).json()["status"] == "success"


def limit_files(pids: list[int], size: str) -> None:
    """Let no process write behind this place of a file, as on a disk that is full; `unlimited` is room."""
    for pid in pids:
        subprocess.run(["prlimit", "--pid", str(pid), f"--fsize={size}:unlimited"], check=True)


def test_a_full_disk_is_told_and_all_goes_on_when_there_is_room(tmp_path: Path) -> None:
    with MockServer() as site, Daemon(tmp_path) as daemon:
        client = Client.of(daemon, "alice")
        urls = [site.url(f"/slow/0.3/{number}") for number in range(12)]
        job = client.submitted(urls, concurrency=2)
        wait_until(lambda: site.hits("/slow/0.3/1") == 1, "the job is at work")
        writers = [daemon.process.pid, *children(daemon.nursery())]
        limit_files(writers, "1")
        refused = client.batch([site.url("/p/1")])
        assert (refused.status_code, code_of(refused)) == (507, "STORE_FULL")
        assert client.get(f"/v1/jobs/{job}").json()["status"] == "running"
        limit_files(writers, "unlimited")
        assert client.ended(job)["progress"] == {"total": 12, "succeeded": 12, "failed": 0}
        assert [site.hits(f"/slow/0.3/{number}") for number in range(12)] == [1] * 12
        assert client.submitted([site.url("/slow/0.1")])


def test_a_body_that_comes_byte_by_byte_is_not_waited_for(tmp_path: Path) -> None:
    with Daemon(tmp_path, {"scrapyd": {"body_patience": "1"}}) as daemon:
        head = "POST /v1/extract HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"
        with connected(daemon) as link:
            link.sendall(head.encode())
            assert cut_off(link, b"{")
        assert daemon.ask("healthz", key="")[0] == 200


def cut_off(link: socket.socket, byte: bytes) -> bool:
    """Whether the server ends a connection on which a byte comes now and then."""
    for _ in range(200):
        try:
            link.sendall(byte)
            link.settimeout(0.2)
            if link.recv(100) == b"":
                return True
        except TimeoutError:
            continue
        except OSError:
            return True
    return False


def test_a_job_of_scrapyds_endpoint_is_seen_and_stopped_by_the_api(client: Client) -> None:
    form = b"project=default&spider=patient"
    job = client.daemon.ask("schedule.json", key=client.text, data=form)[1]["jobid"]
    client.running(job)
    [listed] = client.get("/v1/jobs").json()["jobs"]
    assert (listed["job_id"], listed["endpoint"]) == (job, "/schedule.json")
    assert client.delete(f"/v1/jobs/{job}").status_code == 200
    assert client.ended(job)["status"] == "cancelled"
    assert client.daemon.get("listjobs.json")["running"] == []


def test_clients_that_go_away_leave_nothing_behind(client: Client, site: MockServer) -> None:
    before = descriptors(client.daemon)
    text = json.dumps({"url": site.url("/slow/2/gone"), "schema": PRODUCT}).encode()
    head = (
        f"POST /v1/extract HTTP/1.1\r\nHost: x\r\nX-API-Key: {client.text}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n\r\n"
    ).encode()
    for part in (head, head + text[:10], head + text, head + text):
        with connected(client.daemon) as link:
            link.sendall(part)
    idle = [connected(client.daemon) for _ in range(50)]
    assert client.get("/v1/jobs").status_code == 200
    for link in idle:
        link.close()
    wait_until(lambda: client.get("/v1/jobs").json() == {"jobs": []}, "the jobs have ended")
    wait_until(lambda: descriptors(client.daemon) <= before + 3, "the descriptors are closed")
    assert "Unhandled" not in client.daemon.log()


def test_a_huge_body_is_refused_and_not_kept(client: Client) -> None:
    before = memory(client.daemon)
    body = b'{"urls": [' + b'"http://x.example/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",' * 800_000 + b'""]}'
    answer = client.ask("POST", "/v1/batch", data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")
    assert memory(client.daemon) < before + 100_000


def memory(daemon: Daemon) -> int:
    """Resident kilobytes."""
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0])


def test_a_daemon_that_runs_out_of_descriptors_recovers(client: Client, site: MockServer) -> None:
    pid = str(client.daemon.process.pid)
    limit = descriptors(client.daemon) + 10
    subprocess.run(["prlimit", "--pid", pid, f"--nofile={limit}:4096"], check=True)
    links: list[Any] = [connected(client.daemon) for _ in range(40)]
    for link in links:
        link.close()
    subprocess.run(["prlimit", "--pid", pid, "--nofile=4096:4096"], check=True)
    assert client.extract(site.url("/p/1")).json()["status"] == "success"
