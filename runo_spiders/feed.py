"""The windowed feed: URLs flow from their source through the book to the scheduler, a few at a time.

A plain loop over a long list of start URLs blocks the event loop and queues everything (200,000 URLs: 30 s,
427 MB). Here a thread reads the source, a task writes it to the book, and the spider takes what it needs.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import AsyncIterator, Iterator

from runo_spiders.book import TOTAL, Book, Entry
from runo_spiders.inputs import Target

_END = None
_PAUSE = 0.02
_AT_ONCE = 200


class Intake:
    """Reads a source in a thread of its own, at most a few thousand targets ahead.

    A fault of the source (a file that goes away) is raised by the `take` that comes to it.
    """

    def __init__(self, source: Iterator[Target]) -> None:
        self._queue: queue.Queue[Target | Exception | None] = queue.Queue(maxsize=4000)
        self._source = source
        self._fault: Exception | None = None
        self.exhausted = False
        self.taken = 0
        # A daemon: nothing waits for a thread that hangs in a read of standard input.
        threading.Thread(target=self._read, name="intake", daemon=True).start()

    def take(self, most: int = 1000) -> list[Target]:
        """The targets that have been read by now, without waiting."""
        taken: list[Target] = []
        if self._fault is not None:
            self.exhausted = True
            raise self._fault
        while len(taken) < most and not self.exhausted and self._fault is None:
            try:
                entry = self._queue.get_nowait()
            except queue.Empty:
                break
            if isinstance(entry, Exception):
                # What was read before it comes first.
                self._fault = entry
            elif entry is _END:
                self.exhausted = True
            else:
                taken.append(entry)
        self.taken += len(taken)
        return taken

    def _read(self) -> None:
        try:
            for target in self._source:
                self._queue.put(target)
        except Exception as fault:
            self._queue.put(fault)
        self._queue.put(_END)


class Feed:
    """Targets without a row yet, in order, as the book learns of them.

    Without a source the book has all of them already.
    """

    def __init__(self, book: Book, source: Iterator[Target] | None) -> None:
        self._book = book
        self._intake = Intake(source) if source is not None else None
        self._filling: asyncio.Task[None] | None = None

    async def entries(self) -> AsyncIterator[Entry]:
        """Yields until the source is exhausted; raises what the source raised."""
        self._filling = asyncio.create_task(self._fill())
        last = -1
        while True:
            filled = self._intake is None or self._filling.done()
            batch = await self._book.pending(last, _AT_ONCE)
            for entry in batch:
                assert entry.target.index is not None, "what stands in a book is numbered"
                last = entry.target.index
                yield entry
            if filled and len(batch) < _AT_ONCE:
                await self._filling
                return
            if not batch:
                await asyncio.sleep(_PAUSE)

    async def drain(self, patience: float = 1.0) -> None:
        """Write down the rest of the source after a stop, so that each URL gets its row.

        Gives up on a source (a pipe that stays open) that is silent for `patience` seconds.
        """
        if self._filling is not None:
            self._filling.cancel()
        quiet_since = time.monotonic()
        while self._reads and time.monotonic() - quiet_since < patience:
            if await self._take():
                quiet_since = time.monotonic()
            else:
                await asyncio.sleep(_PAUSE)

    @property
    def _reads(self) -> bool:
        return self._intake is not None and not self._intake.exhausted

    async def _fill(self) -> None:
        while self._reads:
            await self._take()
            await asyncio.sleep(_PAUSE)
        if self._intake is not None:
            self._book.note(TOTAL, self._intake.taken)

    async def _take(self) -> bool:
        """Write down what has been read by now; whether that was anything."""
        targets = self._intake.take() if self._intake is not None else []
        await self._book.add(targets)
        return bool(targets)
