"""`scrapy batch` given again: after a kill at any moment, for what failed, anew, and twice at once."""

from __future__ import annotations

import json
import os
import random
import shlex
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.console.batch_run import DELIVERED
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Job
from tests.crawling import product_page, scrapy
from tests.jobs import wait_until
from tests.mockserver import MockServer
from tests.test_batch import SCHEMA, codes, results, start

COUNT = 40


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    links = "".join(f'<a href="/item/{n}">{n}</a>' for n in range(COUNT))
    items = {f"/item/{n}": product_page(f"Kettle {n}", f"${n}.50") for n in range(COUNT)}
    with MockServer(pages={"/": links, **items}) as server:
        yield server


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    url = f"sqlite:///{tmp_path}/ledger.db"
    monkeypatch.setenv("RUNO_DATABASE", url)
    return url


@pytest.fixture
def ledger(database: str) -> Iterator[Ledger]:
    opened = Ledger.open(database)
    yield opened
    opened.close()


PACE = "/slow/0.5"


def paced(site: MockServer, folder: Path, *more: str) -> list[str]:
    """A command over pages of which each takes half a second, four at once."""
    urls = folder / "urls.txt"
    urls.write_text("\n".join(site.url(f"{PACE}/{folder.name}/{n}") for n in range(COUNT)))
    paced = ("--concurrency", "4", "-s", "RUNO_LEASE_S=2")
    return ["batch", str(urls), "--schema", SCHEMA, "-o", str(folder / "o.json"), *paced, *more]


def hits(site: MockServer, folder: Path) -> list[int]:
    return [site.hits(f"{PACE}/{folder.name}/{n}") for n in range(COUNT)]


def only_job(ledger: Ledger) -> Job:
    (job,) = ledger.jobs.page("local")
    return job


def wait_for_rows(ledger: Ledger, count: int) -> None:
    def enough() -> bool:
        found = ledger.jobs.page("local", limit=1)
        return bool(found) and found[0].progress.done >= count

    wait_until(enough)


def child_of(process: subprocess.Popen[str]) -> int:
    (child,) = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return int(child)


def kill_all(process: subprocess.Popen[str]) -> None:
    """Kill a command and the process that works for it, as a loss of power does."""
    child = child_of(process)
    os.kill(process.pid, signal.SIGKILL)
    os.kill(child, signal.SIGKILL)
    process.communicate()


