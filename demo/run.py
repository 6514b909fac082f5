"""The main job on the sample site: serves it, asks for its pages, and shows the rows that come.

    python -m demo.run [--model] [FOLDER]

The rows are written to FOLDER (default: out). With --model a stand-in for a language model, a server on
loopback that answers from the table truth.json, is asked for what only the prose of the pages says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.text import Text

from runo_spiders.items import Row
from runo_spiders.output.report import console_for
from runo_spiders.output.rows_table import rows_table
from runo_spiders.rows_json import from_json
from runo_spiders.schema.load import load_schema

HERE = Path(__file__).parent
ROOT = HERE.parent
SITE = HERE / "site"

PAGES = [path.name for path in sorted(SITE.glob("*.html")) if path.name != "index.html"]
PAGES += ["broken.html", "missing.html"]


@dataclass(frozen=True)
class Demo:
    """What is asked for, and the page and field whose evidence is shown."""

    schema: Path
    page: str
    field: str


FREE = Demo(HERE / "schema.json", "schlafsack", "price")
ASKED = Demo(HERE / "schema-model.json", "kettle", "made_of")


def main(out: Path, demo: Demo, environment: Mapping[str, str]) -> int:
    """Asks for the sample pages and shows their rows; `environment` says which model is asked, if any."""
    console = console_for(sys.stdout)
    out.mkdir(exist_ok=True)
    with site() as url:
        console.print(f"The sample shop is at {url}; asking for {len(PAGES)} of its pages.")
        status = batch([f"{url}/{page}" for page in PAGES], out, demo, environment)
    rows = [from_json(row) for row in json.loads((out / "demo.json").read_text())["results"]]
    show(console, rows, out, demo)
    # Two of the pages are meant to fail: that is what status 3 says.
    return 0 if status == 3 else 1


@contextmanager
def site() -> Iterator[str]:
    """The URL of the sample site, which is served as long as the context lasts."""
    command = [sys.executable, str(HERE / "serve.py")]
    # S603: the command is our own interpreter.
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextmanager
def stand_in() -> Iterator[Mapping[str, str]]:
    """What the environment says of the stand-in model, which runs as long as the context lasts."""
    # It lives with the tests; the demo of the free rungs needs none.
    from tests.model_server import ModelServer

    with ModelServer(truth=json.loads((HERE / "truth.json").read_text())) as server:
        yield {"RUNO_MODEL": "honest", "OPENAI_BASE_URL": server.base_url()}


def batch(urls: Sequence[str], out: Path, demo: Demo, environment: Mapping[str, str]) -> int:
    """Runs `scrapy batch` on the URLs, as a user would; its exit status."""
    listed = out / "demo-urls.txt"
    listed.write_text("\n".join(urls) + "\n")
    job = ["batch", str(listed), "--schema", str(demo.schema), "--overwrite"]
    outputs = ["-o", str(out / "demo.json"), "-o", str(out / "demo.csv")]
    command = [sys.executable, "-m", "scrapy", *job, *outputs]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


def show(console: Console, rows: Sequence[Row], out: Path, demo: Demo) -> None:
    """The rows as a table, one value with its evidence, and what to try next."""
    console.print()
    console.print(rows_table(rows, load_schema(str(demo.schema)), console.width))
    console.print()
    console.print(evidence_of(rows, demo.page, demo.field))
    console.print(f"\nAll rows with their evidence: {out / 'demo.json'}, as a table: {out / 'demo.csv'}.")
    console.print("Try your own pages next:")
    console.print("  scrapy explain URL --schema product", style="bold")
    console.print("  scrapy batch urls.txt --schema product -o rows.csv", style="bold")


def evidence_of(rows: Sequence[Row], page: str, name: str) -> Text:
    """Where one value stands, in a sentence."""
    row = next(row for row in rows if row.url.endswith(f"/{page}.html"))
    found = row.evidence.get(f"/{name}")
    if found is None:
        return Text(f"{page}: no {name} was found.")
    value = json.dumps(row.data[name])
    return Text(f'{page}: {name} {value} is read from "{found.text}" at {found.xpath}')


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=Path("out"))
    parser.add_argument("--model", action="store_true")
    options = parser.parse_args()
    with ExitStack() as stack:
        environment = stack.enter_context(stand_in()) if options.model else {}
        sys.exit(main(options.folder.absolute(), ASKED if options.model else FREE, environment))
