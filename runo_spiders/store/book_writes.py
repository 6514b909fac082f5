"""What a running job writes of its URLs and rows, many at once. Writing again is harmless."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, bindparam, select, update

from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.rows_json import to_json
from runo_spiders.store.conflicts import upsert
from runo_spiders.store.records import Job
from runo_spiders.store.tables import facts, jobs, rows, urls
from runo_spiders.store.url_lines import insert_lines, lines_of

SUCCESSES = ("success", "empty")
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Before:
    """What a row's place held: whether it was a success, and its items."""

    good: bool
    items: int


_NONE = _Before(False, 0)


def add(link: Connection, job: Job, targets: Sequence[Target]) -> None:
    """Raises `UsageMistake` for another URL in the place of one that is there."""
    if insert_lines(link, lines_of(job.id, targets, job.round)) != len(targets):
        _check_same(link, job.id, {target.index: target.url for target in targets})


def start(link: Connection, job: str, indexes: Sequence[int]) -> None:
    if indexes:
        started = update(urls).where(urls.c.job == job, urls.c.idx == bindparam("at"))
        link.execute(started.values(attempt=urls.c.attempt + 1), [{"at": index} for index in indexes])


def put(link: Connection, job: str, put_rows: Sequence[Row]) -> None:
    """A success stays a success: a URL may end twice, by a callback that yields a page and then fails."""
    newest: dict[int, Row] = {}
    for row in put_rows:
        if row.index is not None and not (_succeeded(newest.get(row.index)) and row.status == "error"):
            newest[row.index] = row
    if not newest:
        return
    before = _rows_before(link, job, list(newest))
    kept = [
        row for index, row in newest.items() if row.status == "success" or not before.get(index, _NONE).good
    ]
    if kept:
        line = upsert(link, rows)
        replaced = {name: line.excluded[name] for name in ("outcome", "item_count", "row")}
        line = line.on_conflict_do_update(index_elements=["job", "idx"], set_=replaced)
        link.execute(line, [_record_of_row(job, row) for row in kept])
        _count(link, job, kept, before)


def note(link: Connection, job: str, noted: Mapping[str, Json]) -> None:
    if noted:
        line = upsert(link, facts)
        line = line.on_conflict_do_update(index_elements=["job", "name"], set_={"value": line.excluded.value})
        link.execute(
            line, [{"job": job, "name": name, "value": json.dumps(value)} for name, value in noted.items()]
        )


def items_of(row: Row) -> int:
    return len(row.data) if isinstance(row.data, list) else int(row.status == "success")


def _check_same(link: Connection, job: str, asked: Mapping[int | None, str]) -> None:
    indexes = list(asked)
    for some in (indexes[at : at + _AT_ONCE] for at in range(0, len(indexes), _AT_ONCE)):
        query = select(urls.c.idx, urls.c.url).where(urls.c.job == job, urls.c.idx.in_(some))
        if any(asked[record.idx] != record.url for record in link.execute(query)):
            raise UsageMistake("the URLs are not those of the run that was interrupted")


def _succeeded(row: Row | None) -> bool:
    return row is not None and row.status == "success"


def _rows_before(link: Connection, job: str, indexes: Sequence[int]) -> dict[int, _Before]:
    query = select(rows.c.idx, rows.c.outcome, rows.c.item_count)
    query = query.where(rows.c.job == job, rows.c.idx.in_(indexes))
    return {index: _Before(outcome in SUCCESSES, items) for index, outcome, items in link.execute(query)}


def _record_of_row(job: str, row: Row) -> dict[str, Json]:
    text = json.dumps(to_json(row), ensure_ascii=False)
    return {"job": job, "idx": row.index, "outcome": row.outcome, "item_count": items_of(row), "row": text}


def _count(link: Connection, job: str, kept: Sequence[Row], before: Mapping[int, _Before]) -> None:
    """Keep the job's counters right; progress starts its count of lost processes anew."""
    counted = [row for row in kept if row.index is not None and row.index >= 0]
    was = [before[row.index] for row in counted if row.index is not None and row.index in before]
    good = sum(row.status == "success" for row in counted) - sum(row.good for row in was)
    items = sum(map(items_of, counted)) - sum(row.items for row in was)
    link.execute(
        update(jobs)
        .where(jobs.c.id == job)
        .values(
            succeeded=jobs.c.succeeded + good,
            failed=jobs.c.failed + len(counted) - len(was) - good,
            item_count=jobs.c.item_count + items,
            starts=0,
        )
    )
