"""Imports point downwards: the layers of docs/architecture.md, from the top."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.crawling import ROOT

PACKAGE = ROOT / "runo_spiders"
LAYERS = (
    {"api"},
    {"daemon"},
    {"commands", "settings"},
    {"console"},
    {"worker", "preloading"},
    {"heartbeat", "unreached", "workshop"},
    {"addon"},
    {"proposing"},
    {"pipelines", "middlewares", "collector"},
    {"spiders"},
    {"commission"},
    {"net", "output", "supervisor", "exit_status", "worker_status"},
    {"feed", "twins", "ending", "answer", "asked"},
    {"spool", "store", "item_cap", "frontier"},
    {"book"},
    {"extract"},
    {"llm", "learn"},
    {"page"},
    {"schema"},
    {"job"},
    {"inputs", "urls", "config", "rows_json"},
    {"errors"},
    {"items"},
)
LEVEL = {name: len(LAYERS) - number for number, layer in enumerate(LAYERS) for name in layer}
HOMES = {
    "jsonschema": {"schema"},
    "sqlite3": {"spool"},
    "sqlalchemy": {"store"},
    "alembic": {"store"},
    "cryptography": {"store"},
    "pyarrow": {"output"},
    "openpyxl": {"output"},
    "rich": {"output", "console"},
    "dateparser": {"schema"},
    "price_parser": {"schema"},
    "regex": {"schema"},
    "OpenSSL": {"net"},
    "openai": {"llm"},
    "httpx2": {"llm"},
    "pydantic": {"job", "api"},
    "multipart": {"api"},
    "html_to_markdown": {"page"},
    "scrapyd": {"daemon"},
}


def imports_of(path: Path) -> Iterator[str]:
    """The modules that a file imports at run time, wherever in the file."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def modules() -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]


def test_every_module_has_its_layer() -> None:
    assert {part_of(path) for path in modules()} == set(LEVEL)


def test_imports_point_downwards() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        for name in imports_of(path)
        if name.startswith("runo_spiders.")
        and part_of(path) != name.split(".")[1]
        and LEVEL[name.split(".")[1]] >= LEVEL[part_of(path)]
    ]
    assert wrong == []


def test_a_library_that_could_be_exchanged_is_imported_in_one_place() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules()
        for name in imports_of(path)
        if name.split(".")[0] in HOMES and part_of(path) not in HOMES[name.split(".")[0]]
    ]
    assert wrong == []


HEAVY = {"alembic", "dateparser", "html_to_markdown", "jsonschema", "openai", "rich", "sqlalchemy"}


def test_scrapy_starts_without_importing_what_our_commands_need() -> None:
    code = (
        "import sys; from scrapy.cmdline import _get_commands_dict as get; "
        "from scrapy.utils.project import get_project_settings as settings; "
        f"assert 'jobs' in get(settings(), True); sys.exit(sorted({HEAVY} & set(sys.modules)) or None)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)


def test_the_daemon_starts_without_importing_what_only_its_jobs_need() -> None:
    code = (
        "import sys; import runo_spiders.daemon.app, runo_spiders.daemon.launcher, runo_spiders.api.service; "
        "sys.exit('scrapy.core.engine' in sys.modules or 'runo_spiders.spiders' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
