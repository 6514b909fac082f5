"""`scrapy keys`: who may use the job API, and how much."""

from __future__ import annotations

import argparse
from typing import get_args

from scrapy.commands import ScrapyCommand

from runo_spiders.commands.actions import Actions
from runo_spiders.store.records import KeyKind


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False

    def syntax(self) -> str:
        return "ACTION [options]"

    def short_desc(self) -> str:
        return "Make, list, top up and revoke the keys of the job API"

    def long_desc(self) -> str:
        return "A key's text is shown once, when it is made; the ledger keeps only what recognises it."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        actions = Actions(self, parser)
        create = actions.add("create", "Make a key, and show its text this once")
        create.add_argument("--owner", required=True, metavar="OWNER", help="whose jobs it makes and sees")
        create.add_argument("--name", default="", metavar="NAME", help="what it is for, for the list")
        create.add_argument(
            "--kind", choices=get_args(KeyKind), default="live", help="static: its schema is bound to it"
        )
        create.add_argument("--schema", metavar="SCHEMA", help="of a static key: a name, a path, or JSON")
        for name, meaning in (
            ("per-minute", "requests a minute"),
            ("per-month", "URLs a month"),
            ("balance", "prepaid URLs, used when the month's are gone"),
        ):
            create.add_argument(f"--{name}", type=int, metavar="N", help=f"{meaning} (default: no limit)")
        create.add_argument("--expires", metavar="WHEN", help="a date (2027-01-31, UTC) or an age (90d)")
        create.add_argument("--operator", action="store_true", help="may also deploy code to Scrapyd")
        listing = actions.add("list", "List the keys, without their texts")
        listing.add_argument("--owner", metavar="OWNER", help="only keys of this owner")
        top_up = actions.add("top-up", "Add prepaid URLs to a key")
        top_up.add_argument("key", help="its id")
        top_up.add_argument("units", type=int, help="how many")
        actions.add("revoke", "Refuse a key from now on").add_argument("key", help="its id")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from runo_spiders.console.keys import ACTIONS
        from runo_spiders.console.ledgers import perform

        self.exitcode = perform("keys", ACTIONS, self.settings, args, opts)
