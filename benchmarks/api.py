"""The job API under load: latency, rate, a very long list, and looking at jobs in a ledger that is full.

    python -m benchmarks.api [--json FILE] [--quick]

Everything runs on loopback: a real daemon on SQLite, a site that answers in 0 ms, and this client. Ends
within six minutes. Each part prints what was measured beside its bar:

* `extract`: the median of POST /v1/extract over a bare fetch of the page, the best of 5 passes (150 ms),
  beside the time that stock Scrapyd takes from schedule.json to the page's fetch.
* `rate`: jobs a second with 4 clients, against what 2 cores allow by the CPU that a job takes (80 %).
* `list`: 100,000 URLs: accepted (5 s), first page fetched after that (3 s), growth of the daemon (50 MB).
* `status`: GET /v1/jobs/{id} with 10,000 jobs and a million rows: 200 a second, p99 of the best of 5 passes
  (100 ms).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import requests

from benchmarks.full_ledger import fill
from benchmarks.stock_scrapyd import seconds_to_first_fetch
from tests.api_client import Client
from tests.crawling import PRODUCT, product_page
from tests.daemon import Daemon
from tests.mockserver import MockServer

TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Figure:
    """Something that was measured; with a `bar` that is a ceiling, or a floor without `most`."""

    name: str
    value: float
    unit: str
    bar: float | None = None
    most: bool = True

    @property
    def met(self) -> bool:
        return self.bar is None or (self.value <= self.bar if self.most else self.value >= self.bar)

    @property
    def line(self) -> str:
        bar = "" if self.bar is None else f"  (bar: {'at most' if self.most else 'at least'} {self.bar:g})"
        return f"{self.name:<52} {self.value:>9.2f} {self.unit}{bar}{'' if self.met else '  MISSED'}"


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def extract(client: Client, site: MockServer, size: int) -> list[Figure]:
    url = site.url("/p")
    session = session_of(client)
    body = {"url": url, "schema": PRODUCT}

    def post() -> None:
        answer = session.post(f"{client.daemon.url}/v1/extract", json=body, timeout=60).json()
        assert answer["status"] == "success", answer

    def over_the_fetch() -> float:
        bare = statistics.median(timed(lambda: session.get(url, timeout=60)) for _ in range(size))
        return (statistics.median(timed(post) for _ in range(size)) - bare) * 1000

    passes = [over_the_fetch() for _ in range(5)]
    stock = seconds_to_first_fetch(url, site)
    return [
        Figure("extract over the fetch, best median of 5 passes", min(passes), "ms", 150),
        Figure("extract over the fetch, worst median of 5 passes", max(passes), "ms"),
        Figure("stock Scrapyd, schedule.json to the fetch", stock * 1000, "ms"),
    ]


def rate(client: Client, site: MockServer, seconds: float) -> list[Figure]:
    failures: list[str] = []

    def ask_on(until: float) -> int:
        count = 0
        session = session_of(client)
        while time.monotonic() < until:
            answer = session.post(
                f"{client.daemon.url}/v1/extract", json={"url": site.url("/p"), "schema": PRODUCT}, timeout=60
            )
            if answer.status_code != 200 or answer.json()["status"] != "success":
                failures.append(answer.text)
            count += 1
        return count

    cpu, began = cpu_of_tree(client.daemon.process.pid), time.monotonic()
    with ThreadPoolExecutor(4) as pool:
        done = sum(pool.map(ask_on, [began + seconds] * 4))
    took = time.monotonic() - began
    used = cpu_of_tree(client.daemon.process.pid) - cpu
    possible = 2 * done / used
    return [
        Figure("jobs a second, 4 clients", done / took, "/s"),
        Figure("CPU of a job, daemon and processes", used / done * 1000, "ms"),
        Figure("of what 2 cores allow", done / took / possible * 100, "%", 80, most=False),
        Figure("requests that failed", len(failures), "", 0),
    ]


def long_list(client: Client, site: MockServer, count: int) -> list[Figure]:
    urls = [site.url(f"/p?{number}") for number in range(count)]
    text = json.dumps({"urls": urls, "schema": PRODUCT}).encode()
    headers = {"X-API-Key": client.text, "Content-Type": "application/json"}
    before, hits = resident_mb(client.daemon.process.pid), site.hits("/p")
    answers: list[requests.Response] = []
    accepted = timed(
        lambda: answers.append(
            requests.post(f"{client.daemon.url}/v1/batch?wait=false", text, headers=headers, timeout=120)
        )
    )
    assert answers[0].status_code == 202, answers[0].text
    job = answers[0].json()["job_id"]

    def fetched() -> None:
        while site.hits("/p") == hits:
            time.sleep(0.02)

    first = timed(fetched)
    grown = resident_mb(client.daemon.process.pid) - before
    client.delete(f"/v1/jobs/{job}")
    client.ended(job)
    return [
        Figure(f"{count:,} URLs accepted", accepted, "s", 5),
        Figure("and the first page fetched", first, "s", 3),
        Figure("growth of the daemon", grown, "MB", 50),
        Figure("the answer with its rows, streamed", timed(lambda: read_all(client, job)), "s"),
        Figure("growth of the daemon then", resident_mb(client.daemon.process.pid) - before, "MB", 100),
    ]


def read_all(client: Client, job: str) -> None:
    with session_of(client).get(
        f"{client.daemon.url}/v1/jobs/{job}/results", stream=True, timeout=300
    ) as answer:
        for _ in answer.iter_content(1 << 20):
            pass


def status(client: Client, jobs: int, rows: int, seconds: float) -> list[Figure]:
    ids = fill(client.daemon.database, client.key.owner, jobs, rows // jobs)
    session = session_of(client)
    passes: list[tuple[float, float]] = []
    for _ in range(5):
        times: list[float] = []
        began = time.monotonic()
        while time.monotonic() < began + seconds:
            url = f"{client.daemon.url}/v1/jobs/{ids[len(times) * 7919 % len(ids)]}?after=40&limit=20"
            times.append(timed(partial(session.get, url, timeout=60)))
        passes.append((len(times) / seconds, statistics.quantiles(times, n=100)[98] * 1000))
    return [
        Figure(
            f"GET of a job, {jobs:,} jobs, {rows:,} rows, best pass",
            max(p[0] for p in passes),
            "/s",
            200,
            False,
        ),
        Figure("its p99, best pass", min(p[1] for p in passes), "ms", 100),
    ]


def session_of(client: Client) -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    session.headers["X-API-Key"] = client.text
    return session


def cpu_of_tree(pid: int) -> float:
    """CPU seconds of a process and of those that it started; ended ones are counted by their parents."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return sum(map(int, fields[11:15])) / TICK + sum(cpu_of_tree(int(child)) for child in children)


def resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


def measured(quick: bool) -> list[Figure]:
    with (
        tempfile.TemporaryDirectory() as folder,
        MockServer(pages={"/p": product_page("Kettle")}) as site,
        Daemon(Path(folder)) as daemon,
    ):
        client = Client.of(daemon, "bench")
        client.extract(site.url("/p"))
        return [
            *extract(client, site, 5 if quick else 20),
            *rate(client, site, 5 if quick else 20),
            *long_list(client, site, 20_000 if quick else 100_000),
            *status(client, 500 if quick else 10_000, 50_000 if quick else 1_000_000, 2 if quick else 5),
        ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--quick", action="store_true", help="smaller everywhere: to see that it runs")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    figures = measured(options.quick)
    print(f"load average at the start: {load:.1f}")
    for figure in figures:
        print(figure.line)
    missed = [figure.name for figure in figures if not figure.met]
    if options.json:
        options.json.write_text(json.dumps({"load": load, "figures": [asdict(f) for f in figures]}, indent=2))
    print(f"MISSED: {', '.join(missed)}" if missed else "all bars are met")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
