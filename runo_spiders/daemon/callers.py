"""Who asks: a request's API key, and what its holder may do."""

from __future__ import annotations

import secrets
from base64 import b64decode
from dataclasses import dataclass
from hmac import compare_digest

from twisted.internet.defer import Deferred, succeed
from twisted.internet.threads import deferToThread
from twisted.web.server import Request
from zope.interface import Interface

from runo_spiders.store.keys import KeyRefused, Keys
from runo_spiders.store.records import Key


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose jobs a request makes and sees. Without a `key` nothing is charged. An operator sees all jobs."""

    owner: str
    key: Key | None
    operator: bool

    @property
    def sees(self) -> str | None:
        """The owner whose jobs are shown; None for all."""
        return None if self.operator else self.owner


LOCAL = Caller("local", None, operator=True)
"""The operator at the machine itself."""


class ICaller(Interface):
    """The name of the `Caller` among the components of a request that was let in."""


class IGate(Interface):
    """The name of the `Gate` among the components of Scrapyd's application."""


class KeyMissing(KeyRefused):
    """The request brings no key at all."""

    def __init__(self) -> None:
        super().__init__("unknown")
        self.args = ("an API key is needed: X-API-Key, Authorization: Bearer, or the password of HTTP Basic",)


class Gate:
    """Recognises callers by their keys. `one_off` is a key for the operator that no database knows."""

    def __init__(self, keys: Keys, one_off: str | None) -> None:
        self._keys = keys
        self._one_off = one_off

    def identify(self, request: Request) -> Deferred[Caller]:
        """Fires with who asks; fails with `KeyMissing` or `KeyRefused`, or as the ledger does."""
        text = key_text(request)
        if not text:
            raise KeyMissing
        if self._one_off is not None and compare_digest(text.encode(), self._one_off.encode()):
            return succeed(LOCAL)
        return deferToThread(self._known, text)

    def _known(self, text: str) -> Caller:
        key = self._keys.authenticate(text)
        return Caller(key.owner, key, key.operator)


def new_one_off() -> str:
    return f"sk_local_{secrets.token_urlsafe(24)}"


def caller_of(request: Request) -> Caller:
    """Who asks, for a resource behind the gate."""
    caller: Caller = request.getComponent(ICaller)
    return caller


def key_text(request: Request) -> str:
    """The key as the request brings it; empty where it brings none."""
    if given := request.getHeader("x-api-key"):
        return given
    scheme, _, credentials = (request.getHeader("authorization") or "").partition(" ")
    if scheme.lower() == "bearer":
        return credentials.strip()
    return _password(credentials.strip()) if scheme.lower() == "basic" else ""


def _password(encoded: str) -> str:
    try:
        return b64decode(encoded, validate=True).decode().partition(":")[2]
    except ValueError:
        return ""
