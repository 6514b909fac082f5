"""The docs say what the code does: tables are compared, and every command that they show is run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.config import Config
from runo_spiders.errors import CODES
from runo_spiders.job import JobSpec
from tests.crawling import ROOT, product_page, scrapy
from tests.mockserver import MockServer

DOCS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]


def commands(word: str) -> list[str]:
    """The indented lines of all docs that begin with a command."""
    return [
        line.split("#")[0].strip()
        for path in DOCS
        for line in path.read_text().splitlines()
        if line.startswith(f"    {word}")
    ]


def first_cells(path: Path, heading: str) -> list[str]:
    """The first cells, without their backquotes, of the table that follows a heading."""
    section = path.read_text().split(heading, 1)[1].split("\n## ")[0]
    return re.findall(r"^\| `([^`]+)` \|", section, re.MULTILINE)


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    pages = {"/p/1": product_page("Kettle"), "/": '<a href="/p/1">one</a>'}
    with MockServer(pages=pages) as server:
        yield server


@pytest.fixture(scope="module")
def project(site: MockServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the commands of the docs take for granted."""
    folder = tmp_path_factory.mktemp("docs")
    (folder / "scrapy.cfg").write_text((ROOT / "scrapy.cfg").read_text())
    (folder / "urls.txt").write_text(site.url("/p/1"))
    # The job and the key that the commands name.
    scrapy("batch", "urls.txt", "--schema", "product", "-o", "rows.csv", cwd=folder)
    scrapy("keys", "create", "--owner", "docs", cwd=folder)
    return folder


def named(command: str, project: Path) -> str:
    """The command, with an id where the docs say JOB or KEY."""
    for word, listed in (("JOB", "jobs"), ("KEY", "keys")):
        if f" {word}" in command:
            lines = scrapy(listed, "list", cwd=project).stdout.splitlines()
            command = command.replace(f" {word}", f" {lines[2].split()[0]}")
    return command


def test_the_options_of_the_readme_are_those_of_a_job() -> None:
    options = [field.alias or name for name, field in JobSpec.model_fields.items()]
    assert first_cells(ROOT / "README.md", "## Options") == options[1:]


def test_the_settings_of_the_readme_are_those_that_are_read() -> None:
    settings = [f"RUNO_{name.upper()}" for name in Config.__slots__]
    settings += [f"RUNO_MODEL_{name}" for name in ("CONCURRENCY", "TIMEOUT_MS", "MAX_OUTPUT_TOKENS")]
    assert first_cells(ROOT / "README.md", "## Settings") == settings


def test_the_error_codes_of_the_docs_are_those_of_the_table() -> None:
    assert first_cells(ROOT / "docs" / "rows.md", "## Error codes") == list(CODES)


def test_the_dependencies_of_the_docs_are_those_of_the_package() -> None:
    told = re.findall(
        r"^\| ([a-z-]+(?:, [a-z-]+)*) \|", (ROOT / "docs/dependencies.md").read_text(), re.MULTILINE
    )
    names = {name for cell in told for name in cell.split(", ")} - {"package"}
    project = (ROOT / "pyproject.toml").read_text().split("[project.entry-points")[0].split("dev = [")[0]
    assert names == set(re.findall(r'"([a-z-]+)(?:\[[a-z,]+\])?>=', project)) - {"setuptools"}


def test_the_docs_show_commands() -> None:
    assert len(commands("scrapy ")) >= 6


@pytest.mark.parametrize(
    "command", [c for c in commands("scrapy ") if "assemble" not in c and "books" not in c]
)
def test_a_command_of_the_docs_runs(command: str, project: Path, site: MockServer) -> None:
    command = command.replace("https://example.com", site.base).replace("http://localhost:8000", site.base)
    for out in project.glob("rows.*"):
        out.unlink()
    done = scrapy(*shlex.split(named(command, project))[1:], cwd=project)
    assert done.returncode == 0, done.stderr
    assert done.stdout or list(project.glob("rows.*"))


def test_the_targets_of_make_that_the_docs_name_are_there() -> None:
    for command in commands("make "):
        subprocess.run(["make", "--dry-run", *command.split()[1:]], cwd=ROOT, check=True, capture_output=True)


def test_the_benchmarks_that_the_docs_name_are_there() -> None:
    text = "\n".join(path.read_text() for path in DOCS)
    modules = set(re.findall(r"python -m (benchmarks\.\w+)", text))
    assert modules
    for module in modules:
        subprocess.run([sys.executable, "-m", module, "--help"], cwd=ROOT, check=True, capture_output=True)


def test_every_promise_names_tests_that_are_there() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    promises = re.findall(r"^\| (P\d+) \|.*\| (.*) \|$", text, re.MULTILINE)
    assert [number for number, _ in promises] == [f"P{number}" for number in range(1, 11)]
    written = "\n".join(path.read_text() for path in (ROOT / "tests").glob("test_*.py"))
    there = set(re.findall(r"def (test_\w+)\(", written))
    for number, tests in promises:
        named = re.findall(r"`(test_\w+)`", tests)
        assert named, number
        assert set(named) <= there, number


def test_links_of_the_docs_lead_somewhere() -> None:
    for path in DOCS:
        for target in re.findall(r"\]\(([^)#]+)\)", path.read_text()):
            assert target.startswith("http") or (path.parent / target).exists(), f"{path.name}: {target}"
