"""What commands over the ledger share: the ledger itself, and one sentence for a mistake."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeAlias

from scrapy.settings import Settings

from runo_spiders.config import Config
from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.exit_status import ALL_WELL, USAGE
from runo_spiders.store.ledger import Ledger

Action: TypeAlias = Callable[[Ledger, argparse.Namespace], None]

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def perform(
    command: str, actions: Mapping[str, Action], settings: Settings, args: list[str], opts: argparse.Namespace
) -> int:
    """Run the chosen action of a command; the exit status. `args` is what argparse could not place."""
    try:
        if args:
            raise UsageMistake(f"argument {args[0]}: is unknown")
        with opened_ledger(settings, opts.database) as ledger:
            actions[opts.action](ledger, opts)
    except RunoError as fault:
        print(f"scrapy {command} {opts.action}: {fault}", file=sys.stderr)
        return USAGE
    return ALL_WELL


@contextmanager
def opened_ledger(settings: Settings, url: str | None) -> Iterator[Ledger]:
    """The ledger of a `--database` option, else of the settings."""
    lease_s = Config.from_settings(settings).lease_s
    ledger = Ledger.open(database_url(settings, url), lease_s=lease_s)
    try:
        yield ledger
    finally:
        ledger.close()


def database_url(settings: Settings, given: str | None) -> str:
    """Where the ledger is: what an option says, else the settings."""
    return given or Config.from_settings(settings).database


def seconds_of(age: str) -> float | None:
    """An age such as `30d` in seconds; None for what is none."""
    form = re.fullmatch(r"(\d+)([smhdw])", age)
    return int(form[1]) * _SECONDS[form[2]] if form else None
