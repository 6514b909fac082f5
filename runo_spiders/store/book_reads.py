"""What a running job reads of its URLs and rows."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from runo_spiders.book import Entry
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.rows_json import from_json
from runo_spiders.store.tables import facts, rows, urls
from runo_spiders.urls import without_fragment

_ROW_OF = and_(rows.c.job == urls.c.job, rows.c.idx == urls.c.idx)


def pending(link: Connection, job: str, after: int, count: int) -> list[Entry]:
    """See `Book.pending`."""
    query = _without_row(job).where(urls.c.idx > after).order_by(urls.c.idx).limit(count)
    return _entries(link, job, query)


def suspects(link: Connection, job: str) -> list[Entry]:
    """See `Book.suspects`."""
    query = _without_row(job).where(urls.c.attempt > 0).order_by(urls.c.attempt, urls.c.idx)
    return _entries(link, job, query)


def known(link: Connection, job: str) -> list[Target]:
    """See `Book.known`."""
    return [_target(record) for record in link.execute(select(urls).where(urls.c.job == job))]


def row(link: Connection, job: str, index: int) -> Row | None:
    text = link.scalar(select(rows.c.row).where(rows.c.job == job, rows.c.idx == index))
    return None if text is None else from_json(json.loads(text))


def outcomes(link: Connection, job: str) -> dict[str, int]:
    query = select(rows.c.outcome, func.count()).where(rows.c.job == job, rows.c.idx >= 0)
    return {outcome: int(count) for outcome, count in link.execute(query.group_by(rows.c.outcome))}


def rows_and_items(link: Connection, job: str) -> tuple[frozenset[int], int]:
    query = select(rows.c.idx, rows.c.item_count).where(rows.c.job == job, rows.c.idx >= 0)
    found = link.execute(query).all()
    return frozenset(index for index, _ in found), sum(items for _, items in found)


def facts_of(link: Connection, job: str) -> dict[str, Json]:
    query = select(facts.c.name, facts.c.value).where(facts.c.job == job)
    return {name: json.loads(value) for name, value in link.execute(query)}


def _without_row(job: str) -> Select[Any]:
    """The targets of a job without a row, each with the index at which its URL stands first."""
    same = urls.alias("same")
    first = (
        select(func.min(same.c.idx))
        .where(same.c.job == urls.c.job, same.c.key == urls.c.key, same.c.idx >= 0)
        .scalar_subquery()
    )
    joined = urls.outerjoin(rows, _ROW_OF)
    return (
        select(urls, first.label("first")).select_from(joined).where(urls.c.job == job, rows.c.idx.is_(None))
    )


def _entries(link: Connection, job: str, query: Select[Any]) -> list[Entry]:
    found = link.execute(query).all()
    twins = _urls_at(link, job, {record.first for record in found if record.first not in (None, record.idx)})
    return [_entry(record, twins) for record in found]


def _urls_at(link: Connection, job: str, indexes: set[int]) -> dict[int, str]:
    if not indexes:
        return {}
    query = select(urls.c.idx, urls.c.url).where(urls.c.job == job, urls.c.idx.in_(indexes))
    return {record.idx: record.url for record in link.execute(query)}


def _entry(record: Any, twins: dict[int, str]) -> Entry:
    # Two URLs may share a key without being the same.
    twin = without_fragment(twins.get(record.first, "")) == without_fragment(record.url)
    return Entry(_target(record), record.first if twin else record.idx, record.attempt)


def _target(record: Any) -> Target:
    extra = json.loads(record.extra) if record.extra else {}
    return Target(record.url, record.idx, extra, record.hops)
