"""Scrapyd's own endpoints: each owner schedules, sees and cancels what is theirs, and the rest is refused."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import pytest

from tests.crawling import PRODUCT
from tests.daemon import Daemon

URL = "http://127.0.0.1:9/"
PATHS = (
    "",
    "schedule.json",
    "cancel.json",
    "status.json",
    "listjobs.json",
    "listprojects.json",
    "listspiders.json",
    "listversions.json",
    "daemonstatus.json",
    "logs/",
    "items/",
    "nothing",
)
TURNED_OFF = ("addversion.json", "delversion.json", "delproject.json", "jobs")


@dataclass(frozen=True)
class Owners:
    """A daemon, and the texts of the keys of two owners and an operator."""

    daemon: Daemon
    anna: str
    ben: str
    operator: str

    def schedule(self, key: str, **form: str) -> tuple[int, dict[str, str]]:
        given = {"project": "default", "spider": "schema", "urls": URL, "schema": json.dumps(PRODUCT)}
        return self.post("schedule.json", key, **(given | form))

    def post(self, path: str, key: str, **form: str) -> tuple[int, dict[str, str]]:
        status, answer = self.daemon.ask(path, key=key, data=urlencode(form).encode())
        return status, answer


@pytest.fixture(scope="module")
def owners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Owners]:
    daemon = Daemon(tmp_path_factory.mktemp("owners"))
    keys = daemon.ledger.keys
    texts = [keys.create(owner, "test", operator=owner == "root")[1] for owner in ("anna", "ben", "root")]
    with daemon:
        yield Owners(daemon, *texts)


def test_no_path_but_the_health_answers_without_a_key(owners: Owners) -> None:
    assert [owners.daemon.ask(path, key="")[0] for path in PATHS] == [401] * len(PATHS)
    assert owners.daemon.ask("healthz", key="") == (200, {"status": "ok"})


def test_a_key_that_is_wrong_revoked_or_expired_opens_nothing(owners: Owners) -> None:
    keys = owners.daemon.ledger.keys
    revoked, text = keys.create("anna", "revoked")
    keys.revoke(revoked.id)
    _, expired = keys.create("anna", "expired", expires_at=time.time() - 1)
    for key in (text, expired, owners.anna[:-1] + "x", "sk_live_", "x"):
        assert owners.daemon.ask("listjobs.json", key=key)[0] == 401


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
def test_a_key_may_come_in_the_header_of_authorization(owners: Owners, scheme: str) -> None:
    basic = base64.b64encode(f"any:{owners.anna}".encode()).decode()
    sent = f"Bearer {owners.anna}" if scheme == "Bearer" else f"Basic {basic}"
    assert owners.daemon.ask("daemonstatus.json", key="", Authorization=sent)[0] == 200


def test_what_runs_strangers_code_is_turned_off(owners: Owners) -> None:
    for path in TURNED_OFF:
        assert owners.daemon.ask(path, key=owners.operator)[0] == 404


def test_a_job_is_its_owners_alone(owners: Owners) -> None:
    status, scheduled = owners.schedule(owners.anna)
    job = scheduled["jobid"]
    assert status == 200
    owners.daemon.ended(job)
    seen = {
        key: job in json.dumps(owners.daemon.ask("listjobs.json", key=key)[1])
        for key in (owners.anna, owners.ben, owners.operator)
    }
    assert seen == {owners.anna: True, owners.ben: False, owners.operator: True}
    state = {
        key: owners.daemon.ask(f"status.json?job={job}", key=key)[1] for key in (owners.anna, owners.ben)
    }
    assert (state[owners.anna]["currstate"], state[owners.ben]["currstate"]) == ("finished", None)
    log = f"logs/default/schema/{job}.log"
    assert owners.daemon.ask(log, key=owners.ben)[0] == 404
    assert owners.post("cancel.json", owners.ben, project="default", job=job)[1]["prevstate"] is None


def test_the_list_of_jobs_shows_no_arguments(owners: Owners) -> None:
    owners.schedule(owners.anna, prompt="canary-4711", schema=json.dumps(PRODUCT))
    assert "canary-4711" not in json.dumps(owners.daemon.ask("listjobs.json", key=owners.anna)[1])
    assert "canary-4711" not in owners.daemon.log()


@pytest.mark.parametrize(
    ("form", "fault"),
    [
        ({"urls": "/etc/passwd"}, "argument urls"),
        ({"urls": ""}, "argument urls"),
        ({"schema": "/etc/passwd"}, "argument schema"),
        ({"schema": "no-such-schema"}, "no-such-schema"),
        ({"schema": '[{"field": "x", "type": "y"}]'}, "schema is malformed"),
        ({"html_dir": "/"}, "argument html_dir"),
        ({"headers_file": "/etc/passwd"}, "argument headers_file"),
        ({"cookies": "a=b"}, "argument cookies"),
        ({"headers": "{}"}, "argument headers"),
        ({"concurency": "3"}, "did you mean concurrency"),
        ({"timeout_ms": "soon"}, "argument timeout_ms"),
        ({"_version": "x"}, "there is no such version"),
        ({"_settings": "x"}, "_settings"),
        ({"jobid": "../../x"}, "argument jobid"),
        ({"setting": "FEEDS={}"}, "FEEDS"),
        ({"setting": "EXTENSIONS={}"}, "EXTENSIONS"),
        ({"project": "../x"}, "not found"),
        ({"project": ""}, "argument project"),
        ({"spider": "none"}, "not found"),
    ],
)
def test_a_bad_argument_is_told_and_nothing_is_scheduled(
    owners: Owners, form: dict[str, str], fault: str
) -> None:
    before = owners.daemon.ask("daemonstatus.json", key=owners.ben)[1]
    status, answer = owners.schedule(owners.ben, **form)
    assert (status, answer["status"]) in ((400, "error"), (404, "error"))
    assert fault in answer["message"]
    assert owners.daemon.ask("daemonstatus.json", key=owners.ben)[1] == before


def test_other_methods_and_paths_are_refused_in_json(owners: Owners) -> None:
    assert owners.daemon.ask("schedule.json", key=owners.anna)[0] == 405
    assert owners.daemon.ask("listjobs.json", key=owners.anna, data=b"")[0] == 405
    for path in (
        "nothing",
        "logs/",
        "logs/default/schema/",
        "logs/../../ledger.db",
        "items/..%2f..%2fledger.db",
    ):
        status, answer = owners.daemon.ask(path, key=owners.operator)
        assert (status, answer["status"]) == (404, "error")


def test_a_key_pays_for_what_it_schedules(owners: Owners) -> None:
    _, poor = owners.daemon.ledger.keys.create("carl", "poor", per_month=1)
    assert owners.schedule(poor, urls=f"{URL},{URL}b")[0] == 429
    assert owners.schedule(poor)[0] == 200
