"""The actions of `scrapy keys`."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from runo_spiders.console.ledgers import Action, seconds_of
from runo_spiders.errors import UsageMistake
from runo_spiders.items import Json
from runo_spiders.output.keys_table import keys_table, new_key
from runo_spiders.output.report import console_for
from runo_spiders.schema.load import load_schema
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.records import Key

_ID = re.compile(r"(?:sk_(?:live|static)_)?([0-9A-Za-z]{12})[0-9A-Za-z]*")


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


ACTIONS: Mapping[str, Action] = {
    "create": _create,
    "list": _list,
    "top-up": _top_up,
    "revoke": _revoke,
}
