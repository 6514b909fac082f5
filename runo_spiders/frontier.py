"""Which links of a crawl are fetched, and which of the pages become rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from runo_spiders.inputs import Target
from runo_spiders.job import JobSpec
from runo_spiders.urls import UrlPatterns, fault_of, identity


class Frontier:
    """Admits each page once: at most `max_pages` in all, the seed included, at most `max_depth` hops away."""

    def __init__(self, job: JobSpec) -> None:
        self._follow = UrlPatterns(job.follow_pattern)
        self._item = UrlPatterns(job.item_pattern or job.follow_pattern)
        self._exclude = UrlPatterns(job.exclude_pattern)
        self._max_pages = job.max_pages
        self._max_depth = job.max_depth
        self._seen: set[str] = set()
        self._rows = 0
        self._walked = 0
        self.skipped = 0
        """How many pages were left out because `max_pages` was reached."""

    def resume(self, admitted: Iterable[Target]) -> None:
        """Go on where a run stopped that had admitted these pages."""
        for target in admitted:
            assert target.index is not None, "what stands in a book is numbered"
            self._seen.add(identity(target.url))
            self._rows = max(self._rows, target.index + 1)
            self._walked = max(self._walked, -target.index)

    def seed(self, url: str) -> Target:
        """The first page; whether it matches `follow_pattern` does not matter."""
        return self._admit(url, 0)

    def numbered(self, target: Target) -> Target:
        """A page that was to have no row, with the index for one."""
        self._rows += 1
        return replace(target, index=self._rows - 1)

    def link(self, url: str, hops: int) -> Target | None:
        """A page that was linked to; None if it is not to be fetched, or was admitted before."""
        if hops > self._max_depth or not self._wanted(url) or identity(url) in self._seen:
            return None
        if len(self._seen) >= self._max_pages:
            self.skipped += 1
            return None
        return self._admit(url, hops)

    def _wanted(self, url: str) -> bool:
        return fault_of(url) is None and self._follow.match(url) and not self._exclude.match(url)

    def _admit(self, url: str, hops: int) -> Target:
        self._seen.add(identity(url))
        if not self._item.match(url) or self._exclude.match(url):
            self._walked += 1
            return Target(url, -self._walked, hops=hops)
        self._rows += 1
        return Target(url, self._rows - 1, hops=hops)
