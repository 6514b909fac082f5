"""Whether the daemon can do its work, for whoever watches over it."""

from __future__ import annotations

from twisted.logger import Logger

from runo_spiders.api.asking import Asked, in_thread
from runo_spiders.errors import RunoError

log = Logger()


async def healthz(asked: Asked) -> None:
    """`ok`, or 503 and `degraded` while the ledger cannot be read. It says nothing else to anybody."""
    try:
        await in_thread(asked.place.ledger.leases.queued, 1)
    except RunoError as fault:
        log.warn("The ledger cannot be read: {fault}", fault=fault)
        await asked.answer({"status": "degraded"}, 503)
    else:
        await asked.answer({"status": "ok"})
