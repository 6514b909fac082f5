"""Runs the project's commands in processes of their own, as a user does."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
PRODUCT = [
    {"field": "name", "type": "string", "example": "Kettle"},
    {"field": "price", "type": "float", "example": 19.99},
]
"""The flat schema that most tests use."""


@dataclass(frozen=True)
class Run:
    """What a command left: exit status, output, and the rows of its feed by index."""

    status: int
    stdout: str
    stderr: str
    rows: list[dict[str, Any]]

    def row(self, index: int) -> dict[str, Any]:
        return next(row for row in self.rows if row["index"] == index)

    def codes(self) -> list[str]:
        """`success` or the error code of each row, in the order of the request."""
        ordered = sorted(self.rows, key=lambda row: int(row["index"]))
        return [row["error"]["code"] if row["status"] == "error" else "success" for row in ordered]


def scrapy(
    *arguments: str, cwd: Path = ROOT, stdin: str = "", **env: str
) -> subprocess.CompletedProcess[str]:
    """A `scrapy` command, run to its end."""
    import os

    return subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-m", "scrapy", *arguments],
        cwd=cwd,
        input=stdin,
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, **env},
    )


def crawl(
    folder: Path, *, spider: str = "schema", settings: dict[str, str] | None = None, **arguments: Any
) -> Run:
    """`scrapy crawl` with spider arguments; lists and dicts are given as JSON, rows read from a feed."""
    feed = folder / "rows.jsonl"
    stdin = arguments.pop("stdin", "")
    spider_arguments = [f"{name}={_text(value)}" for name, value in arguments.items()]
    options = [f"{name}={value}" for name, value in (settings or {}).items()]
    done = scrapy(
        "crawl",
        spider,
        *(part for text in spider_arguments for part in ("-a", text)),
        *(part for text in options for part in ("-s", text)),
        "-O",
        str(feed),
        stdin=stdin,
    )
    lines = feed.read_text().splitlines() if feed.exists() else []
    return Run(done.returncode, done.stdout, done.stderr, [json.loads(line) for line in lines])


def product_page(name: str, price: str = "$19.99", body: str = "") -> str:
    """A page that holds a product in its text only."""
    return (
        f"<!doctype html><html lang=en><title>{name}</title><h1>{name}</h1>"
        f"<p class=price>Price: {price}</p>{body}</html>"
    )


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, list | dict) else str(value)
