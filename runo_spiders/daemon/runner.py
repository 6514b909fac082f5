"""Runs what is not ours in a Python of its own: a custom spider, or a project that was deployed as an egg.

`job ID` works on a job, the order for which comes by standard input; any other arguments are a Scrapy
command, run in the project that SCRAPY_PROJECT names (Scrapyd asks `list` for the spiders).
"""

from __future__ import annotations

import os
import sys
import zipfile
from importlib import import_module
from importlib.metadata import Distribution, distributions

from scrapy.cmdline import execute
from scrapy.utils.project import get_project_settings
from scrapyd import Config
from scrapyd.exceptions import BadEggError
from scrapyd.utils import initialize_component

from runo_spiders.daemon.process import Order, be_killed_after
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
    # Only now: the project may bring a version of this package of its own.
    work_on = import_module("runo_spiders.daemon.work").work_on
    workshop_of = import_module("runo_spiders.workshop").Workshop.of
    settings = get_project_settings()
    settings.setdict(dict(order.settings), priority="cmdline")
    return int(work_on(order, workshop_of(settings, order.database)))


def enter_project(name: str) -> None:
    """Make a project importable, and its settings those of this process.

    The version is SCRAPYD_EGG_VERSION, else the newest. A project without an egg is one of scrapy.cfg.
    """
    config = Config()
    storage = initialize_component(config, "eggstorage", "scrapyd.eggstorage.FilesystemEggStorage")
    _, egg = storage.get(name, os.environ.get("SCRAPYD_EGG_VERSION"))
    if egg is None:
        os.environ["SCRAPY_SETTINGS_MODULE"] = dict(config.items("settings"))[name]
        return
    with egg:
        sys.path.insert(0, os.path.abspath(egg.name))  # noqa: PTH100 (an import path is a text)
        os.environ["SCRAPY_SETTINGS_MODULE"] = _settings_module(egg.name)
        _make_way_for(egg.name)


def _make_way_for(egg: str) -> None:
    """Forget what was imported of this package where an egg brings its own version of it."""
    package = __package__.partition(".")[0]
    if zipfile.Path(egg, f"{package}/").exists():
        for name in [name for name in sys.modules if name.partition(".")[0] == package]:
            del sys.modules[name]


def _settings_module(egg: str) -> str:
    found: list[Distribution] = list(distributions(path=[egg]))
    named = [
        entry.value for one in found for entry in one.entry_points.select(group="scrapy", name="settings")
    ]
    if not named:
        raise BadEggError(f"{egg} is no egg of a Scrapy project: it has no entry point scrapy.settings")
    return named[0]


if __name__ == "__main__":
    main()
