"""API keys: made, listed, revoked, and recognised by their text.

`sk_live_<id: 12><secret: 27><checksum: 6>`, all base62: the prefix makes a leaked key easy to search for, the
checksum refuses a mistyped one without asking the database, and of the secret only its SHA-256 is kept. It is
160 bits of chance, which a slow hash would not make any harder to guess.
"""

from __future__ import annotations

import json
import re
import secrets
import string
import time
import zlib
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, or_, select, update
from sqlalchemy import Row as Record

from runo_spiders.errors import RunoError, UsageMistake
from runo_spiders.items import Json
from runo_spiders.store import charges
from runo_spiders.store.database import Database
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.records import Key, KeyKind
from runo_spiders.store.tables import keys

Refusal = Literal["unknown", "expired", "revoked"]

_BASE62 = string.digits + string.ascii_letters
_ID, _SECRET, _CHECKSUM = 12, 27, 6
_BODY = _ID + _SECRET + _CHECKSUM
_SHAPE = re.compile(rf"sk_(?:live|static)_[0-9A-Za-z]{{{_BODY}}}")
_NO_DIGEST = sha256(b"").digest()
_LAST_USED_EVERY_S = 60.0


class KeyRefused(RunoError):
    """A key's text opens nothing; `reason` says why, for the log and for dialects that tell it."""

    def __init__(self, reason: Refusal) -> None:
        self.reason = reason
        super().__init__(f"the API key is {reason}")


class Keys:
    """The API keys of one database. All methods block."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        owner: str,
        name: str,
        kind: KeyKind = "live",
        *,
        schema: Json = None,
        per_minute: int | None = None,
        per_month: int | None = None,
        balance: int | None = None,
        expires_at: float | None = None,
        operator: bool = False,
    ) -> tuple[Key, str]:
        """A new key and its text, which cannot be had again. Raises `UsageMistake`."""
        if not owner:
            raise UsageMistake("a key needs an owner")
        if (kind == "static") != (schema is not None):
            raise UsageMistake("a static key needs a schema, and only a static key has one")
        _check_limits(per_minute=per_minute, per_month=per_month, balance=balance)
        key = Key(
            id=_random(_ID),
            owner=owner,
            name=name,
            kind=kind,
            schema=schema,
            operator=operator,
            per_minute=per_minute,
            per_month=per_month,
            balance=balance,
            created_at=time.time(),
            expires_at=expires_at,
            revoked_at=None,
            last_used_at=None,
        )
        secret = _random(_SECRET)
        self._database.write(lambda link: _insert(link, key, _digest(secret)), durable=True)
        return key, _text(key, secret)

    def list(self, owner: str | None = None) -> list[Key]:
        """The keys of an owner, or all, the oldest first; revoked and expired ones too."""
        query = select(keys).order_by(keys.c.created_at, keys.c.id)
        with self._database.read() as link:
            found = link.execute(query if owner is None else query.where(keys.c.owner == owner))
            return [_key(record) for record in found]

    def revoke(self, key: str) -> bool:
        """Refuse a key from the next request on; whether there is such a key. Again changes nothing."""
        revoked = update(keys).where(keys.c.id == key)
        revoked = revoked.values(revoked_at=func.coalesce(keys.c.revoked_at, time.time()))
        return self._database.write(lambda link: link.execute(revoked).rowcount == 1, durable=True)

    def top_up(self, key: str, units: int) -> int:
        """Add prepaid units to a key; its new balance. Raises `UsageMistake` where there is no such key."""
        if units <= 0:
            raise UsageMistake(f"{units} units cannot be added")
        entry = f"top_{secrets.token_hex(16)}"
        return self._database.write(lambda link: charges.top_up(link, entry, key, units), durable=True)

    def authenticate(self, text: str) -> Key:
        """The key of a text as it comes with a request. Raises `KeyRefused`."""
        if not _well_formed(text):
            raise KeyRefused("unknown")
        public, secret = text[-_BODY : -_BODY + _ID], text[-_BODY + _ID : -_CHECKSUM]
        with self._database.read() as link:
            found = link.execute(select(keys).where(keys.c.id == public)).one_or_none()
        # The same work for an id that is not there: time tells nothing.
        if not compare_digest(_digest(secret), found.digest if found else _NO_DIGEST) or found is None:
            raise KeyRefused("unknown")
        key, now = _key(found), time.time()
        if key.revoked_at is not None:
            raise KeyRefused("revoked")
        if key.expires_at is not None and key.expires_at <= now:
            raise KeyRefused("expired")
        self._note_use(key, now)
        return key

    def _note_use(self, key: Key, now: float) -> None:
        if now - (key.last_used_at or 0) < _LAST_USED_EVERY_S:
            return
        unnoted = or_(keys.c.last_used_at.is_(None), keys.c.last_used_at <= now - _LAST_USED_EVERY_S)
        used = update(keys).where(keys.c.id == key.id, unnoted).values(last_used_at=now)
        # Who may come in does not depend on whether it can be written down.
        with suppress(StoreUnavailable, StoreFull):
            self._database.write(lambda link: link.execute(used), patience=0)


def _check_limits(**limits: int | None) -> None:
    for name, limit in limits.items():
        if limit is not None and limit < 0:
            raise UsageMistake(f"{name} is {limit}: it cannot be below 0")


def _text(key: Key, secret: str) -> str:
    body = f"sk_{key.kind}_{key.id}{secret}"
    return body + _checksum(body)


def _well_formed(text: str) -> bool:
    return _SHAPE.fullmatch(text) is not None and text[-_CHECKSUM:] == _checksum(text[:-_CHECKSUM])


def _checksum(body: str) -> str:
    rest, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM):
        rest, digit = divmod(rest, 62)
        digits = _BASE62[digit] + digits
    return digits


def _random(length: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(length))


def _digest(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def _insert(link: Connection, key: Key, digest: bytes) -> None:
    there = link.scalar(select(keys.c.digest).where(keys.c.id == key.id))
    if there == digest:
        return  # the same transaction, which was committed without our hearing of it
    schema = None if key.schema is None else json.dumps(key.schema, ensure_ascii=False)
    link.execute(
        insert(keys).values(
            id=key.id,
            owner=key.owner,
            name=key.name,
            kind=key.kind,
            digest=digest,
            schema=schema,
            operator=key.operator,
            per_minute=key.per_minute,
            per_month=key.per_month,
            balance=key.balance,
            created_at=key.created_at,
            expires_at=key.expires_at,
        )
    )


def _key(record: Record[Any]) -> Key:
    return Key(
        id=record.id,
        owner=record.owner,
        name=record.name,
        kind=record.kind,
        schema=None if record.schema is None else json.loads(record.schema),
        operator=record.operator,
        per_minute=record.per_minute,
        per_month=record.per_month,
        balance=record.balance,
        created_at=record.created_at,
        expires_at=record.expires_at,
        revoked_at=record.revoked_at,
        last_used_at=record.last_used_at,
    )
