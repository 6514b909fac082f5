"""A job of the ledger, worked on in this process from its claim to its end."""

from __future__ import annotations

from collections.abc import Mapping

from scrapy.settings import Settings

ENDED = 0
"""The job has ended: finished, or cancelled."""
REFUSED = 75
"""There was nothing to claim: the job has ended, or another worker has it."""
LEASE_LOST = 76
"""Another worker has taken the job over; this one has stopped without writing more."""
RELEASED = 77
"""It was told to stop (SIGTERM, SIGINT): the job is queued again, and goes on where it stopped."""


def preload(settings: Settings) -> None:
    """Import all that a job needs, so that a forked child imports nothing.

    Installs no reactor and starts no thread.
    """
    raise NotImplementedError


def run_job(
    database_url: str,
    job_id: str,
    settings: Settings,
    worker: str,
    secrets: Mapping[str, str] | None = None,
) -> int:
    """Claim a job, work it off, and return an exit status; to be called once in a process, in its main thread.

    `settings` are those of the project. `worker` names this process among the workers; a worker of the same
    name may claim its job anew. `secrets` are texts under `headers` and `cookies`, as the files of these
    arguments hold them; no others are sent to the sites, none of the environment.
    """
    raise NotImplementedError
