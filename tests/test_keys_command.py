"""`scrapy keys`: what it makes opens the API, is shown once, and is never listed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.store.keys import KeyRefused
from runo_spiders.store.ledger import Ledger
from tests.crawling import scrapy


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = Ledger.open(f"sqlite:///{tmp_path}/ledger.db")
    yield opened
    opened.close()


def keys(folder: Path, *arguments: str) -> tuple[int, str, str]:
    """Status, standard output and standard error of `scrapy keys`."""
    done = scrapy("keys", *arguments, RUNO_DATABASE=f"sqlite:///{folder}/ledger.db")
    return done.returncode, done.stdout, done.stderr


def test_a_key_is_shown_once_and_opens(ledger: Ledger, tmp_path: Path) -> None:
    limits = ("--per-minute", "60", "--per-month", "1000", "--balance", "50", "--expires", "90d")
    status, out, said = keys(tmp_path, "create", "--owner", "shop", "--name", "web", *limits)
    assert status == 0
    assert re.fullmatch(r"sk_live_[0-9A-Za-z]+\n", out), "a script can take it from standard output"
    assert "shown this once" in said
    key = ledger.keys.authenticate(out.strip())
    assert (key.owner, key.name, key.per_minute, key.per_month, key.balance) == ("shop", "web", 60, 1000, 50)
    assert key.expires_at is not None
    assert 89 < (key.expires_at - key.created_at) / 86_400 < 91
    assert not key.operator

    _, listed, _ = keys(tmp_path, "list")
    assert key.id in listed
    assert "0/1,000" in listed
    assert out.strip()[20:] not in listed


def test_a_static_key_brings_its_schema(ledger: Ledger, tmp_path: Path) -> None:
    _, out, _ = keys(tmp_path, "create", "--owner", "o", "--kind", "static", "--schema", "product-flat")
    assert "name" in ledger.keys.authenticate(out.strip()).schema["properties"]


def test_an_operator_key_that_expires_on_a_day(ledger: Ledger, tmp_path: Path) -> None:
    _, out, _ = keys(tmp_path, "create", "--owner", "o", "--operator", "--expires", "2100-01-31")
    key = ledger.keys.authenticate(out.strip())
    assert key.operator
    assert key.expires_at == 4_105_036_800
    assert "until 2100-01-31" in keys(tmp_path, "list")[1]


def test_a_revoked_key_is_refused(ledger: Ledger, tmp_path: Path) -> None:
    key, text = ledger.keys.create("shop", "web")
    status, said, _ = keys(tmp_path, "revoke", key.id)
    assert (status, "revoked" in said) == (0, True)
    with pytest.raises(KeyRefused):
        ledger.keys.authenticate(text)
    assert "revoked" in keys(tmp_path, "list", "--owner", "shop")[1]


def test_a_balance_is_topped_up(ledger: Ledger, tmp_path: Path) -> None:
    key, _ = ledger.keys.create("shop", "web", balance=10)
    status, said, _ = keys(tmp_path, "top-up", key.id, "1000")
    assert (status, said) == (0, f"{key.id} has 1,010 prepaid URLs now\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["create"], "required: --owner"),
        (["create", "--owner", "o", "--kind", "static"], "a static key needs a schema"),
        (["create", "--owner", "o", "--schema", "product"], "only a static key has one"),
        (["create", "--owner", "o", "--kind", "static", "--schema", "nosuch"], "no schema called 'nosuch'"),
        (["create", "--owner", "o", "--kind", "golden"], "invalid choice: 'golden'"),
        (["create", "--owner", "o", "--per-month", "many"], "--per-month: invalid int value: 'many'"),
        (["create", "--owner", "o", "--balance=-4"], "balance is -4"),
        (["create", "--owner", "o", "--expires", "2020-01-01"], "--expires: 2020-01-01 is over"),
        (["create", "--owner", "o", "--expires", "soon"], "'soon' is neither a date"),
        (["create", "--owner", "o", "--tpyo"], "argument --tpyo: is unknown"),
        (["revoke", "sk_live_abc"], "no such key"),
        (["top-up", "aaaaaaaaaaaa", "0"], "no such key"),
        (["list", "--database", "mysql://host/db"], "mysql is not supported"),
    ],
)
def test_a_mistake_is_one_sentence_and_exit_status_2(
    arguments: list[str], sentence: str, tmp_path: Path
) -> None:
    status, out, said = keys(tmp_path, *arguments)
    assert (status, out) == (2, "")
    assert len(said.strip().splitlines()) == 1
    assert sentence in said
