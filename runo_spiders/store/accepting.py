"""How a job gets into the ledger: at once, or, with a long list, piece by piece and unseen till the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain, islice
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update
from sqlalchemy.exc import IntegrityError

from runo_spiders.errors import RunoError
from runo_spiders.inputs import Target
from runo_spiders.store import charges
from runo_spiders.store.conflicts import upsert
from runo_spiders.store.database import Database
from runo_spiders.store.faults import StoreUnavailable
from runo_spiders.store.job_reads import SEEN, as_job
from runo_spiders.store.records import Job, NewJob
from runo_spiders.store.tables import jobs
from runo_spiders.store.url_lines import insert_lines, lines_of

_AT_ONCE = 20_000
_A_PIECE = 5_000


class OtherRequest(RunoError):
    """The idempotency key was used for another request."""


def accept(database: Database, new: NewJob) -> Job:
    """See `Jobs.accept`."""
    targets = iter(new.targets)
    first = list(islice(targets, _AT_ONCE + 1))
    try:
        if len(first) <= _AT_ONCE:
            return database.write(lambda link: _accept(link, new, first), durable=True)
        return _accept_in_pieces(database, new, chain(first, targets))
    except IntegrityError:
        # Two requests with one idempotency key at once: the other one was faster.
        with database.read() as link:
            faster = _accepted_before(link, new)
        if faster is None:
            raise
        return faster


def _accept(link: Connection, new: NewJob, targets: Sequence[Target]) -> Job:
    before = _accepted_before(link, new)
    if before is not None:
        return before
    link.execute(insert(jobs).values(**_announced(new), **_admitted(new, len(targets))))
    insert_lines(link, lines_of(new.id, targets, 0))
    return _charged(link, new)


def _accept_in_pieces(database: Database, new: NewJob, targets: Iterator[Target]) -> Job:
    """Nobody waits for its turn to write for longer than a piece takes.

    Whatever goes wrong on the way leaves a job that nobody sees, and that `Jobs.purge` deletes.
    """
    before = database.write(lambda link: _announce(link, new))
    if before is not None:
        return before
    total = 0
    while some := list(islice(targets, _A_PIECE)):
        database.write(partial(insert_lines, lines=lines_of(new.id, some, 0)))
        total += len(some)
    return database.write(lambda link: _admit(link, new, total), durable=True)


def _announce(link: Connection, new: NewJob) -> Job | None:
    before = _accepted_before(link, new)
    if before is None:
        if new.units is not None and new.key is not None:
            charges.allowance(link, new.key).split(new.units)
        values = {**_announced(new), "state": "accepting"}
        link.execute(upsert(link, jobs).values(**values).on_conflict_do_nothing(index_elements=["id"]))
    return before


def _admit(link: Connection, new: NewJob, total: int) -> Job:
    before = _accepted_before(link, new)
    if before is not None:
        return before
    admitted = update(jobs).where(jobs.c.id == new.id, jobs.c.state == "accepting")
    if link.execute(admitted.values(**_admitted(new, total))).rowcount == 0:
        raise StoreUnavailable(f"job {new.id} was given up while its URLs were still written down")
    return _charged(link, new)


def _charged(link: Connection, new: NewJob) -> Job:
    if new.units is not None and new.key is not None:
        charges.reserve(link, new.id, 0, new.key, new.units)
    return as_job(link.execute(select(jobs).where(jobs.c.id == new.id)).one())


def _accepted_before(link: Connection, new: NewJob) -> Job | None:
    """The job of the same request, or of the same transaction when it is tried again."""
    same = jobs.c.id == new.id
    if new.idempotency_key is not None:
        same |= and_(jobs.c.owner == new.owner, jobs.c.idempotency_key == new.idempotency_key)
    found = link.execute(select(jobs).where(same, jobs.c.state.in_(SEEN))).one_or_none()
    if found is not None and found.digest != new.digest:
        raise OtherRequest(f"idempotency key {new.idempotency_key!r} was used for another request")
    return None if found is None else as_job(found)


def _announced(new: NewJob) -> dict[str, Any]:
    return {
        "id": new.id,
        "owner": new.owner,
        "key": new.key,
        "dialect": new.dialect,
        "endpoint": new.endpoint,
        "project": new.project,
        "spider": new.spider,
        "spec": json.dumps(new.spec, ensure_ascii=False),
        "sealed": new.sealed,
        "created_at": time.time(),
    }


def _admitted(new: NewJob, total: int) -> dict[str, Any]:
    return {
        "state": "queued",
        "total": total or None,
        "reserved": new.units or 0,
        "idempotency_key": new.idempotency_key,
        "digest": new.digest,
    }
