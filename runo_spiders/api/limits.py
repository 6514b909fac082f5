"""How often a key may ask in a minute, and the headers that say how much is left."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from runo_spiders.api.faults import Fault
from runo_spiders.store.charges import Allowance
from runo_spiders.store.records import Key

_MINUTE_S = 60.0


@dataclass(slots=True)
class _Bucket:
    tokens: float
    filled_at: float


class RateLimits:
    """A bucket of tokens for each key: it holds a minute's requests, and is filled at that rate.

    It is kept in this process: after a restart each key may ask anew.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._buckets: dict[str, _Bucket] = {}

    def take(self, key: Key, count: int = 1) -> dict[str, str]:
        """Take a token; the headers of the answer. Raises `Fault` with `RATE_LIMITED`.

        With a `count` of 0 nothing is taken. Empty for a key without a limit.
        """
        if key.per_minute is None:
            return {}
        bucket = self._filled(key.id, key.per_minute)
        if bucket.tokens < count:
            wait = (count - bucket.tokens) * _MINUTE_S / key.per_minute if key.per_minute else _MINUTE_S
            message = f"The key may ask {key.per_minute} times a minute; try again in {math.ceil(wait)} s."
            headers = self._headers(key.per_minute, bucket)
            raise Fault("RATE_LIMITED", message, headers | {"Retry-After": str(math.ceil(wait))})
        bucket.tokens -= count
        return self._headers(key.per_minute, bucket)

    def _filled(self, key: str, per_minute: int) -> _Bucket:
        now = self._clock()
        bucket = self._buckets.setdefault(key, _Bucket(per_minute, now))
        gained = (now - bucket.filled_at) * per_minute / _MINUTE_S
        bucket.tokens, bucket.filled_at = min(per_minute, bucket.tokens + gained), now
        return bucket

    def _headers(self, per_minute: int, bucket: _Bucket) -> dict[str, str]:
        until_full = (per_minute - bucket.tokens) * _MINUTE_S / per_minute if per_minute else _MINUTE_S
        return {
            "X-RateLimit-Limit": str(per_minute),
            "X-RateLimit-Remaining": str(int(bucket.tokens)),
            "X-RateLimit-Reset": str(math.ceil(time.time() + until_full)),
        }


def usage_headers(key: Key, allowance: Allowance) -> dict[str, str]:
    """What is left of the month's quota; the prepaid balance is not part of it."""
    return {
        "X-Monthly-Usage-Limit": str(key.per_month),
        "X-Monthly-Usage-Remaining": str(allowance.quota),
    }
