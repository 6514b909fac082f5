"""A ledger with many jobs that have ended, written past the ledger's own ways: those take minutes."""

from __future__ import annotations

import json
import sqlite3
import time
from contextlib import closing

from runo_spiders.items import Row
from runo_spiders.rows_json import to_json
from runo_spiders.store.records import new_id


def fill(database_url: str, owner: str, jobs: int, rows_each: int) -> list[str]:
    """The ids of the new jobs, each with as many successful rows, in a SQLite ledger."""
    ids = [new_id() for _ in range(jobs)]
    with closing(sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=60)) as link:
        columns = [name for _, name, *_ in link.execute("PRAGMA table_info(jobs)")]
        for at in range(0, jobs, 500):
            with link:
                _insert_jobs(link, columns, owner, ids[at : at + 500], rows_each)
        link.execute("ANALYZE")
    return ids


def _insert_jobs(
    link: sqlite3.Connection, columns: list[str], owner: str, ids: list[str], rows_each: int
) -> None:
    template = dict(_any_job(link, columns))
    now = time.time()
    changes = {"owner": owner, "state": "ended", "ending": "finished", "total": rows_each, "ended_at": now}
    changes |= {"succeeded": rows_each, "idempotency_key": None, "key": None}
    marks = ", ".join("?" * len(columns))
    names = ", ".join(f'"{name}"' for name in columns)
    heads = [[{**template, **changes, "id": job}[name] for name in columns] for job in ids]
    link.executemany(f"INSERT INTO jobs ({names}) VALUES ({marks})", heads)
    pairs = [(job, index, f"http://x.example/{index}") for job in ids for index in range(rows_each)]
    link.executemany(
        "INSERT INTO urls (job, idx, url, key, hops, attempt, round) VALUES (?, ?, ?, 0, 0, 1, 0)", pairs
    )
    rows = ((job, index, "success", 1, _row(url, index)) for job, index, url in pairs)
    link.executemany("INSERT INTO rows (job, idx, outcome, item_count, row) VALUES (?, ?, ?, ?, ?)", rows)


def _any_job(link: sqlite3.Connection, columns: list[str]) -> list[tuple[str, object]]:
    """One job that is there, as pairs: what the columns hold that nobody asks about here."""
    return list(zip(columns, link.execute("SELECT * FROM jobs LIMIT 1").fetchone(), strict=True))


def _row(url: str, index: int) -> str:
    row = Row(url, "success", index, "fetch", {"name": f"Kettle {index}", "price": 19.99}, final_url=url)
    return json.dumps(to_json(row))
