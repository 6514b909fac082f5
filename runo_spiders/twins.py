"""The same URL twice: two rows, one fetch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from runo_spiders.book import Book
from runo_spiders.inputs import Target
from runo_spiders.items import Row, Usage


class Twins:
    """Targets that wait for the row of another target with the same URL."""

    def __init__(self, book: Book) -> None:
        self._book = book
        self._waiting: defaultdict[int, list[Target]] = defaultdict(list)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    async def join(self, target: Target, first: int) -> Row | None:
        """The row of `target`, made from that of index `first`; None while that is not there yet."""
        waiting = self._waiting[first]
        # Before the book is asked: the row may come while it answers.
        waiting.append(target)
        row = await self._book.row(first)
        if row is None or target not in waiting:
            return None
        waiting.remove(target)
        return _twin(row, target)

    def release(self, row: Row) -> list[Row]:
        """The rows of those who waited for this one."""
        if row.index is None or row.index not in self._waiting:
            return []
        waiting = self._waiting.pop(row.index)
        released = [_twin(row, target) for target in waiting]
        waiting.clear()
        return released


def _twin(row: Row, target: Target) -> Row:
    return replace(row, url=target.url, index=target.index, extra=target.extra, usage=Usage())
