"""The contract of `Keys`, on SQLite and on PostgreSQL."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from runo_spiders.errors import UsageMistake
from runo_spiders.store.keys import KeyRefused
from runo_spiders.store.ledger import Ledger
from runo_spiders.store.tables import keys
from tests.ledgers import opened


@pytest.fixture
def ledger(database_url: str) -> Iterator[Ledger]:
    with opened(database_url) as ledger:
        yield ledger


def refusal(ledger: Ledger, text: str) -> str:
    with pytest.raises(KeyRefused) as refused:
        ledger.keys.authenticate(text)
    return refused.value.reason


def test_a_key_opens_with_the_text_that_is_shown_once(ledger: Ledger) -> None:
    key, text = ledger.keys.create("ann", "shop", per_minute=6, per_month=100, expires_at=time.time() + 60)
    found = ledger.keys.authenticate(text)
    assert (found.id, found.owner, found.kind, found.operator) == (key.id, "ann", "live", False)
    assert (found.per_minute, found.per_month, found.balance) == (6, 100, None)
    assert text.startswith(f"sk_live_{key.id}")
    assert len(text) == len("sk_live_") + 12 + 27 + 6


def test_of_a_keys_text_nothing_is_kept_that_opens(ledger: Ledger) -> None:
    key, text = ledger.keys.create("ann", "shop")
    with ledger.database.read() as link:
        kept = link.execute(select(keys)).one()
    secret = text.removeprefix(f"sk_live_{key.id}")[:27]
    assert secret not in repr(kept)
    assert secret not in repr(key)


def test_a_static_key_brings_its_schema(ledger: Ledger) -> None:
    schema = {"type": "object", "properties": {"name": {"type": "string"}}}
    _, text = ledger.keys.create("ann", "shop", "static", schema=schema)
    assert text.startswith("sk_static_")
    assert ledger.keys.authenticate(text).schema == schema


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"owner": ""}, "owner"),
        ({"kind": "static"}, "schema"),
        ({"schema": {"a": "text"}}, "schema"),
        ({"per_month": -1}, "per_month is -1"),
    ],
)
def test_a_key_that_makes_no_sense_is_not_made(ledger: Ledger, wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(UsageMistake, match=told):
        ledger.keys.create(**{"owner": "ann", "name": "n", **wrong})
    assert ledger.keys.list() == []


def test_a_text_that_is_not_the_keys_is_refused(ledger: Ledger) -> None:
    _, text = ledger.keys.create("ann", "shop")
    altered = text.swapcase().replace("SK_LIVE_", "sk_live_")
    for wrong in ("", "sk_live_", text[:-1], text + "0", altered, text.replace("live", "static"), "ü" * 53):
        assert refusal(ledger, wrong) == "unknown"


def test_a_well_formed_key_of_another_ledger_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    with opened(f"sqlite:///{tmp_path / 'other.db'}") as other:
        _, foreign = other.keys.create("ann", "shop")
        other.keys.authenticate(foreign)
    assert refusal(ledger, foreign) == "unknown"


def test_the_right_id_with_another_secret_is_refused(ledger: Ledger) -> None:
    key, text = ledger.keys.create("ann", "shop")
    with ledger.database.engine.begin() as link:
        link.execute(update(keys).values(digest=b"\0" * 32))
    assert key.id in text
    assert refusal(ledger, text) == "unknown"


def test_revocation_is_felt_by_the_next_request(ledger: Ledger) -> None:
    key, text = ledger.keys.create("ann", "shop")
    ledger.keys.authenticate(text)
    assert ledger.keys.revoke(key.id)
    assert refusal(ledger, text) == "revoked"
    first = ledger.keys.list()[0].revoked_at
    assert ledger.keys.revoke(key.id)
    assert ledger.keys.list()[0].revoked_at == first
    assert not ledger.keys.revoke("unknown")


def test_an_expired_key_is_refused(ledger: Ledger) -> None:
    _, text = ledger.keys.create("ann", "shop", expires_at=time.time() - 1)
    assert refusal(ledger, text) == "expired"


def test_keys_are_listed_by_owner_the_oldest_first(ledger: Ledger) -> None:
    made = [ledger.keys.create(owner, "n")[0].id for owner in ("ann", "bob", "ann")]
    assert [key.id for key in ledger.keys.list()] == made
    assert [key.id for key in ledger.keys.list("ann")] == [made[0], made[2]]


def test_when_a_key_was_last_used_is_written_once_a_minute(ledger: Ledger) -> None:
    _, text = ledger.keys.create("ann", "shop")
    ledger.keys.authenticate(text)
    first = ledger.keys.list()[0].last_used_at
    ledger.keys.authenticate(text)
    assert first is not None
    assert ledger.keys.list()[0].last_used_at == first
    with ledger.database.engine.begin() as link:
        link.execute(update(keys).values(last_used_at=first - 61))
    ledger.keys.authenticate(text)
    again = ledger.keys.list()[0].last_used_at
    assert again is not None
    assert again >= first


def test_a_balance_is_topped_up(ledger: Ledger) -> None:
    key, _ = ledger.keys.create("ann", "shop", per_month=1)
    assert ledger.keys.top_up(key.id, 5) == 5
    assert ledger.keys.top_up(key.id, 7) == 12
    assert ledger.allowance(key.id).prepaid == 12
    with pytest.raises(UsageMistake, match="no key 'x'"):
        ledger.keys.top_up("x", 5)
    with pytest.raises(UsageMistake, match="-1 units"):
        ledger.keys.top_up(key.id, -1)
