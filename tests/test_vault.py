"""Secrets of target sites: sealed with a key that is not in the database."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.store.vault import CannotOpen, Vault

SECRETS = {"cookies": {"session": "hush"}, "headers": {"Authorization": "Bearer hush"}}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.delenv("RUNO_SECRET_KEY", raising=False)
    return f"sqlite:///{tmp_path / 'ledger.db'}"


def test_what_is_sealed_opens_in_another_process_and_shows_nothing(url: str) -> None:
    sealed = Vault.of(url).seal(SECRETS)
    assert b"hush" not in sealed
    assert Vault.of(url).open(sealed) == SECRETS


def test_the_key_is_its_owners_only(url: str, tmp_path: Path) -> None:
    Vault.of(url)
    key = tmp_path / "ledger.db.key"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.db.key"]
    key.chmod(0o644)
    with pytest.raises(UsageMistake, match=r"ledger\.db\.key can be read by others"):
        Vault.of(url)


def test_another_key_opens_nothing_and_says_so(url: str, tmp_path: Path) -> None:
    sealed = Vault.of(url).seal(SECRETS)
    (tmp_path / "ledger.db.key").unlink()
    with pytest.raises(CannotOpen, match="RUNO_SECRET_KEY"):
        Vault.of(url).open(sealed)


def test_the_environments_key_comes_first(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNO_SECRET_KEY", "x" * 43 + "=")
    Vault.of("postgresql://db/ledger").open(Vault.of(url).seal(SECRETS))
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv("RUNO_SECRET_KEY", "too short")
    with pytest.raises(UsageMistake, match="RUNO_SECRET_KEY is no key"):
        Vault.of(url)


def test_postgresql_needs_the_environments_key(url: str) -> None:
    with pytest.raises(UsageMistake, match="RUNO_SECRET_KEY is not set"):
        Vault.of("postgresql://db/ledger")
