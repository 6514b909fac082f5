"""The daemon on PostgreSQL, and what it says and does while the server is away."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.fernet import Fernet

from tests.api_client import Client, code_of
from tests.crawling import product_page
from tests.daemon import Daemon, wait_until
from tests.mockserver import MockServer
from tests.postgres import PostgresServer

SECRET = Fernet.generate_key().decode()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    environment = {"RUNO_DATABASE": server.database(), "RUNO_SECRET_KEY": SECRET}
    with Daemon(tmp_path_factory.mktemp("postgresql"), environment=environment) as daemon:
        yield Client.of(daemon, "alice", per_month=1_000)
        daemon.ledger.close()


def health(client: Client) -> tuple[int, object]:
    status, body = client.daemon.ask("healthz", key="")
    return status, body


def test_a_page_is_extracted_and_paid_for(client: Client) -> None:
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        answer = client.extract(site.url("/a"), cookies="session=1")
        assert answer.json()["data"]["name"] == "Kettle"
        assert site.requests("/a")[0]["cookie"] == "session=1"
    assert answer.headers["X-Monthly-Usage-Remaining"] == "999"


def test_a_server_that_is_killed_and_comes_again_costs_nothing(
    client: Client, server: PostgresServer
) -> None:
    with MockServer() as site:
        urls = [site.url(f"/slow/0.3/{number}") for number in range(20)]
        job = client.submitted(urls, concurrency=2)
        wait_until(lambda: site.hits("/slow/0.3/2") == 1, "the job is at work")
        server.kill()
        assert health(client) == (503, {"status": "degraded"})
        refused = client.get("/v1/jobs")
        assert (refused.status_code, code_of(refused)) == (503, "STORE_UNAVAILABLE")
        server.start()
        wait_until(lambda: health(client) == (200, {"status": "ok"}), "the health is good")
        assert client.ended(job)["progress"] == {"total": 20, "succeeded": 20, "failed": 0}
        assert [site.hits(f"/slow/0.3/{number}") for number in range(20)] == [1] * 20


def test_a_server_that_does_not_answer_is_told_and_nothing_hangs(
    client: Client, server: PostgresServer
) -> None:
    server.freeze()
    try:
        refused = [client.get("/v1/jobs") for _ in range(2)]
    finally:
        server.thaw()
    assert [code_of(answer) for answer in refused] == ["STORE_UNAVAILABLE"] * 2
    assert client.get("/v1/jobs").json() == {"jobs": []}
