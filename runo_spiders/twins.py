"""The same URL twice: two rows, one fetch."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from runo_spiders.inputs import Target
from runo_spiders.items import Row, Usage
from runo_spiders.spool import Spool


class Twins:
    """Targets that wait for the row of another target with the same URL."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._waiting: defaultdict[int, list[Target]] = defaultdict(list)

    @property
    def waiting(self) -> int:
        return sum(map(len, self._waiting.values()))

    def join(self, target: Target, first: int | None) -> Row | None:
        """The row of `target`, made from that of index `first`; None while that is not there yet."""
        assert first is not None, "the URLs of a list are numbered"
        row = self._spool.row(first)
        if row is None:
            self._waiting[first].append(target)
            return None
        return _twin(row, target)

    def release(self, row: Row) -> list[Row]:
        """The rows of those who waited for this one."""
        if row.index is None or row.index not in self._waiting:
            return []
        return [_twin(row, target) for target in self._waiting.pop(row.index)]


def _twin(row: Row, target: Target) -> Row:
    return replace(row, url=target.url, index=target.index, extra=target.extra, usage=Usage())
