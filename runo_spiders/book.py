"""What a running job needs of the place where its URLs and rows are kept: the spool, or the ledger."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from runo_spiders.inputs import Target
from runo_spiders.items import Json, Row


@dataclass(frozen=True, slots=True)
class Entry:
    """A target without a row yet.

    `first` is the index at which the same URL (but for its fragment) was asked for first; the target's own
    where it is the first. `attempt` counts how often its fetch was started by a process that was then lost.
    """

    target: Target
    first: int
    attempt: int = 0


# Facts that are noted of a run.
TOTAL = "total"
"""How many URLs its list has, once that is known."""
COUNTS = "counts"
"""How many rows there are of each outcome, for whoever watches the run from another process."""
SCHEMA = "schema"
FINISHED = "finished"
CRAWL_META = "crawl_meta"
"""Of a crawl: `pages_visited`, `pages_skipped` (left out because of `max_pages`), `pages_failed`."""
SITEMAPS = "sitemaps"


class Book(Protocol):
    """The URLs, rows and facts of one run, as the crawl writes and reads them.

    What is added and put is written in that order, several at once, a moment later; `flush` waits for it. So
    whoever adds the links of a page before its row can be killed at any moment and lose none of them. An
    index below 0 is that of a page which is only walked through; its row is a mark that it has been, and is
    never read as a row.
    """

    def begin(self) -> None:
        """Called when the event loop runs, before anything is put."""

    async def add(self, targets: Iterable[Target]) -> None:
        """Write down what was asked for, or what a crawl admitted; waits until it is durable.

        A target that is there already stays as it is. Raises `UsageMistake` for another URL in its place.
        """

    async def pending(self, after: int, count: int) -> list[Entry]:
        """Up to `count` targets without a row, in order, from the one behind index `after` on."""

    async def suspects(self) -> list[Entry]:
        """Targets without a row that were started by a process which was lost; least started first."""

    async def known(self) -> list[Target]:
        """Everything that was added, walked pages too."""

    async def start(self, target: Target) -> None:
        """Count a fetch that is about to start; returns when the count is durable."""

    def put(self, row: Row) -> None:
        """Keep a row that has an index; a success is never replaced by an error."""

    async def row(self, index: int) -> Row | None: ...

    async def flush(self) -> None:
        """Return when everything that was put is written."""

    def fact(self, name: str) -> Json:
        """What was noted under a name; None if nothing was."""

    def note(self, name: str, value: Json) -> None: ...

    def outcomes(self) -> Mapping[str, int]:
        """How many rows there are of each outcome; as it was when the run began, and what was put since."""

    def rows_and_items(self) -> tuple[frozenset[int], int]:
        """The indexes that have a row, and how many items those rows hold; asked when a run begins."""

    def close(self) -> None:
        """Write what is left, and stop writing."""
