"""`max_total_items`: counted in the order of the URLs, however the pages come in."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import replace

from runo_spiders.items import Row

CUT = "max_total_items was reached: {} items were left out"
NOT_FETCHED = "max_total_items was reached before this URL: it was not fetched"


class ItemCap:
    """Holds rows until all before them are there, and cuts what is over the cap."""

    def __init__(self, most: int, done: Set[int] = frozenset(), taken: int = 0) -> None:
        """Rows with the indexes `done` and with `taken` items have passed already (in an earlier run)."""
        self._left = most - taken
        self._next = 0
        self._done = done
        self._held: dict[int, Row] = {}

    @property
    def reached(self) -> bool:
        return self._left <= 0

    @property
    def held(self) -> int:
        return len(self._held)

    def arrive(self, row: Row) -> Iterator[Row]:
        """The rows whose turn has come with this one, cut."""
        assert row.index is not None, "a cap is for jobs whose URLs are numbered"
        self._held[row.index] = row
        while self._next in self._held or self._next in self._done:
            if self._next in self._held:
                yield self._cut(self._held.pop(self._next))
            self._next += 1

    def _cut(self, row: Row) -> Row:
        if not isinstance(row.data, list):
            return row
        kept = row.data[: max(self._left, 0)]
        left_out = len(row.data) - len(kept)
        self._left -= len(kept)
        return row if not left_out else shorten(row, len(kept), CUT.format(left_out))


def shorten(row: Row, length: int, warning: str) -> Row:
    """The row with the first `length` of its items and their evidence."""
    evidence = {
        pointer: found for pointer, found in row.evidence.items() if int(pointer.split("/")[1]) < length
    }
    return replace(row, data=row.data[:length], evidence=evidence, warnings=(*row.warnings, warning))
