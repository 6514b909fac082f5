"""The job API of a real daemon, over HTTP: answers, errors, jobs, cancel, retry, uploads, limits."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.api_client import Client, code_of, everything_written, lines_of
from tests.crawling import PRODUCT, product_page
from tests.daemon import Daemon, wait_until
from tests.mockserver import MockServer, Reply


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    links = "".join(f'<a href="/p/{number}">{number}</a>' for number in range(1, 9))
    pages: dict[str, Any] = {f"/p/{number}": product_page(f"Kettle {number}") for number in range(1, 9)}
    pages["/"] = product_page("Home", body=links)
    pages["/gone"] = Reply("", status=404)
    with MockServer(pages=pages) as server:
        yield server


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("api")) as running:
        yield running


@pytest.fixture(scope="module")
def client(daemon: Daemon) -> Client:
    return Client.of(daemon, "alice")


@pytest.fixture(scope="module")
def stranger(daemon: Daemon) -> Client:
    return Client.of(daemon, "mallory")


def slow(site: MockServer, count: int, seconds: float = 1.0) -> list[str]:
    return [site.url(f"/slow/{seconds}/{number}") for number in range(count)]


# Extract


def test_extract_answers_with_runos_keys(client: Client, site: MockServer) -> None:
    answer = client.extract(site.url("/p/1"))
    assert answer.status_code == 200
    assert answer.headers["X-Job-ID"].startswith("job_")
    assert answer.json() == {
        "url": site.url("/p/1"),
        "status": "success",
        "render_mode": "fetch",
        "data": {"name": "Kettle 1", "price": 19.99},
        "images_processed": None,
        "warnings": answer.json()["warnings"],
    }


def test_what_is_wrong_with_the_page_has_status_200(client: Client, site: MockServer) -> None:
    answer = client.extract(site.url("/gone"))
    assert (answer.status_code, code_of(answer)) == (200, "HTTP_ERROR")
    assert code_of(client.extract("nowhere")) == "URL_INVALID"
    assert code_of(client.extract(site.url("/slow/9"), timeout_ms=300)) == "TIMEOUT"
    assert code_of(client.extract("http://10.1.2.3/")) == "URL_FORBIDDEN"


def test_evidence_and_usage_come_when_asked_for(client: Client, site: MockServer) -> None:
    told = client.extract(site.url("/p/2"), evidence=True, usage=True).json()
    assert told["evidence"]["/price"]["text"] == "$19.99"
    assert told["usage"]["fetches"] == 1


def test_a_json_schema_is_taken_too(client: Client, site: MockServer) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    answer = client.post("/v1/extract", {"url": site.url("/p/3"), "schema": schema})
    assert answer.json()["data"] == {"name": "Kettle 3"}


def test_every_spelling_of_a_path_and_of_a_key_is_answered(client: Client, site: MockServer) -> None:
    body = {"url": site.url("/p/1"), "schema": PRODUCT}
    bearer = {"X-API-Key": "", "Authorization": f"Bearer {client.text}"}
    assert client.post("/v1/extract/", body, headers=bearer).json()["status"] == "success"


# Batch


def test_results_come_in_the_order_of_the_request(client: Client, site: MockServer) -> None:
    urls = [site.url("/slow/0.5"), site.url("/p/2"), "nix", site.url("/p/1"), site.url("/p/2")]
    told = client.batch(urls).json()
    assert [result["url"] for result in told["results"]] == urls
    assert [result["status"] for result in told["results"]] == [
        "success",
        "success",
        "error",
        "success",
        "success",
    ]
    assert told["cancelled"] is False


def test_async_mode_and_images_take_the_ordinary_way(client: Client, site: MockServer) -> None:
    body = {
        "urls": [site.url("/p/1")],
        "schema": PRODUCT,
        "async_mode": True,
        "options": {"process_images": True},
    }
    told = client.post("/v1/batch", body).json()
    assert told["results"][0]["images_processed"] is None


def test_fail_fast_ends_the_rest_without_calling_it_cancelled(client: Client, site: MockServer) -> None:
    told = client.batch([site.url("/gone"), *slow(site, 6)], fail_fast=True, concurrency=1).json()
    assert told["cancelled"] is False
    assert told["results"][-1]["error"] == {"code": "JOB_CANCELLED", "retryable": False}


def test_the_headers_and_the_padding_come_before_the_job_has_ended(client: Client, site: MockServer) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", client.daemon.port, timeout=240)
    body = json.dumps({"urls": slow(site, 3, 2.0), "schema": PRODUCT})
    headers = {"X-API-Key": client.text, "Content-Type": "application/json"}
    connection.request("POST", "/v1/batch", body, headers)
    response = connection.getresponse()
    padding = response.read(4096)
    job = response.headers["X-Job-ID"]
    assert client.daemon.job(job).state != "ended"
    assert padding.strip() == b""
    assert client.delete(f"/v1/jobs/{job}").json() == {"status": "cancelled", "job_id": job}
    assert json.loads(response.read())["cancelled"] is True
    connection.close()


# Crawl


def test_a_crawl_tells_what_it_did(client: Client, site: MockServer) -> None:
    rules = {"follow_pattern": site.url("/*"), "max_pages": 4}
    told = client.post("/v1/crawl", {"seed_url": site.url("/"), "schema": PRODUCT, "crawl": rules}).json()
    assert told["seed_url"] == site.url("/")
    assert len(told["results"]) == 4
    meta = {"pages_visited": 4, "pages_skipped": 5, "pages_failed": 0, "code": "CRAWL_LIMIT_REACHED"}
    assert told["crawl_meta"] == meta


# Jobs


def test_a_running_job_is_listed_cancelled_and_then_unknown(
    client: Client, stranger: Client, site: MockServer
) -> None:
    job = client.submitted(slow(site, 30, 2.0), concurrency=1)
    client.running(job)
    [listed] = [entry for entry in client.get("/v1/jobs").json()["jobs"] if entry["job_id"] == job]
    assert listed["endpoint"] == "/batch"
    assert stranger.get("/v1/jobs").json() == {"jobs": []}
    refused = stranger.delete(f"/v1/jobs/{job}")
    assert (refused.status_code, code_of(refused)) == (403, "JOB_FORBIDDEN")
    assert client.delete(f"/v1/jobs/{job}").status_code == 200
    told = client.ended(job)
    assert told["status"] == "cancelled"
    again = client.delete(f"/v1/jobs/{job}")
    assert (again.status_code, code_of(again)) == (404, "JOB_NOT_FOUND")
    assert told["progress"]["total"] == 30
    assert len(told["results"]) == 30
    assert told["units"]["charged"] < told["units"]["reserved"]


def test_rows_are_read_by_a_cursor_after_the_end_too(client: Client, site: MockServer) -> None:
    urls = [site.url(f"/p/{number}") for number in range(1, 6)]
    job = client.submitted(urls)
    client.ended(job)
    seen: list[str] = []
    after = ""
    while True:
        page = client.get(f"/v1/jobs/{job}?limit=2{after}").json()
        seen += [row["url"] for row in page["results"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == urls


def test_the_rows_of_a_running_job_are_streamed_to_its_end(client: Client, site: MockServer) -> None:
    job = client.submitted([site.url("/slow/1.5"), site.url("/p/1"), site.url("/p/2")])
    answer = client.get(f"/v1/jobs/{job}/results")
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    rows = lines_of(answer)
    assert sorted(row["index"] for row in rows) == [0, 1, 2]
    assert client.get(f"/v1/jobs/{job}").json()["status"] == "finished"


def test_the_failed_rows_are_tried_again_under_the_same_id(client: Client, site: MockServer) -> None:
    job = client.submitted([site.url("/p/1"), site.url("/gone")])
    client.ended(job)
    hits = site.hits("/p/1"), site.hits("/gone")
    answer = client.post(f"/v1/jobs/{job}/retry")
    assert (answer.status_code, answer.json()["job_id"]) == (202, job)
    client.ended(job)
    assert (site.hits("/p/1"), site.hits("/gone")) == (hits[0], hits[1] + 1)
    whole = client.submitted([site.url("/p/1")])
    client.ended(whole)
    nothing = client.post(f"/v1/jobs/{whole}/retry")
    assert (nothing.status_code, code_of(nothing)) == (409, "NOTHING_TO_RETRY")


def test_a_running_job_is_not_tried_again(client: Client, site: MockServer) -> None:
    job = client.submitted(slow(site, 3, 2.0))
    refused = client.post(f"/v1/jobs/{job}/retry")
    assert (refused.status_code, code_of(refused)) == (409, "JOB_RUNNING")
    client.delete(f"/v1/jobs/{job}")


def test_the_same_idempotency_key_gives_the_same_job(client: Client, site: MockServer) -> None:
    body = {"urls": [site.url("/p/1")], "schema": PRODUCT}
    headers = {"Idempotency-Key": "one-and-only"}
    first, again = (client.post("/v1/batch", body, headers=headers) for _ in range(2))
    assert first.headers["X-Job-ID"] == again.headers["X-Job-ID"]
    assert first.json() == again.json()
    other = client.post("/v1/batch", {**body, "urls": ["x"]}, headers=headers)
    assert (other.status_code, code_of(other)) == (409, "IDEMPOTENCY_KEY_REUSED")


# Uploads

CSV = "id,url\n7,{0}\n8,{1}\n"


def test_a_csv_carries_its_other_columns(client: Client, site: MockServer) -> None:
    text = CSV.format(site.url("/p/1"), site.url("/p/2"))
    answer = client.ask(
        "POST",
        "/v1/batch",
        params={"schema": json.dumps(PRODUCT)},
        data=text,
        headers={"Content-Type": "text/csv"},
    )
    assert [row["extra"] for row in answer.json()["results"]] == [{"id": "7"}, {"id": "8"}]


def test_a_form_brings_the_list_and_the_request(client: Client, site: MockServer) -> None:
    lines = "\n".join(json.dumps({"url": site.url(f"/p/{number}"), "id": number}) for number in (1, 2))
    asked = json.dumps({"schema": PRODUCT, "options": {"concurrency": 2}})
    files = {"urls": ("list.jsonl", lines), "request": (None, asked)}
    answer = client.ask("POST", "/v1/batch", files=files)
    assert answer.status_code == 200, answer.text
    assert [row["data"]["name"] for row in answer.json()["results"]] == ["Kettle 1", "Kettle 2"]


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [("text/csv", "a,b\n1,2\n", "no column"), ("application/x-ndjson", "", "empty")],
)
def test_a_list_that_cannot_be_read_is_refused(client: Client, kind: str, text: str, said: str) -> None:
    query = {"schema": json.dumps(PRODUCT)}
    answer = client.ask("POST", "/v1/batch", params=query, data=text, headers={"Content-Type": kind})
    assert (answer.status_code, code_of(answer)) == (422, "REQUEST_INVALID")
    assert said in answer.json()["error"]["message"]


# What is refused


@pytest.mark.parametrize(
    ("body", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "BODY_INVALID"),
        (b"{}", "text/plain", 415, "CONTENT_TYPE_UNSUPPORTED"),
        (b"{}", "text/csv", 415, "CONTENT_TYPE_UNSUPPORTED"),
        (b"{}", "application/json", 422, "REQUEST_INVALID"),
        (b"[" * 900_000, "application/json", 400, "BODY_INVALID"),
        (b" " * 1_000_001, "application/json", 413, "BODY_TOO_LARGE"),
        (b'{"url": "x"}', "application/json", 422, "SCHEMA_REQUIRED"),
        (b'{"url": "x", "schema": []}', "application/json", 400, "SCHEMA_INVALID"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_a_bad_request_is_told_what_is_wrong(
    client: Client, body: bytes, kind: str, status: int, code: str
) -> None:
    answer = client.ask("POST", "/v1/extract", data=body, headers={"Content-Type": kind})
    assert (answer.status_code, code_of(answer)) == (status, code)


def test_a_list_that_is_too_long_is_shown_the_way_out(client: Client) -> None:
    answer = client.batch(["x"] * 200_001)
    assert (answer.status_code, code_of(answer)) == (413, "BODY_TOO_LARGE")
    assert "text/csv" in answer.json()["error"]["message"]


def test_a_wrong_path_or_method_is_told_in_json(client: Client) -> None:
    assert code_of(client.get("/v1/nothing")) == "NOT_FOUND"
    refused = client.get("/v1/extract")
    assert (code_of(refused), refused.headers["Allow"]) == ("METHOD_NOT_ALLOWED", "POST")
    assert client.ask("HEAD", "/v1/jobs").text == ""


# Keys


def test_a_static_key_brings_its_schema(daemon: Daemon, site: MockServer) -> None:
    static = Client.of(daemon, "alice", kind="static", schema=PRODUCT)
    assert static.post("/v1/extract", {"url": site.url("/p/4")}).json()["data"]["name"] == "Kettle 4"
    refused = static.extract(site.url("/p/4"))
    assert (refused.status_code, code_of(refused)) == (400, "SCHEMA_NOT_ALLOWED")


def test_a_key_that_asks_too_often_is_told_when_to_come_back(daemon: Daemon, site: MockServer) -> None:
    hasty = Client.of(daemon, "hasty", per_minute=1)
    first = hasty.extract(site.url("/p/1"))
    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("1", "0")
    second = hasty.extract(site.url("/p/1"))
    assert (second.status_code, code_of(second)) == (429, "RATE_LIMITED")
    assert 1 <= int(second.headers["Retry-After"]) <= 60
    assert second.json()["error"]["retryable"] is True
    assert hasty.get("/v1/jobs").status_code == 200


def test_a_month_that_is_used_up_is_told_and_what_did_not_run_is_given_back(
    daemon: Daemon, site: MockServer
) -> None:
    poor = Client.of(daemon, "poor", per_month=4)
    first = poor.batch([site.url("/p/1"), site.url("/gone"), "nix"])
    assert first.headers["X-Monthly-Usage-Limit"] == "4"
    assert first.headers["X-Monthly-Usage-Remaining"] == "1"
    refused = poor.batch([site.url("/p/1"), site.url("/p/2")])
    assert (refused.status_code, code_of(refused)) == (429, "QUOTA_EXCEEDED")
    crawl = {"follow_pattern": site.url("/p/*"), "max_pages": 100, "allow_large_crawl": True}
    body = {"seed_url": site.url("/p/1"), "schema": PRODUCT, "crawl": crawl}
    assert code_of(poor.post("/v1/crawl", body)) == "QUOTA_EXCEEDED"


def test_a_queue_that_is_full_takes_no_more(tmp_path: Path, site: MockServer) -> None:
    with Daemon(tmp_path, {"scrapyd": {"max_proc": "1"}}).set(RUNO_MOST_QUEUED=1) as small:
        client = Client.of(small, "alice")
        first = client.submitted(slow(site, 2, 5.0))
        client.running(first)
        second = client.submitted([site.url("/p/1")])
        refused = client.batch([site.url("/p/2")])
        assert (refused.status_code, code_of(refused)) == (503, "QUEUE_FULL")
        assert int(refused.headers["Retry-After"]) > 0
        client.delete(f"/v1/jobs/{second}")
        client.delete(f"/v1/jobs/{first}")


# Disconnects and secrets


def test_a_client_that_goes_away_does_not_cancel_its_job(client: Client, site: MockServer) -> None:
    with pytest.raises(requests.exceptions.RequestException), requests.Session() as session:
        session.trust_env = False
        session.post(
            f"{client.daemon.url}/v1/extract",
            json={"url": site.url("/slow/3/away"), "schema": PRODUCT},
            headers={"X-API-Key": client.text},
            timeout=(5, 0.5),
            stream=False,
        ).json()
    wait_until(lambda: client.get("/v1/jobs").json() == {"jobs": []}, "the job has ended")
    [job] = client.daemon.ledger.jobs.page("alice", limit=1)
    assert (job.end, job.progress.succeeded) == ("finished", 1)


def test_no_secret_is_left_anywhere(client: Client, site: MockServer) -> None:
    options = {"cookies": "session=canary-cookie", "headers": {"X-Secret": "canary-header"}}
    shown: list[str] = []
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            shown.extend(_read(path) for path in Path("/proc").glob("[0-9]*/cmdline"))
            shown.extend(_read(path) for path in Path("/proc").glob("[0-9]*/environ"))

    watcher = threading.Thread(target=look)
    watcher.start()
    answers: list[requests.Response] = []
    asking = threading.Thread(
        target=lambda: answers.append(client.extract(site.url("/slow/1/secret"), **options))
    )
    asking.start()
    wait_until(lambda: site.hits("/slow/1/secret") == 1, "the page is under way")
    listed = client.ask("GET", "/listjobs.json").text
    jobs = client.daemon.ledger.jobs
    [running] = jobs.page("alice", states=["running"])
    assert jobs.sealed(running.id) is not None
    asking.join()
    stop.set()
    watcher.join()
    [answer] = answers
    assert jobs.sealed(running.id) is None
    assert answer.json()["status"] == "success"
    [sent] = site.requests("/slow/1/secret")
    assert (sent["cookie"], sent["x-secret"]) == ("session=canary-cookie", "canary-header")
    job = client.get(f"/v1/jobs/{answer.headers['X-Job-ID']}").text
    left = "\n".join([answer.text, job, listed, everything_written(client.daemon.folder), *shown])
    for canary in ("canary-cookie", "canary-header", client.text):
        assert canary not in left


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("latin-1")
    except OSError:
        return ""
