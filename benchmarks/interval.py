"""Bounds of a share that was counted."""

from __future__ import annotations

from math import sqrt

_Z = 1.96


def upper_bound(count: int, total: int) -> float:
    """The upper end of the 95 % interval (Wilson) of `count` in `total`; 1 where nothing was counted."""
    if not total:
        return 1.0
    share = count / total
    middle = share + _Z**2 / (2 * total)
    spread = _Z * sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
    return (middle + spread) / (1 + _Z**2 / total)
