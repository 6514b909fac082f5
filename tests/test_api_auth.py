"""Who may do what: a walk of all routes with no key, wrong ones, and another owner's."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from runo_spiders.api.routes import Route
from runo_spiders.api.table import ROUTES
from tests.api_client import Client, code_of
from tests.crawling import PRODUCT, product_page
from tests.daemon import Daemon
from tests.mockserver import MockServer

GUARDED = [route for route in ROUTES.table if not route.public]
OF_A_JOB = [route for route in GUARDED if "{job}" in route.path]


def name_of(route: Route) -> str:
    return f"{route.method} {route.path}"


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with Daemon(tmp_path_factory.mktemp("auth")) as running:
        yield running


@pytest.fixture(scope="module")
def owner(daemon: Daemon) -> Client:
    return Client.of(daemon, "alice")


@pytest.fixture(scope="module")
def stranger(daemon: Daemon) -> Client:
    return Client.of(daemon, "mallory")


@pytest.fixture(scope="module")
def jobs(owner: Client) -> Iterator[tuple[str, str]]:
    """One job of the owner that runs, and one that has ended; both with the same canary."""
    with MockServer(pages={"/canary": product_page("canary-71")}) as site:
        ended = owner.submitted([site.url("/canary")])
        owner.ended(ended)
        running = owner.submitted([site.url("/slow/30")])
        owner.running(running)
        yield running, ended
        owner.delete(f"/v1/jobs/{running}")


@pytest.mark.parametrize("route", GUARDED, ids=name_of)
def test_no_key_that_is_not_good_opens_a_route(daemon: Daemon, route: Route) -> None:
    revoked = Client.of(daemon, "alice")
    daemon.ledger.keys.revoke(revoked.key.id)
    expired = Client.of(daemon, "alice", expires_at=time.time() - 1)
    mistyped = revoked.text[:-1] + ("a" if revoked.text[-1] != "a" else "b")
    path = route.path.replace("{job}", "job_" + "0" * 32)
    for text in ("", "x", revoked.text, expired.text, mistyped):
        answer = revoked.ask(route.method, path, json={}, headers={"X-API-Key": text})
        assert (answer.status_code, code_of(answer)) == (401, "UNAUTHORIZED")
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert not text or len(text) < 5 or text not in answer.text


@pytest.mark.parametrize("route", OF_A_JOB, ids=name_of)
def test_a_strangers_job_answers_as_one_that_is_not_there(
    stranger: Client, jobs: tuple[str, str], route: Route
) -> None:
    unknown = "job_" + "0" * 32
    missing = stranger.ask(route.method, route.path.replace("{job}", unknown))
    assert missing.status_code == 404
    for job in jobs:
        answer = stranger.ask(route.method, route.path.replace("{job}", job))
        assert "canary" not in answer.text
        if route.method == "DELETE" and job == jobs[0]:
            assert (answer.status_code, code_of(answer)) == (403, "JOB_FORBIDDEN")
        else:
            assert answer.text.replace(job, unknown) == missing.text
            assert answer.status_code == 404


def test_a_strangers_idempotency_key_is_another_one(owner: Client, stranger: Client) -> None:
    headers = {"Idempotency-Key": "shared"}
    body = {"urls": ["nix"], "schema": PRODUCT}
    ids = {
        client.post("/v1/batch", body, headers=headers).headers["X-Job-ID"] for client in (owner, stranger)
    }
    assert len(ids) == 2


def test_an_operator_sees_and_stops_the_jobs_of_all(daemon: Daemon, jobs: tuple[str, str]) -> None:
    operator = Client.of(daemon, "root", operator=True)
    assert jobs[0] in [entry["job_id"] for entry in operator.get("/v1/jobs").json()["jobs"]]
    assert operator.get(f"/v1/jobs/{jobs[1]}").status_code == 200


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/healthz"])
def test_what_is_public_needs_no_key(owner: Client, path: str) -> None:
    answer = owner.get(path, headers={"X-API-Key": ""})
    assert answer.status_code == 200
    assert "alice" not in answer.text
