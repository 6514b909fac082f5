"""Runs what is not ours in a Python of its own: a custom spider, or a project that was deployed as an egg.

`job ID` works on a job, the order for which comes by standard input; any other arguments are a Scrapy
command, run in the project that SCRAPY_PROJECT names (Scrapyd asks `list` for the spiders).
"""

from __future__ import annotations

import os
import sys
from importlib.metadata import Distribution, distributions

from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings
from scrapyd import Config
from scrapyd.exceptions import BadEggError
from scrapyd.utils import initialize_component

from runo_spiders.daemon.process import Order, be_killed_after
from runo_spiders.daemon.work import work_on
from runo_spiders.supervisor import end_with


def main() -> None:
    """Run what the arguments say, and exit with its status."""
    enter_project(os.environ["SCRAPY_PROJECT"])
    if sys.argv[1:2] == ["job"]:
        sys.exit(_take_order())
    execute()


def _take_order() -> int:
    os.setpgrp()
    os.umask(0o077)
    end_with(os.getppid())
    with open(0, "rb", buffering=0, closefd=False) as orders:
        order = Order.of(orders.readline())
    be_killed_after(0)
    return _work_on(order)


def enter_project(name: str) -> None:
    """Make a project importable, and its settings those of this process.

    The version is SCRAPYD_EGG_VERSION, else the newest. A project without an egg is one of scrapy.cfg.
    """
    storage = initialize_component(Config(), "eggstorage", "scrapyd.eggstorage.FilesystemEggStorage")
    _, egg = storage.get(name, os.environ.get("SCRAPYD_EGG_VERSION"))
    if egg is None:
        return
    with egg:
        sys.path.insert(0, os.path.abspath(egg.name))  # noqa: PTH100 (an import path is a text)
        os.environ.setdefault("SCRAPY_SETTINGS_MODULE", _settings_module(egg.name))


def _settings_module(egg: str) -> str:
    found: list[Distribution] = list(distributions(path=[egg]))
    named = [
        entry.value for one in found for entry in one.entry_points.select(group="scrapy", name="settings")
    ]
    if not named:
        raise BadEggError(f"{egg} is no egg of a Scrapy project: it has no entry point scrapy.settings")
    return named[0]


def _work_on(order: Order) -> int:
    settings = get_project_settings()
    settings.setdict(dict(order.settings), priority="cmdline")
    return work_on(order, settings)


if __name__ == "__main__":
    main()
