"""scrapyd-client as it is installed: every command of it, with a key as the password of HTTP Basic."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode
from zipfile import ZipFile

import pytest

from runo_spiders.store.records import Job
from tests.crawling import PRODUCT, ROOT, product_page
from tests.daemon import Daemon
from tests.mockserver import MockServer

EGGS = "runo_spiders.daemon.eggs"
TURNED_ON = {
    "services": {
        "addversion.json": f"{EGGS}.AddVersion",
        "delversion.json": f"{EGGS}.DeleteVersion",
        "delproject.json": f"{EGGS}.DeleteProject",
    }
}


@dataclass(frozen=True)
class Client:
    """A copy of this project that may be deployed to a daemon."""

    daemon: Daemon
    folder: Path

    def run(self, *arguments: str) -> str:
        """What a command of scrapyd-client prints; it has to succeed."""
        done = subprocess.run(
            [sys.executable, "-m", "scrapyd_client", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def schedule(self, spider: str, project: str, **arguments: str) -> Job:
        given = [part for name, value in arguments.items() for part in ("--arg", f"{name}={value}")]
        told = self.run("schedule", "-p", project, spider, *given)
        return self.daemon.ended(told.rpartition("=> ")[2].strip())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    with Daemon(tmp_path_factory.mktemp("server"), TURNED_ON) as daemon:
        folder = tmp_path_factory.mktemp("client")
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, folder)
        package = folder / "runo_spiders"
        shutil.copytree(ROOT / "runo_spiders", package, ignore=shutil.ignore_patterns("*.pyc"))
        (package / "schemas" / "only-in-the-egg.json").write_text(json.dumps(PRODUCT))
        with (package / "settings.py").open("a") as settings:
            settings.write('RUNO_EGRESS_ALLOW = ["127.0.0.0/8"]\n')
        (folder / "scrapy.cfg").write_text(
            "[settings]\ndefault = runo_spiders.settings\n"
            f"[deploy]\nurl = {daemon.url}/\nusername = operator\npassword = {daemon.key}\nproject = shop\n"
        )
        yield Client(daemon, folder)


def test_targets_projects_and_spiders_are_listed(client: Client) -> None:
    assert client.daemon.url in client.run("targets")
    assert "default" in client.run("projects").split()
    assert "default schema" in client.run("spiders", "-p", "default", "-v")


def test_a_job_is_scheduled_with_plain_arguments(client: Client) -> None:
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        job = client.schedule("schema", "default", urls=site.url("/a"), schema=json.dumps(PRODUCT))
    assert (job.end, job.progress.succeeded) == ("finished", 1)


def test_a_project_that_was_deployed_finds_its_schemas_by_name(client: Client) -> None:
    told = client.run("deploy", "default", "-v", "1.0").splitlines()
    [answer] = [json.loads(line) for line in told if line.startswith("{")]
    assert (answer["project"], answer["spiders"]) == ("shop", 1)
    assert client.daemon.get("listversions.json", project="shop")["versions"] == ["1_0"]
    with MockServer(pages={"/a": product_page("Kettle")}) as site:
        job = client.schedule("schema", "shop", urls=site.url("/a"), schema="only-in-the-egg")
    assert (job.end, job.progress.succeeded) == ("finished", 1), client.daemon.log_of(job.id)
    assert client.daemon.post("delversion.json", project="shop", version="1.0")["status"] == "ok"
    assert "shop" not in client.run("projects").split()


def test_what_is_no_egg_is_refused_and_leaves_nothing(client: Client) -> None:
    answer = client.daemon.post("addversion.json", project="bad", version="1", egg="no zip")
    assert answer["message"] == "argument egg: is not a ZIP file"
    empty = BytesIO()
    with ZipFile(empty, "w"):
        pass
    form = urlencode({"project": "bad", "version": "1", "egg": empty.getvalue()}).encode()
    status, answer = client.daemon.ask("addversion.json", data=form)
    assert (status, answer["status"]) == (500, "error")
    assert "bad" not in client.daemon.get("listprojects.json")["projects"]


def test_only_an_operator_deploys(client: Client) -> None:
    _, key = client.daemon.ledger.keys.create("anna", "test")
    for path in TURNED_ON["services"]:
        assert client.daemon.ask(path, key=key, data=b"project=shop&version=1")[0] == 403
