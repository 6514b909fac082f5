"""The spool: a SQLite file with the URLs of a run and their rows, which outlives a kill.

It is what completeness is made from: a URL without a row when the job is over becomes a `JOB_CANCELLED` row
at the moment of reading, so nothing depends on a clean stop.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Self

from runo_spiders.book import COUNTS, FINISHED, Entry
from runo_spiders.errors import PageFailure, UsageMistake, describe
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.rows_json import from_json, to_json
from runo_spiders.urls import key_of, without_fragment

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS urls (
    idx INTEGER PRIMARY KEY, url TEXT NOT NULL, extra TEXT, key INTEGER NOT NULL, hops INTEGER NOT NULL
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
INSERT INTO urls VALUES (?, ?, ?, ?, ?)
ON CONFLICT (idx) DO UPDATE SET url = NULL WHERE urls.url != excluded.url
"""

_COMPLETE = """
SELECT urls.idx, urls.url, urls.extra, rows.row
FROM urls LEFT JOIN rows ON rows.idx = urls.idx WHERE urls.idx >= 0 ORDER BY urls.idx
"""

_COMMIT_EVERY = 0.1


class Spool:
    """The `Book` of a run that no ledger knows; rows are kept as the JSON of `rows_json`.

    One writer at a time; another process may read while it writes (WAL). It does not count starts: nobody
    would go on with the run by himself.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection
        self._db.executescript(_TABLES)
        self._committing: asyncio.Task[None] | None = None

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

    def begin(self) -> None:
        self._committing = asyncio.get_running_loop().create_task(self._commit_now_and_then())

    # URLs

    async def add(self, targets: Iterable[Target]) -> None:
        try:
            self._db.executemany(_SAME_AGAIN, map(_record, targets))
        except sqlite3.IntegrityError as fault:
            # Rows would be told of the wrong page.
            raise UsageMistake("the URLs are not those of the run that was interrupted") from fault
        self.commit()

    async def pending(self, after: int, count: int) -> list[Entry]:
        found = self._db.execute(
            "SELECT urls.idx, url, extra, hops FROM urls LEFT JOIN rows ON rows.idx = urls.idx"
            " WHERE urls.idx > ? AND rows.idx IS NULL ORDER BY urls.idx LIMIT ?",
            (after, count),
        ).fetchall()
        return [Entry(target, self._first_of(target)) for target in map(_target, found)]

    async def suspects(self) -> list[Entry]:
        return []

    async def known(self) -> list[Target]:
        return [_target(line) for line in self._db.execute("SELECT idx, url, extra, hops FROM urls")]

    async def start(self, target: Target) -> None:
        """Nothing is counted."""

    # Rows

    def put(self, row: Row) -> None:
        if row.index is not None and row.index >= 0:
            self._outcomes[row.outcome] += 1
        text = json.dumps(to_json(row), ensure_ascii=False)
        self._db.execute(_KEEP_SUCCESS, (row.index, row.outcome, _items(row), text))

    async def flush(self) -> None:
        self.commit()

    async def row(self, index: int) -> Row | None:
        found = self._db.execute("SELECT row FROM rows WHERE idx = ?", (index,)).fetchone()
        return from_json(json.loads(found[0])) if found else None

    def complete_rows(self) -> Iterator[Row]:
        """One row per URL, in the order of the request; `JOB_CANCELLED` where there is none."""
        for index, url, extra, row in self._db.execute(_COMPLETE):
            if row is not None:
                yield from_json(json.loads(row))
            else:
                yield describe(PageFailure("JOB_CANCELLED"), url, index, json.loads(extra) if extra else {})

    def outcomes(self) -> Mapping[str, int]:
        return self._outcomes

    def rows_and_items(self) -> tuple[frozenset[int], int]:
        found = self._db.execute("SELECT idx, items FROM rows WHERE idx >= 0").fetchall()
        return frozenset(index for index, _ in found), sum(items for _, items in found)

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
        if self._committing is not None:
            self._committing.cancel()
            self._note_counts()
        self._db.commit()
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    async def _commit_now_and_then(self) -> None:
        # One commit for the rows of a moment: a commit for each costs more than the row.
        while True:
            await asyncio.sleep(_COMMIT_EVERY)
            self._note_counts()
            self.commit()

    def _note_counts(self) -> None:
        """For whoever watches the run from another process."""
        self.note(COUNTS, self._outcomes)

    def _first_of(self, target: Target) -> int:
        """The index at which the URL of `target` (but for its fragment) was asked for first."""
        assert target.index is not None, "what stands in a spool is numbered"
        found = self._db.execute(
            "SELECT idx, url FROM urls WHERE key = ? AND idx >= 0 ORDER BY idx", (key_of(target.url),)
        )
        page = without_fragment(target.url)
        return next((int(index) for index, url in found if without_fragment(url) == page), target.index)

    @cached_property
    def _outcomes(self) -> Counter[str]:
        return Counter(
            dict(self._db.execute("SELECT outcome, count(*) FROM rows WHERE idx >= 0 GROUP BY outcome"))
        )


def remove(path: str) -> None:
    """Delete a spool that is done with, and what SQLite keeps beside it; nothing for an empty path."""
    for ending in ("", "-wal", "-shm"):
        if path:
            Path(path + ending).unlink(missing_ok=True)


def _record(target: Target) -> tuple[Json, ...]:
    extra = json.dumps(target.extra) if target.extra else None
    return target.index, target.url, extra, key_of(target.url), target.hops


def _target(line: tuple[int, str, str | None, int]) -> Target:
    index, url, extra, hops = line
    return Target(url, index, json.loads(extra) if extra else {}, hops)


def _items(row: Row) -> int:
    return len(row.data) if isinstance(row.data, list) else int(row.status == "success")
