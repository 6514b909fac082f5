"""The target sites' secrets, sealed with a key that is never in the database."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cryptography.fernet import Fernet, InvalidToken
from sqlalchemy.engine import make_url

from runo_spiders.config import SECRET_KEY, secret_key
from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.items import Json

_HOW = "it needs 32 random bytes in URL-safe base64, as cryptography's `Fernet.generate_key()` makes them"


class CannotOpen(RunoError):
    """Secrets were sealed with another key, or are damaged."""


class Vault:
    """Seals and opens mappings with one key (32 bytes, URL-safe base64)."""

    def __init__(self, key: str | bytes) -> None:
        """Raises `UsageMistake` for what is no such key."""
        try:
            self._fernet = Fernet(key)
        except ValueError as fault:
            raise UsageMistake(f"{SECRET_KEY} is no key: {_HOW}") from fault

    @classmethod
    def of(cls, database_url: str) -> Self:
        """The vault of a ledger: its key is `RUNO_SECRET_KEY`, else a file beside the SQLite file.

        The file is made, for its owner only, where it is missing. Raises `UsageMistake` for PostgreSQL
        without the variable, and for a file that others may read.
        """
        if given := secret_key():
            return cls(given)
        url = make_url(database_url)
        if url.get_backend_name() != "sqlite" or not url.database:
            raise UsageMistake(
                f"{SECRET_KEY} is not set, and this ledger has no file beside which a key is kept"
            )
        return cls(_key_in(Path(url.database + ".key").absolute()))

    def seal(self, secrets: Mapping[str, Json]) -> bytes:
        return self._fernet.encrypt(json.dumps(dict(secrets)).encode())

    def open(self, sealed: bytes) -> dict[str, Json]:
        """What was sealed. Raises `CannotOpen`."""
        try:
            opened = json.loads(self._fernet.decrypt(sealed))
        except InvalidToken as fault:
            raise CannotOpen(
                f"secrets of a job cannot be opened: {SECRET_KEY} (or its file) has changed"
            ) from fault
        return dict(opened)


def _key_in(path: Path) -> bytes:
    """The key in a file, which is made if need be; two processes that make it at once end with the same."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = path.with_name(f"{path.name}.{os.getpid()}")
        with open(own, "wb", opener=_for_the_owner) as file:
            file.write(Fernet.generate_key())
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(own)
        except FileExistsError:
            pass
        finally:
            own.unlink()
    if path.stat().st_mode & 0o077:
        raise UsageMistake(f"{path} can be read by others: `chmod 600` it")
    return path.read_bytes()


def _for_the_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
