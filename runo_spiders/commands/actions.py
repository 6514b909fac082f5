"""What the commands over the ledger share: actions, the ledger itself, one sentence for a mistake."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from scrapy.commands import ScrapyCommand
from scrapy.settings import Settings

from runo_spiders.config import Config
from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.exit_status import USAGE
from runo_spiders.store.ledger import Ledger

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}

Action: TypeAlias = Callable[[Ledger, argparse.Namespace], None]


class ActionParser(argparse.ArgumentParser):
    """Tells of a wrong argument in one sentence."""

    def error(self, message: str) -> None:  # type: ignore[override]
        self.exit(USAGE, f"{self.prog}: {message}\n")


class Actions:
    """The actions of a command, each with options of its own beside Scrapy's and `--database`."""

    def __init__(self, command: ScrapyCommand, parser: argparse.ArgumentParser) -> None:
        self._shared = ActionParser(add_help=False)
        self._shared.add_argument("--database", metavar="URL", help="the ledger (default: RUNO_DATABASE)")
        ScrapyCommand.add_options(command, self._shared)
        name = type(command).__module__.rpartition(".")[2]
        self._parsers = parser.add_subparsers(
            title="Actions", metavar="ACTION", required=True, prog=f"scrapy {name}", parser_class=ActionParser
        )

    def add(self, name: str, action: Action, says: str) -> argparse.ArgumentParser:
        parser = self._parsers.add_parser(
            name, help=says, description=f"{says}.", parents=[self._shared], conflict_handler="resolve"
        )
        parser.set_defaults(action=action, action_name=name)
        return parser


def perform(settings: Settings, args: list[str], opts: argparse.Namespace, command: str) -> int:
    """Run the chosen action; the exit status. `args` is what argparse could not place."""
    try:
        if args:
            raise UsageMistake(f"argument {args[0]}: is unknown")
        with opened_ledger(settings, opts.database) as ledger:
            opts.action(ledger, opts)
    except RunoError as fault:
        print(f"scrapy {command} {opts.action_name}: {fault}", file=sys.stderr)
        return USAGE
    return 0


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
