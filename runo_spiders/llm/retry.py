"""When a failed call is worth another try, and how long to wait: one pause for all calls of an endpoint."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from runo_spiders.llm.model import ModelFailure

LONGEST_PAUSE_S = 60.0
_SECONDS = re.compile(r"\s*\d{1,12}(?:\.\d*)?\s*")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often a question is sent, and how the waits grow: full jitter within `base_s` times 2 to the n.

    `tries` is for calls that were refused or broke off, `paid_tries` for answers that came and are of no use.
    """

    tries: int = 4
    paid_tries: int = 2
    base_s: float = 0.5
    most_s: float = 8.0

    def wait(self, nth: int) -> float:
        """Seconds before the next try, after the `nth` one (from 0) failed."""
        return random.uniform(0, min(self.most_s, self.base_s * 2**nth))  # noqa: S311 (no secret)

    def tries_after(self, trouble: Transient) -> int:
        return self.paid_tries if trouble.paid else self.tries


class Transient(ModelFailure):
    """A call failed in a way that may pass.

    `everyone` says that the endpoint as a whole asked for less (429, 503): all its calls then pause, for
    `after` seconds if it told so. `paid` marks an answer that came and is of no use.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        after: float | None = None,
        everyone: bool = False,
        paid: bool = False,
    ) -> None:
        super().__init__(code, detail)
        self.after = after
        self.everyone = everyone
        self.paid = paid


class Pause:
    """The pause of an endpoint: whoever is about to call waits until it is over."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._until = 0.0
        self._strikes = 0

    @property
    def left(self) -> float:
        """Seconds until calls may go out again."""
        return self._until - time.monotonic()

    async def over(self) -> None:
        """Return when calls may go out; those that waited set off a little apart from each other."""
        while self.left > 0:
            await asyncio.sleep(self.left + self._patience.wait(0) / 4)

    def extend(self, after: float | None) -> None:
        """The endpoint asked for less. Calls of one burst that are refused together count as one strike."""
        if after is None:
            if self.left > 0:
                return
            after = self._patience.wait(self._strikes)
            self._strikes += 1
        self._until = max(self._until, time.monotonic() + min(after, LONGEST_PAUSE_S))

    def forget(self) -> None:
        """A call went through: the next refusal starts with a short pause again."""
        self._strikes = 0


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header asks for (a number or an HTTP date); None if it asks for nothing."""
    if not header:
        return None
    if _SECONDS.fullmatch(header):
        return float(header) or None
    try:
        seconds = parsedate_to_datetime(header).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 else None
