"""The spool: a SQLite file with the URLs of a run and their rows, which outlives a kill.

It is what completeness is made from: a URL without a row when the job is over becomes a `JOB_CANCELLED` row
at the moment of reading, so nothing depends on a clean stop.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self

from runo_spiders.errors import PageFailure, UsageMistake, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.rows_json import from_json, to_json
from runo_spiders.urls import key_of, without_fragment

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS urls (
    idx INTEGER PRIMARY KEY, url TEXT NOT NULL, extra TEXT, key INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS urls_by_key ON urls (key);
CREATE TABLE IF NOT EXISTS rows (
    idx INTEGER PRIMARY KEY, outcome TEXT NOT NULL, items INTEGER NOT NULL, row TEXT NOT NULL
);
"""

# A URL may end twice (a callback that yields a page and then fails): a success stays a success.
_KEEP_SUCCESS = """
INSERT INTO rows (idx, outcome, items, row) VALUES (?, ?, ?, ?)
ON CONFLICT (idx) DO UPDATE SET outcome = excluded.outcome, items = excluded.items, row = excluded.row
WHERE rows.outcome NOT IN ('success', 'empty') OR excluded.outcome IN ('success', 'empty')
"""

# No URL may be null: where another one stands this fails.
_SAME_AGAIN = """
INSERT INTO urls VALUES (?, ?, ?, ?)
ON CONFLICT (idx) DO UPDATE SET url = NULL WHERE urls.url != excluded.url
"""

_COMPLETE = """
SELECT urls.idx, urls.url, urls.extra, rows.row
FROM urls LEFT JOIN rows ON rows.idx = urls.idx ORDER BY urls.idx
"""


# Facts that are noted of a run.
JOB = "job"
COUNTS = "counts"
TOTAL = "total"
FINISHED = "finished"
SCHEMA = "schema"


class Spool:
    """One run's URLs and rows; rows are kept as the JSON of `rows_json`.

    One writer at a time; another process may read while it writes (WAL).
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._db.executescript(_TABLES)

    @classmethod
    def open(cls, path: str) -> Self:
        """The spool at `path`, made if it is not there. Raises `UsageMistake` if the file is no spool."""
        db = None
        try:
            db = sqlite3.connect(path, timeout=10)
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")
            return cls(db)
        except sqlite3.Error as fault:
            if db is not None:
                db.close()
            raise UsageMistake(f"spool {path}: {fault}") from fault

    @classmethod
    def temporary(cls) -> Self:
        """A spool without a name, which SQLite keeps on disk and which goes with the process."""
        return cls(sqlite3.connect(""))

    # URLs

    def add(self, targets: Iterable[Target]) -> None:
        """Write down what was asked for; a target that is there already stays as it is.

        Raises `UsageMistake` for another URL in its place: rows would be told of the wrong page.
        """
        records = ((t.index, t.url, json.dumps(t.extra) if t.extra else None, key_of(t.url)) for t in targets)
        try:
            self._db.executemany(_SAME_AGAIN, records)
        except sqlite3.IntegrityError as fault:
            raise UsageMistake("the URLs are not those of the run that was interrupted") from fault

    def pending(self, after: int, count: int) -> list[Target]:
        """Up to `count` targets without a row, in order, from the one behind index `after` on."""
        found = self._db.execute(
            "SELECT urls.idx, url, extra FROM urls LEFT JOIN rows ON rows.idx = urls.idx"
            " WHERE urls.idx > ? AND rows.idx IS NULL ORDER BY urls.idx LIMIT ?",
            (after, count),
        )
        return [Target(url, index, json.loads(extra) if extra else {}) for index, url, extra in found]

    def first_of(self, target: Target) -> int | None:
        """The index at which the URL of `target` (but for its fragment) was asked for first."""
        found = self._db.execute(
            "SELECT idx, url FROM urls WHERE key = ? ORDER BY idx", (key_of(target.url),)
        )
        page = without_fragment(target.url)
        return next((index for index, url in found if without_fragment(url) == page), target.index)

    # Rows

    def put(self, row: Row) -> None:
        """Keep a row that has an index."""
        text = json.dumps(to_json(row), ensure_ascii=False)
        self._db.execute(_KEEP_SUCCESS, (row.index, row.outcome, _items(row), text))

    def row(self, index: int) -> Row | None:
        found = self._db.execute("SELECT row FROM rows WHERE idx = ?", (index,)).fetchone()
        return from_json(json.loads(found[0])) if found else None

    def complete_rows(self) -> Iterator[Row]:
        """One row per URL, in the order of the request; `JOB_CANCELLED` where there is none."""
        for index, url, extra, row in self._db.execute(_COMPLETE):
            if row is not None:
                yield from_json(json.loads(row))
            else:
                yield describe(PageFailure("JOB_CANCELLED"), url, index, json.loads(extra) if extra else {})

    def outcomes(self) -> dict[str, int]:
        """How many rows there are of each outcome."""
        return dict(self._db.execute("SELECT outcome, count(*) FROM rows GROUP BY outcome"))

    def rows_and_items(self) -> tuple[int, int]:
        """How many rows there are, and how many items they hold."""
        rows, items = self._db.execute("SELECT count(*), coalesce(sum(items), 0) FROM rows").fetchone()
        return int(rows), int(items)

    # Facts

    def fact(self, name: str) -> Json:
        found = self._db.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return json.loads(found[0]) if found else None

    def note(self, name: str, value: Json) -> None:
        self._db.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, json.dumps(value)))

    @property
    def cancelled(self) -> bool:
        """Whether the run was stopped before its end; `fail_fast` and caps are an end."""
        return self.fact(FINISHED) is not True

    def commit(self) -> None:
        self._db.commit()

    def close(self) -> None:
        self._db.commit()
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


def remove(path: str) -> None:
    """Delete a spool that is done with, and what SQLite keeps beside it; nothing for an empty path."""
    for ending in ("", "-wal", "-shm"):
        if path:
            Path(path + ending).unlink(missing_ok=True)


def _items(row: Row) -> int:
    return len(row.data) if isinstance(row.data, list) else int(row.status == "success")
