"""A client's regular expressions, run so that none of them can stop the job.

The `regex` package reads most of ECMA 262's dialect (`\\p{L}` too) and, unlike `re`, takes a time limit.
"""

from __future__ import annotations

from functools import lru_cache

import regex

LONGEST_PATTERN = 256
LONGEST_MATCHED = 10_000
"""Characters of a string that a pattern is still tried on; longer ones do not match."""
MATCHING_SECONDS = 0.1
"""How long one pattern may take on one string; then the string does not match."""


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> regex.Pattern[str]:
    """The pattern, ready for use. Raises `ValueError` if it is none."""
    try:
        return regex.compile(pattern)
    except (regex.error, OverflowError, RecursionError) as exc:
        raise ValueError(str(exc)) from None


def matches(pattern: str, text: str) -> bool:
    """Whether the pattern is found within the text, in the time there is."""
    if len(text) > LONGEST_MATCHED:
        return False
    try:
        return compiled(pattern).search(text, timeout=MATCHING_SECONDS) is not None
    except TimeoutError:
        return False
