"""The daemon's one ledger: Scrapyd makes its parts from its configuration alone, so they fetch it here."""

from __future__ import annotations

from functools import cache

from scrapy.utils.project import get_project_settings

from runo_spiders.config import Config
from runo_spiders.store.ledger import Ledger


@cache
def project_config() -> Config:
    """The RUNO_* settings of the project in which the daemon runs."""
    return Config.from_settings(get_project_settings())


@cache
def the_ledger() -> Ledger:
    """The ledger at RUNO_DATABASE, opened once in this process."""
    config = project_config()
    return Ledger.open(config.database, lease_s=config.lease_s)
