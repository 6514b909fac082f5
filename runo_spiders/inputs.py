"""Where the URLs of a list come from: text, CSV, JSON Lines, standard input, a list, saved pages."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TextIO

from runo_spiders.errors import UsageMistake

_BETWEEN_URLS = re.compile(r",\s*(?=https?://)", re.IGNORECASE)
_URL = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Target:
    """One URL that was asked for.

    `index` is its place in the request, or in the order of discovery of a crawl; below 0 for a page that is
    only walked through; None for a URL that no book knows. `extra` holds the other columns of its line, to be
    carried to the output. `hops` is how far from the seed it is.
    """

    url: str
    index: int | None
    extra: dict[str, str] = field(default_factory=dict)
    hops: int = 0

    @property
    def walked(self) -> bool:
        """Whether this page is only walked through: it has no row."""
        return self.index is not None and self.index < 0


Line = tuple[str, dict[str, str]]


def targets(source: str | Sequence[str], limit: int | None = None) -> Iterator[Target]:
    """The targets of a source, numbered from 0, read as they are consumed."""
    for index, (url, extra) in enumerate(islice(_lines(source), limit)):
        yield Target(url, index, extra)


def targets_of_text(file: TextIO, suffix: str) -> Iterator[Target]:
    """The targets of a list that is open already; `.csv` is one with a header. Raises `UsageMistake`."""
    lines = _csv_lines(file, "the list") if suffix == ".csv" else _text_or_json_lines(file)
    for index, (url, extra) in enumerate(lines):
        yield Target(url, index, extra)


def check_source(source: str | Sequence[str]) -> None:
    """Raise `UsageMistake` if the source is no list of URLs, no readable file and not `-`."""
    if not isinstance(source, str) or source == "-" or _URL.match(source):
        return
    path = Path(source)
    if not path.is_file():
        raise UsageMistake(f"argument urls: {source!r} is neither a URL nor a file")
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            _url_column(csv.DictReader(file), source)


def digest_of(source: str) -> str:
    """What a file of URLs holds, in short; a list that has changed is another list."""
    path = Path(source)
    if source == "-" or not path.is_file():
        return source
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def saved_pages(folder: str, limit: int | None = None) -> Iterator[Target]:
    """The HTML files of a folder and its subfolders, by name, as `file:` URLs."""
    files = (path for path in sorted(Path(folder).rglob("*")) if path.suffix.lower() in (".html", ".htm"))
    for index, path in enumerate(islice(files, limit)):
        yield Target(path.resolve().as_uri(), index)


def _lines(source: str | Sequence[str]) -> Iterator[Line]:
    if not isinstance(source, str):
        yield from ((url.strip(), {}) for url in source)
    elif source == "-":
        with open(sys.stdin.fileno(), encoding="utf-8-sig", errors="replace", closefd=False) as file:
            yield from _text_or_json_lines(file)
    elif _URL.match(source):
        yield from ((url.strip(), {}) for url in _BETWEEN_URLS.split(source))
    else:
        yield from _file_lines(Path(source))


def _file_lines(path: Path) -> Iterator[Line]:
    # A line that is not UTF-8 ends as URL_INVALID, and the lines after it are read.
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        yield from _csv_lines(file, file.name) if path.suffix == ".csv" else _text_or_json_lines(file)


def _csv_lines(file: TextIO, name: str) -> Iterator[Line]:
    reader = csv.DictReader(file)
    column = _url_column(reader, name)
    for record in reader:
        others = {key: value or "" for key, value in record.items() if key is not None and key != column}
        yield (record[column] or "").strip(), others


def _url_column(reader: csv.DictReader[str], name: str) -> str:
    columns = reader.fieldnames or ()
    for column in columns:
        if column.strip().lower() == "url":
            return column
    raise UsageMistake(f"argument urls: {name} has no column 'url' (it has: {', '.join(columns) or 'none'})")


def _text_or_json_lines(file: Iterable[str]) -> Iterator[Line]:
    for line in file:
        text = line.strip()
        if text and not text.startswith("#"):
            yield _json_line(text) if text[0] in '{"' else (text, {})


def _json_line(text: str) -> Line:
    """URL and other members of a JSON line; one without a URL stands for itself and ends as URL_INVALID."""
    try:
        record = json.loads(text)
    except ValueError:
        return text, {}
    if isinstance(record, str):
        return record.strip(), {}
    url = record.pop("url", None)
    if not isinstance(url, str):
        return text, {}
    return url.strip(), {key: _as_text(value) for key, value in record.items()}


def _as_text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
