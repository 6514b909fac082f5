"""The book of a job in the ledger: a thread that writes many changes at once, under the fencing token."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy import Connection

from runo_spiders.book import COUNTS, TOTAL, Entry
from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row
from runo_spiders.store import book_reads, book_writes
from runo_spiders.store.database import Database
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.leases import hold
from runo_spiders.store.records import Claim

_LINGER_S = 0.1
"""How long rows wait for company: a transaction for each costs more than the row."""

_LINGER_WAITED_FOR_S = 0.004
"""The same where somebody waits for it to be durable."""

_PAUSE_S = 1.0
"""How long a database that is full or away is left alone."""

Read = TypeVar("Read")

_log = logging.getLogger(__name__)


def _future() -> Future[None]:
    """One that several wait for: it cannot be cancelled by one of them."""
    future: Future[None] = Future()
    future.set_running_or_notify_cancel()
    return future


@dataclass
class _Batch:
    """Changes of one transaction. Their order within it does not matter."""

    targets: list[Target] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    facts: dict[str, Json] = field(default_factory=dict)
    waited_for: bool = False
    done: Future[None] = field(default_factory=_future)

    @property
    def is_empty(self) -> bool:
        return not (self.waited_for or self.targets or self.starts or self.rows or self.facts)


class LedgerBook:
    """Implements `Book` for the holder of a claim.

    A change that finds the claim stale, or the URLs to be others, fails with `StaleClaim` or `UsageMistake`,
    and with it all that come later; `fault` says so.
    """

    def __init__(self, database: Database, claim: Claim) -> None:
        self._database = database
        self._claim = claim
        self._job = claim.job.id
        with database.read() as link:
            self._facts = {TOTAL: claim.job.progress.total} | book_reads.facts_of(link, self._job)
            self._outcomes = Counter(book_reads.outcomes(link, self._job))
        self.fault: BaseException | None = None
        self._batch = _Batch()
        self._written = 0
        self._closing = False
        self._changed = threading.Condition()
        self._writer = threading.Thread(target=self._write_on, name="ledger", daemon=True)
        self._writer.start()

    def begin(self) -> None:
        """It has begun with its birth."""

    async def add(self, targets: Iterable[Target]) -> None:
        with self._changing(waited_for=True) as batch:
            batch.targets.extend(targets)
        await _written(batch)

    async def start(self, target: Target) -> None:
        if target.index is None:
            return
        with self._changing(waited_for=True) as batch:
            batch.starts.append(target.index)
        await _written(batch)

    def put(self, row: Row) -> None:
        if row.index is not None and row.index >= 0:
            self._outcomes[row.outcome] += 1
        with self._changing() as batch:
            batch.rows.append(row)
            batch.facts[COUNTS] = dict(self._outcomes)

    def note(self, name: str, value: Json) -> None:
        with self._changing() as batch:
            batch.facts[name] = value
        self._facts[name] = value

    async def flush(self) -> None:
        with self._changing(waited_for=True) as batch:
            pass
        await _written(batch)

    async def pending(self, after: int, count: int) -> list[Entry]:
        return await asyncio.to_thread(
            self._read, lambda link: book_reads.pending(link, self._job, after, count)
        )

    async def suspects(self) -> list[Entry]:
        return (
            await asyncio.to_thread(self._read, lambda link: book_reads.suspects(link, self._job))
            if self._claim.follows_loss
            else []
        )

    async def known(self) -> list[Target]:
        return await asyncio.to_thread(self._read, lambda link: book_reads.known(link, self._job))

    async def row(self, index: int) -> Row | None:
        await self.flush()
        return await asyncio.to_thread(self._read, lambda link: book_reads.row(link, self._job, index))

    def fact(self, name: str) -> Json:
        return self._facts.get(name)

    def outcomes(self) -> Mapping[str, int]:
        return self._outcomes

    def rows_and_items(self) -> tuple[frozenset[int], int]:
        return self._read(lambda link: book_reads.rows_and_items(link, self._job))

    def close(self) -> None:
        """Write what is left, and stop writing. With a `fault` afterwards not all of it was written."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._writer.join()

    @contextmanager
    def _changing(self, *, waited_for: bool = False) -> Iterator[_Batch]:
        """The batch that is being filled; the writer hears of it."""
        with self._changed:
            self._batch.waited_for |= waited_for
            yield self._batch
            self._changed.notify()

    def _read(self, read: Callable[[Connection], Read]) -> Read:
        """What `read` finds; waits out a database that is away, as the writer does."""
        while True:
            try:
                with self._database.read() as link:
                    return read(link)
            except StoreUnavailable as fault:
                if self._closing:
                    raise
                _log.warning("Job %s waits for its ledger: %s", self._job, fault)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _PAUSE_S)

    def _write_on(self) -> None:
        while True:
            batch = self._next()
            if not batch.is_empty:
                self._write(batch)
            if self._closing and self._batch.is_empty:
                return

    def _next(self) -> _Batch:
        """The changes so far, when there are any and they have waited for company."""
        with self._changed:
            self._changed.wait_for(lambda: self._closing or not self._batch.is_empty)
            if not self._closing and not self._batch.waited_for:
                self._changed.wait_for(lambda: self._closing or self._batch.waited_for, _LINGER_S)
            if not self._closing:
                self._changed.wait_for(lambda: self._closing, _LINGER_WAITED_FOR_S)
            batch, self._batch = self._batch, _Batch()
            return batch

    def _write(self, batch: _Batch) -> None:
        try:
            self._commit(batch)
        except BaseException as fault:
            self.fault = fault
            batch.done.set_exception(fault)
            # Nobody may be waiting; then `fault` is looked at when the job renews its lease.
            batch.done.exception()
        else:
            batch.done.set_result(None)

    def _commit(self, batch: _Batch) -> None:
        """Waits out a database that is away or full. The crawl waits too: no fetch starts unwritten."""
        if self.fault is not None:
            raise self.fault
        self._written += 1
        write = partial(self._apply, batch=batch, number=self._written)
        while True:
            try:
                return self._database.write(write)
            except (StoreUnavailable, StoreFull) as fault:
                if self._closing:
                    raise
                _log.warning("Job %s waits for its ledger: %s", self._job, fault)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, _PAUSE_S)

    def _apply(self, link: Connection, batch: _Batch, number: int) -> None:
        if not hold(link, self._claim, number):
            return
        book_writes.add(link, self._claim.job, batch.targets)
        book_writes.start(link, self._job, batch.starts)
        book_writes.put(link, self._job, batch.rows)
        book_writes.note(link, self._job, batch.facts)


async def _written(batch: _Batch) -> None:
    # Shielded: several wait for the same batch, and one that is cancelled must not take it from the others.
    await asyncio.shield(asyncio.wrap_future(batch.done))
