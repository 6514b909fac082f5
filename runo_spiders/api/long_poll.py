"""Answers that are held until their job ends: headers at once, white space meanwhile, then the rows.

The status goes out before anything is fetched, so it is 200 whatever becomes of the pages, as Runo has it.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable

from twisted.internet.task import deferLater
from twisted.logger import Logger

from runo_spiders.api.asking import Asked, in_thread
from runo_spiders.api.faults import fault_of
from runo_spiders.api.outlet import Outlet
from runo_spiders.api.rows import Wanted, answer_of, result_of
from runo_spiders.book import CRAWL_META
from runo_spiders.items import Json, Row
from runo_spiders.store.records import Job

log = Logger()

Parts = AsyncIterator[bytes]

_AT_ONCE = 500
_LOOK_EVERY_S = 0.25


async def hold(asked: Asked, job: Job, body_of: Callable[[Asked, Job], Parts], padded: bool) -> None:
    """Answer when the job has ended, with the parts of its body.

    A client that goes away cancels this, and not the job.
    """
    await asked.begin(200)
    outlet = Outlet(asked.request)
    outlet.open(padded)
    begun = False
    try:
        ended = await asked.place.watch.ended(job.id)
        outlet.quiet()
        async for part in body_of(asked, ended):
            begun = True
            await outlet.write(part)
        outlet.finish()
    except Exception as exc:
        fault = fault_of(exc)
        if begun:
            outlet.abort()
        else:
            await outlet.write(_dumped(fault.body))
            outlet.finish()
    finally:
        outlet.quiet()


def wanted_of(asked: Asked) -> Wanted:
    """What the request wants of each row: by its options, or by its query."""
    options = getattr(asked.body, "options", None)
    if options is not None:
        return Wanted(options.evidence, options.usage)
    return Wanted(asked.flag("evidence", False), asked.flag("usage", False))


async def extract_body(asked: Asked, job: Job) -> Parts:
    rows = await in_thread(asked.place.ledger.jobs.rows, job.id, limit=1)
    for row in rows:
        yield _dumped(answer_of(row, wanted_of(asked)))


async def batch_body(asked: Asked, job: Job) -> Parts:
    async for part in _results(asked, job, b'{"results": ['):
        yield part
    yield b'],\n"cancelled": ' + _dumped(job.end == "cancelled") + b"}\n"


async def crawl_body(asked: Asked, job: Job) -> Parts:
    opening = b'{"seed_url": ' + _dumped(job.spec["seed_url"]) + b', "results": ['
    async for part in _results(asked, job, opening):
        yield part
    yield b'],\n"crawl_meta": ' + _dumped(await crawl_meta(asked, job)) + b"}\n"


async def crawl_meta(asked: Asked, job: Job) -> dict[str, Json]:
    """What a crawl tells of itself. `code` is there when pages were left out because of `max_pages`."""
    counts = await in_thread(asked.place.ledger.jobs.fact, job.id, CRAWL_META)
    meta = dict.fromkeys(("pages_visited", "pages_skipped", "pages_failed"), 0) | (counts or {})
    if meta["pages_skipped"]:
        meta["code"] = "CRAWL_LIMIT_REACHED"
    if job.end == "cancelled":
        meta["cancelled"] = True
    return meta


async def follow(asked: Asked, job: Job, line_of: Callable[[Row], Json]) -> Parts:
    """Rows as lines of JSON as they come, each once, until the job has ended.

    While it runs they come in the order in which they are done, nearly; at the end those follow that had to
    wait for others.
    """
    from twisted.internet import reactor

    sent = _Sent()
    while True:
        now = await in_thread(asked.place.ledger.jobs.get, job.id)
        async for rows in _pages(asked, job, sent.all_up_to):
            new = [row for row in rows if sent.adds(row)]
            if new:
                yield b"".join(_dumped(line_of(row)) + b"\n" for row in new)
        if now is None or now.state == "ended":
            return
        await deferLater(reactor, _LOOK_EVERY_S)


async def _results(asked: Asked, job: Job, opening: bytes) -> Parts:
    wanted = wanted_of(asked)
    between = opening
    async for rows in _pages(asked, job):
        text = b",\n".join(_dumped(result_of(row, wanted)) for row in rows)
        yield between + b"\n" + text
        between = b","
    if between == opening:
        yield opening


async def _pages(asked: Asked, job: Job, after: int = -1) -> AsyncIterator[list[Row]]:
    while rows := await in_thread(asked.place.ledger.jobs.rows, job.id, after, _AT_ONCE):
        yield rows
        after = rows[-1].index if rows[-1].index is not None else after


class _Sent:
    """Which rows were sent: all up to an index, and those few beyond it that came earlier than others."""

    def __init__(self) -> None:
        self.all_up_to = -1
        self._beyond: set[int] = set()

    def adds(self, row: Row) -> bool:
        """Whether the row was not sent yet; from now on it was."""
        index = row.index if row.index is not None else -1
        if index <= self.all_up_to or index in self._beyond:
            return False
        self._beyond.add(index)
        while self.all_up_to + 1 in self._beyond:
            self.all_up_to += 1
            self._beyond.remove(self.all_up_to)
        return True


def _dumped(value: Json) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()
