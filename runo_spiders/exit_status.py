"""What a run's exit status says."""

from __future__ import annotations

from collections.abc import Mapping

ALL_WELL = 0
USAGE = 2
SOME_FAILED = 3
NONE_SUCCEEDED = 4
INTERRUPTED = 130


def exit_status(outcomes: Mapping[str, int]) -> int:
    """The status of a run that came to its end; rows are counted by `success`, `empty` or error code.

    A success without any value counts as failed: to a script it is no result.
    """
    succeeded = outcomes.get("success", 0)
    if not succeeded:
        return NONE_SUCCEEDED
    return ALL_WELL if succeeded == sum(outcomes.values()) else SOME_FAILED
