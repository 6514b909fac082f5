"""API keys for people, without any secret."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from runo_spiders.output.jobs_table import span
from runo_spiders.store.charges import Allowance
from runo_spiders.store.records import Key

_NONE = Text("–", style="dim")


def keys_table(keys: Sequence[Key], left: Mapping[str, Allowance]) -> Table:
    """A line for each key; `left` is what each may still spend this month."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
    for name in ("id", "owner", "name", "kind", "state"):
        table.add_column(name, no_wrap=name != "name")
    for name in ("a minute", "this month", "prepaid", "last used"):
        table.add_column(name, no_wrap=True, justify="right")
    for key in keys:
        table.add_row(
            key.id,
            key.owner,
            key.name or _NONE,
            "operator" if key.operator else key.kind,
            _state(key),
            _number(key.per_minute),
            _month(key, left[key.id]),
            _number(key.balance),
            _NONE if key.last_used_at is None else f"{span(time.time() - key.last_used_at)} ago",
        )
    return table


def new_key(key: Key) -> Text:
    """What stands before the text of a key that was just made."""
    name = f" ({key.name})" if key.name else ""
    return Text.assemble(
        (f"{key.kind} key {key.id} of {key.owner}{name}", "bold"),
        "\nIt is shown this once: keep it now, a lost one can only be replaced.\n",
    )


def _state(key: Key) -> Text:
    now = time.time()
    if key.revoked_at is not None:
        return Text("revoked", style="red")
    if key.expires_at is None:
        return Text("active", style="green")
    if key.expires_at <= now:
        return Text("expired", style="yellow")
    return Text(f"until {time.strftime('%Y-%m-%d', time.gmtime(key.expires_at))}", style="green")


def _month(key: Key, left: Allowance) -> Text | str:
    """How many of the month's units are used."""
    if key.per_month is None or left.quota is None:
        return _NONE
    return f"{key.per_month - left.quota:,}/{key.per_month:,}"


def _number(number: int | None) -> Text | str:
    return _NONE if number is None else f"{number:,}"
