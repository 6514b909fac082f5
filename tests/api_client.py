"""Asks the job API of a real daemon, in JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from runo_spiders.store.records import Key
from tests.crawling import PRODUCT
from tests.daemon import PATIENCE_S, Daemon, wait_until


@dataclass(frozen=True)
class Client:
    """One key of one daemon."""

    daemon: Daemon
    key: Key
    text: str

    @classmethod
    def of(cls, daemon: Daemon, owner: str, **limits: Any) -> Client:
        """A client with a new key."""
        key, text = daemon.ledger.keys.create(owner, "test", **limits)
        return cls(daemon, key, text)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"X-API-Key": self.text, **options.pop("headers", {})}
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.daemon.url}{path}"
            return session.request(method, url, headers=headers, timeout=PATIENCE_S, **options)

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.ask("POST", path, json=body, **options)

    def delete(self, path: str) -> requests.Response:
        return self.ask("DELETE", path)

    def extract(self, url: str, **options: Any) -> requests.Response:
        return self.post("/v1/extract", {"url": url, "schema": PRODUCT, "options": options})

    def batch(self, urls: list[str], path: str = "/v1/batch", **options: Any) -> requests.Response:
        return self.post(path, {"urls": urls, "schema": PRODUCT, "options": options})

    def submitted(self, urls: list[str], **options: Any) -> str:
        """The id of a batch that is not waited for."""
        answer = self.batch(urls, "/v1/batch?wait=false", **options)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    def ended(self, job: str) -> dict[str, Any]:
        """The job as the API tells it when it has ended."""
        wait_until(lambda: bool(self.get(f"/v1/jobs/{job}").json()["ended_at"]), f"{job} has ended")
        told: dict[str, Any] = self.get(f"/v1/jobs/{job}").json()
        return told

    def running(self, job: str) -> None:
        """Return when a job has begun."""
        wait_until(lambda: self.daemon.job(job).state == "running", f"{job} runs")


def code_of(answer: requests.Response) -> str:
    """The code of an error in Runo's envelope, whose shape is checked."""
    body = answer.json()
    assert body["status"] == "error"
    assert set(body["error"]) == {"code", "message", "retryable"}
    return str(body["error"]["code"])


def everything_written(folder: Path) -> str:
    """All that a daemon left in its folder: logs, feeds, and the database with what is not in it yet."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return "\n".join(path.read_bytes().decode("latin-1") for path in files)


def lines_of(answer: requests.Response) -> list[dict[str, Any]]:
    return [json.loads(line) for line in answer.text.splitlines() if line.strip()]
