"""The main job on the sample site: serves it, asks for its pages, and shows the rows that come.

python demo/run.py [FOLDER]: the rows are written to FOLDER (default: out).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
SCHEMA = HERE / "schema.json"
SITE = HERE / "site"

PAGES = [path.name for path in sorted(SITE.glob("*.html")) if path.name != "index.html"]
PAGES += ["broken.html", "missing.html"]


def main(out: Path) -> int:
    console = console_for(sys.stdout)
    out.mkdir(exist_ok=True)
    with site() as url:
        console.print(f"The sample shop is at {url}; asking for {len(PAGES)} of its pages.")
        status = batch([f"{url}/{page}" for page in PAGES], out)
    rows = [from_json(row) for row in json.loads((out / "demo.json").read_text())["results"]]
    show(console, rows, out)
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


def batch(urls: Sequence[str], out: Path) -> int:
    """Runs `scrapy batch` on the URLs, as a user would; its exit status."""
    listed = out / "demo-urls.txt"
    listed.write_text("\n".join(urls) + "\n")
    job = ["batch", str(listed), "--schema", str(SCHEMA), "--overwrite"]
    outputs = ["-o", str(out / "demo.json"), "-o", str(out / "demo.csv")]
    command = [sys.executable, "-m", "scrapy", *job, *outputs]
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def show(console: Console, rows: Sequence[Row], out: Path) -> None:
    """The rows as a table, one value with its evidence, and what to try next."""
    console.print()
    console.print(rows_table(rows, load_schema(str(SCHEMA)), console.width))
    console.print()
    console.print(evidence_of(rows, "schlafsack", "price"))
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
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "out").absolute()))
