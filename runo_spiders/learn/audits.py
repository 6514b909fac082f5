"""When a sure value is asked for all the same: often at first, ever more rarely, never not at all."""

from __future__ import annotations

from hashlib import sha256

LEAST_RATE = 0.004
_AT_FIRST = 8.0
_SHARE = 0.5


def is_audit(salt: str, url: str, pointer: str, spared: int) -> bool:
    """Whether to ask for a field of a page although it is sure, after so many that were spared.

    The same page gives the same answer; who does not know the salt can't tell which pages are audited.
    """
    rate = max(LEAST_RATE, _SHARE / (_AT_FIRST + spared))
    digest = sha256(f"{salt}\n{url}\n{pointer}".encode()).digest()
    return int.from_bytes(digest[:8]) < rate * 2**64
