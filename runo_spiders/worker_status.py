"""How the process of a worker ends, for who starts one and need not import all that it does."""

ENDED = 0
"""The job has ended: finished, or cancelled."""
REFUSED = 75
"""There was nothing to claim: the job has ended, or another worker has it."""
LEASE_LOST = 76
"""Another worker has taken the job over; this one has stopped without writing more."""
RELEASED = 77
"""It was told to stop (SIGTERM, SIGINT): the job is queued again, and goes on where it stopped."""