def test_killed_at_random_moments_no_page_is_fetched_twice(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    moments = random.Random(7)
    done: set[int] = set()
    for _ in range(3):
        process = start(*paced(site, tmp_path))
        wait_for_rows(ledger, len(done) + 2)
        time.sleep(moments.uniform(0, 0.4))
        kill_all(process)
        after = hits(site, tmp_path)
        done = {row.index for row in ledger.jobs.rows(only_job(ledger).id) if row.index is not None}
    assert 6 <= len(done) < COUNT
    finished = scrapy(*paced(site, tmp_path))
    assert finished.returncode == 4, "the slow pages hold no value of the schema"
    answer = json.loads((tmp_path / "o.json").read_text())
    assert answer["cancelled"] is False
    assert [row["index"] for row in answer["results"]] == list(range(COUNT))
    assert codes(answer["results"]) == ["success"] * COUNT
    again = hits(site, tmp_path)
    assert [again[index] for index in done] == [after[index] for index in done]
    assert sum(again) <= COUNT + 3 * 4, "only what was in flight at a kill is fetched again"
    assert only_job(ledger).end == "finished"


def test_when_the_command_is_killed_its_worker_lets_go_and_it_goes_on(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    process = start(*paced(site, tmp_path))
    wait_for_rows(ledger, 4)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert codes_after(paced(site, tmp_path), tmp_path) == ["success"] * COUNT
    assert hits(site, tmp_path) == [1] * COUNT, "what was in flight had its row"
    assert only_job(ledger).end == "finished"


def codes_after(command: list[str], folder: Path) -> list[str]:
    done = scrapy(*command)
    assert done.returncode in (0, 3, 4), done.stderr
    return codes(results(folder / "o.json"))


def test_a_crawl_goes_on_where_it_was_killed(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    command = [
        *("batch", "--seed-url", site.url("/"), "--follow-pattern", site.url("/*")),
        *("--item-pattern", site.url("/item/*"), "--schema", SCHEMA, "--concurrency", "1"),
        *("-o", str(tmp_path / "o.json"), "-s", "RUNO_LEASE_S=2", "-s", "DOWNLOAD_DELAY=0.05"),
    ]
    before = site.hits("/")
    process = start(*command)
    wait_for_rows(ledger, 5)
    kill_all(process)
    rows = ledger.jobs.rows(only_job(ledger).id)
    assert 5 <= len(rows) < COUNT
    done = scrapy(*command)
    assert done.returncode == 0, done.stderr
    found = results(tmp_path / "o.json")
    assert sorted(row["url"] for row in found) == sorted(site.url(f"/item/{n}") for n in range(COUNT))
    assert site.hits("/") == before + 1, "the seed is not walked again"
    assert sum(site.hits(f"/item/{n}") for n in range(COUNT)) <= COUNT + 1


def test_only_what_failed_is_fetched_again(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    urls = [site.url("/item/1"), site.url("/flaky/4/again"), site.url("/item/2"), site.url("/status/404")]
    (tmp_path / "urls.txt").write_text("\n".join(urls))
    outputs = ("-o", str(tmp_path / "o.json"), "-o", str(tmp_path / "o.csv"))
    command = ["batch", str(tmp_path / "urls.txt"), "--schema", SCHEMA, *outputs]
    assert codes_after(command, tmp_path) == ["success", "HTTP_ERROR", "success", "HTTP_ERROR"]
    before = [
        site.hits("/item/1"),
        site.hits("/item/2"),
        site.hits("/flaky/4/again"),
        site.hits("/status/404"),
    ]
    assert codes_after([*command, "--retry-failed"], tmp_path) == ["success"] * 3 + ["HTTP_ERROR"]
    after = [
        site.hits("/item/1"),
        site.hits("/item/2"),
        site.hits("/flaky/4/again"),
        site.hits("/status/404"),
    ]
    assert [now - then for now, then in zip(after, before, strict=True)] == [0, 0, 2, 1]
    assert len((tmp_path / "o.csv").read_text().splitlines()) == 5, "all outputs are written, and whole"
    assert only_job(ledger).round == 1


def test_where_nothing_failed_there_is_nothing_to_retry(site: MockServer, tmp_path: Path) -> None:
    command = ["batch", site.url("/item/1"), "--schema", SCHEMA, "-o", str(tmp_path / "o.json")]
    refused = scrapy(*command, "--retry-failed")
    assert refused.returncode == 2
    assert "has not run yet" in refused.stderr
    assert codes_after(command, tmp_path) == ["success"]
    before = site.hits("/item/1")
    assert codes_after([*command, "--retry-failed"], tmp_path) == ["success"]
    assert site.hits("/item/1") == before


def test_an_interrupted_run_is_left_when_a_fresh_one_is_wanted(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    process = start(*paced(site, tmp_path))
    wait_for_rows(ledger, 4)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=240)
    assert process.returncode == 130
    assert f"scrapy jobs show {only_job(ledger).id}" in said
    refused = scrapy(*paced(site, tmp_path, "--retry-failed"))
    assert refused.returncode == 2
    assert "the same command goes on" in refused.stderr

    before = hits(site, tmp_path)
    assert codes_after(paced(site, tmp_path, "--fresh"), tmp_path) == ["success"] * COUNT
    assert [now - then for now, then in zip(hits(site, tmp_path), before, strict=True)] == [1] * COUNT
    fresh, old = ledger.jobs.page("local")
    assert (fresh.end, old.end) == ("finished", "cancelled")


def test_fresh_does_not_replace_what_another_command_wrote(site: MockServer, tmp_path: Path) -> None:
    (tmp_path / "o.json").write_text("precious")
    done = scrapy("batch", site.url("/item/1"), "--schema", SCHEMA, "-o", str(tmp_path / "o.json"), "--fresh")
    assert done.returncode == 2
    assert (tmp_path / "o.json").read_text() == "precious"


def lasting(site: MockServer, folder: Path) -> list[str]:
    """A command that does not end by itself: of its four pages three take four minutes."""
    urls = [site.url("/item/1"), *(site.url(f"/slow/240/{folder.name}/{n}") for n in range(3))]
    more = ("--concurrency", "2", "--timeout-ms", "600000")
    return ["batch", *urls, "--schema", SCHEMA, "-o", str(folder / "o.json"), *more]


def test_the_second_of_two_at_once_says_so(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    first = start(*lasting(site, tmp_path))
    wait_for_rows(ledger, 1)
    second = scrapy(*lasting(site, tmp_path))
    assert second.returncode == 2
    assert second.stderr.strip().splitlines() == [
        f"scrapy batch: this command is at work already, as {only_job(ledger).id} "
        f"(scrapy jobs show {only_job(ledger).id})"
    ]
    kill_all(first)


def test_of_two_that_start_together_one_works(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    both = [start(*paced(site, tmp_path)) for _ in range(2)]
    said = [process.communicate(timeout=240)[1] for process in both]
    assert sorted(process.returncode for process in both) == [2, 4], said
    assert hits(site, tmp_path) == [1] * COUNT
    assert only_job(ledger).end == "finished"


def test_a_finished_run_is_not_mistaken_for_one_that_goes_on(site: MockServer, tmp_path: Path) -> None:
    command = ["batch", site.url("/item/3"), "--schema", SCHEMA, "-o", str(tmp_path / "o.json")]
    assert codes_after(command, tmp_path) == ["success"]
    before = site.hits("/item/3")
    (tmp_path / "o.json").unlink()
    assert codes_after(command, tmp_path) == ["success"]
    assert site.hits("/item/3") == before + 1


def test_rows_that_had_not_reached_their_file_are_not_fetched_again(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    command = ["batch", site.url("/item/4"), "--schema", SCHEMA, "-o", str(tmp_path / "o.json")]
    assert codes_after(command, tmp_path) == ["success"]
    before = site.hits("/item/4")
    # As a kill leaves it that comes when the job has ended and the file is not written.
    (tmp_path / "o.json").unlink()
    ledger.jobs.note(only_job(ledger).id, DELIVERED, False)
    assert codes_after(command, tmp_path) == ["success"]
    assert site.hits("/item/4") == before


def test_a_list_that_has_changed_is_another_job(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    process = start(*paced(site, tmp_path))
    wait_for_rows(ledger, 2)
    kill_all(process)
    urls = tmp_path / "urls.txt"
    urls.write_text(site.url("/item/5"))
    done = scrapy("batch", str(urls), "--schema", SCHEMA, "-o", str(tmp_path / "o.json"))
    assert done.returncode == 0, done.stderr
    assert [row["url"] for row in results(tmp_path / "o.json")] == [site.url("/item/5")]
    assert len(ledger.jobs.page("local")) == 2


def test_a_run_is_cancelled_from_another_shell(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    process = start(*lasting(site, tmp_path))
    wait_for_rows(ledger, 1)
    cancelled = scrapy("jobs", "cancel", only_job(ledger).id)
    assert "was asked to stop" in cancelled.stdout
    _, said = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "cancelled" in said
    answer = json.loads((tmp_path / "o.json").read_text())
    assert answer["cancelled"] is True
    assert codes(answer["results"]) == ["success"] + ["JOB_CANCELLED"] * 3


def test_a_page_that_kills_worker_after_worker_is_given_up_alone(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    urls = [site.url(f"/item/{n}") for n in range(3)] + [site.url("/slow/20/poison"), site.url("/item/6")]
    command = ["batch", *urls, "--schema", SCHEMA, "-o", str(tmp_path / "o.json"), "--timeout-ms", "60000"]
    process = start(*command)
    for deaths in range(3):
        wait_until(lambda n=deaths: site.hits("/slow/20/poison") > n)  # type: ignore[misc]
        os.kill(child_of(process), signal.SIGKILL)
    process.communicate(timeout=240)
    assert process.returncode == 3
    assert codes(results(tmp_path / "o.json")) == ["success"] * 3 + ["WORKER_LOST", "success"]


def test_standard_input_goes_on_too(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    command = ["batch", "-", "--schema", SCHEMA, "-o", str(tmp_path / "o.json"), "-s", "RUNO_LEASE_S=2"]
    urls = "\n".join(site.url(f"{PACE}/{tmp_path.name}/{n}") for n in range(COUNT))
    piped = f"printf '{urls}' | exec {shlex.join([sys.executable, '-m', 'scrapy', *command])}"
    process = subprocess.Popen(["sh", "-c", piped], stderr=subprocess.PIPE, text=True, start_new_session=True)
    wait_for_rows(ledger, 3)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=240)
    done = scrapy(*command, stdin=urls)
    assert codes(results(tmp_path / "o.json")) == ["success"] * COUNT, done.stderr
    assert hits(site, tmp_path) == [1] * COUNT
    assert only_job(ledger).end == "finished"


def test_rows_to_standard_output_are_in_the_ledger_too(
    site: MockServer, tmp_path: Path, ledger: Ledger
) -> None:
    for _ in range(2):
        done = scrapy("batch", site.url("/item/7"), "--schema", SCHEMA)
        assert json.loads(done.stdout)["data"]["price"] == 7.5
    newest = ledger.jobs.page("local")[0]
    assert len(ledger.jobs.page("local")) == 2
    assert scrapy("jobs", "results", newest.id).stdout == done.stdout


def test_a_ledger_that_is_locked_is_told(site: MockServer, tmp_path: Path, ledger: Ledger) -> None:
    other = sqlite3.connect(tmp_path / "ledger.db")
    other.execute("BEGIN EXCLUSIVE")
    done = scrapy("batch", site.url("/item/1"), "--schema", SCHEMA)
    other.close()
    assert done.returncode == 2
    assert done.stderr.strip() == "scrapy batch: database is locked"


def test_a_ledger_that_is_damaged_is_told(site: MockServer, tmp_path: Path) -> None:
    (tmp_path / "ledger.db").write_bytes(b"not a database, but long enough to look at" * 100)
    done = scrapy("batch", site.url("/item/1"), "--schema", SCHEMA)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert "ledger.db" in done.stderr
