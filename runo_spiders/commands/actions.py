"""The options of commands that take an action after their name: `scrapy jobs list`."""

from __future__ import annotations

import argparse

from scrapy.commands import ScrapyCommand

from runo_spiders.exit_status import USAGE


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

    def add(self, name: str, says: str) -> argparse.ArgumentParser:
        parser = self._parsers.add_parser(
            name, help=says, description=f"{says}.", parents=[self._shared], conflict_handler="resolve"
        )
        parser.set_defaults(action=name)
        return parser
