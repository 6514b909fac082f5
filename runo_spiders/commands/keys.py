"""`scrapy keys`: who may use the job API, and how much."""

from __future__ import annotations

import argparse
import re
import sys
import time
from datetime import UTC, datetime
from typing import get_args

from scrapy.commands import ScrapyCommand

from runo_spiders.commands.actions import Actions, perform, seconds_of
from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json
from runo_spiders.output.keys_table import keys_table, new_key
from runo_spiders.output.report import console_for
from runo_spiders.schema.load import load_schema
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Key, KeyKind

_ID = re.compile(r"(?:sk_(?:live|static)_)?([0-9A-Za-z]{12})[0-9A-Za-z]*")


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
        create = actions.add("create", _create, "Make a key, and show its text this once")
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
        listing = actions.add("list", _list, "List the keys, without their texts")
        listing.add_argument("--owner", metavar="OWNER", help="only keys of this owner")
        top_up = actions.add("top-up", _top_up, "Add prepaid URLs to a key")
        top_up.add_argument("key", help="its id")
        top_up.add_argument("units", type=int, help="how many")
        actions.add("revoke", _revoke, "Refuse a key from now on").add_argument("key", help="its id")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        self.exitcode = perform(self.settings, args, opts, "keys")


def _create(ledger: Ledger, opts: argparse.Namespace) -> None:
    key, text = ledger.keys.create(
        opts.owner,
        opts.name,
        opts.kind,
        schema=_document(opts.schema),
        per_minute=opts.per_minute,
        per_month=opts.per_month,
        balance=opts.balance,
        expires_at=_moment(opts.expires),
        operator=opts.operator,
    )
    # The key alone goes to standard output, so that a script can take it.
    console_for(sys.stderr).print(new_key(key))
    print(text)


def _list(ledger: Ledger, opts: argparse.Namespace) -> None:
    keys = ledger.keys.list(opts.owner)
    if keys:
        console_for(sys.stdout).print(keys_table(keys, {key.id: ledger.allowance(key.id) for key in keys}))
    else:
        print("no key" + (" of that owner" if opts.owner else " yet"), file=sys.stderr)


def _top_up(ledger: Ledger, opts: argparse.Namespace) -> None:
    key = _key_named(ledger, opts.key)
    print(f"{key.id} has {ledger.keys.top_up(key.id, opts.units):,} prepaid URLs now")


def _revoke(ledger: Ledger, opts: argparse.Namespace) -> None:
    key = _key_named(ledger, opts.key)
    ledger.keys.revoke(key.id)
    print(f"{key.id} is revoked: it is refused from the next request on")


def _key_named(ledger: Ledger, name: str) -> Key:
    """The key of an id, or of a key's whole text. Raises `UsageMistake`, which never repeats a text."""
    form = _ID.fullmatch(name)
    found = [key for key in ledger.keys.list() if form is not None and key.id == form[1]]
    if not found:
        raise UsageMistake("there is no such key (scrapy keys list shows the ids)")
    return found[0]


def _document(schema: str | None) -> Json:
    return None if schema is None else load_schema(schema).document


def _moment(text: str | None) -> float | None:
    """Seconds since the epoch for a date, or for an age from now on. Raises `UsageMistake`."""
    if text is None:
        return None
    age = seconds_of(text)
    try:
        moment = time.time() + age if age is not None else _midnight(text)
    except ValueError as fault:
        raise UsageMistake(
            f"argument --expires: {text!r} is neither a date (2027-01-31) nor an age (90d)"
        ) from fault
    if moment <= time.time():
        raise UsageMistake(f"argument --expires: {text} is over")
    return moment


def _midnight(day: str) -> float:
    return datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
