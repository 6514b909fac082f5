"""Where jobs are worked on: the project's settings and the ledger, the same for all jobs of a process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

from scrapy.settings import Settings
from scrapy.utils.log import configure_logging

from runo_spiders.config import Config
from runo_spiders.store.database import Database
from runo_spiders.store.ledger import Ledger


class OneCrawl(Settings):
    """Settings of a process that runs one crawl. Nobody else has them, so that none need be copied."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self.update(settings)

    def copy(self) -> Self:
        return self

    def update(self, values: Any, priority: int | str = "project") -> None:  # type: ignore[override]
        if values is not self:
            super().update(values, priority)

    def frozencopy(self) -> Self:
        """Scrapy's spider loader is given these, and only reads them."""
        return self


@dataclass(frozen=True, slots=True)
class Workshop:
    """What a process needs before it knows which job is its own, and logs as the settings say.

    One that is made before a fork serves all children.
    """

    settings: OneCrawl
    config: Config
    ledger: Ledger

    @classmethod
    def of(cls, settings: Settings, database: str | None = None) -> Self:
        """`settings` are the project's, and `database` the URL of a ledger that is not theirs."""
        config = Config.from_settings(settings)
        own = OneCrawl(settings)
        configure_logging(own)
        # Its tables are there: whoever accepted the jobs made them.
        return cls(own, config, Ledger(Database(database or config.database), config.lease_s))
