"""What a process of the daemon does with its order, whichever way it came to be."""

from __future__ import annotations

import os
import sys

from runo_spiders.daemon.process import TRY_LATER, Order
from runo_spiders.daemon.workers import worker_name
from runo_spiders.store.faults import StoreFull, StoreUnavailable
from runo_spiders.worker import run_job
from runo_spiders.workshop import Workshop


def work_on(order: Order, workshop: Workshop) -> int:
    """Run a job in this process; the exit status."""
    try:
        return run_job(workshop, order.job, worker_name(os.getpid()), order.secrets)
    except (StoreUnavailable, StoreFull) as fault:
        print(f"{order.job}: the ledger cannot be used: {fault}", file=sys.stderr)
        return TRY_LATER
