"""The sign of life of a job's worker, apart from its reactor, which a heavy page may keep busy."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.store.leases import Leases
from runo_spiders.store.records import Claim, Standing

logger = logging.getLogger(__name__)

_AT_MOST_S = 1.0
"""Between two beats: so soon a worker learns that its job was cancelled."""


class Heartbeat:
    """Renews a claim in a thread of its own, in transactions of its own.

    `hear` is called in that thread with each standing that is another than `held`, once. After `lost` it
    beats no more.
    """

    def __init__(
        self, leases: Leases, claim: Claim, lease_s: float, hear: Callable[[Standing], None]
    ) -> None:
        self._leases = leases
        self._claim = claim
        self._every = min(_AT_MOST_S, lease_s / 5)
        self._hear = hear
        self._stopped = threading.Event()
        # A daemon: a process that has to go does not wait for a beat.
        threading.Thread(target=self._beat_on, name="heartbeat", daemon=True).start()

    def stop(self) -> None:
        self._stopped.set()

    def _beat_on(self) -> None:
        heard: Standing = "held"
        while heard != "lost" and not self._stopped.wait(self._every):
            standing = self._standing()
            if standing not in ("held", heard) and not self._stopped.is_set():
                heard = standing
                self._hear(standing)

    def _standing(self) -> Standing:
        try:
            return self._leases.renew(self._claim)
        except (StoreUnavailable, StoreFull) as fault:
            # Who cannot renew may have lost the job; nothing is written until this is known.
            logger.warning("The lease of %s could not be renewed: %s", self._claim.job.id, fault)
            return "held"
