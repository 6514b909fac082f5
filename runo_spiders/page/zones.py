"""What the markup of an element tells of its place: hidden, navigation, beside the main thing, struck out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MAIN, HIDDEN, CHROME, BESIDE, STRUCK = 0, 1, 2, 4, 8
"""Zones, as bits: hidden by markup; navigation and footers; beside the main thing; struck through."""

ZONE_OF_TAG: dict[Any, int] = {
    "nav": CHROME,
    "footer": CHROME,
    "aside": BESIDE,
    "dialog": HIDDEN,
    "del": STRUCK,
    "s": STRUCK,
    "strike": STRUCK,
}
_CHROME = re.compile(
    r"(?i)(?:^|[-_ ])(?:(?:site|page|global|main|top|sub)?-?(?:nav|footer|menu)(?:bar)?|navigation"
    r"|cookie-?(?:banner|consent|notice|bar|law|policy|popup)|consent|newsletter|breadcrumbs?|pagination"
    r"|mini-?cart|mega-?menu|copyright|toolbar)(?=$|[-_ ])"
)
_BESIDE = re.compile(
    r"(?i)related|recommend|similar|up-?sell|cross-?sell|also-?(?:bought|viewed|like)|carousel|sponsored|recently"
    r"|trending|sidebar|teaser|accessor|bundle|popular|you-?may|(?:^|[-_ ])(?:comments?|reviews?)(?=$|[-_ ])"
)
_STRUCK = re.compile(
    r"(?i)strike|line-through|crossed"
    r"|(?:^|[-_ ])(?:old|was|rrp|uvp|msrp|list|before|previous|regular|original)[-_]?price"
    r"|price[-_]+(?:old|was|rrp|uvp|msrp|list|before|previous|regular|original)"
)
_HIDING = re.compile(r"(?i)display\s*:\s*none|visibility\s*:\s*hidden")


@lru_cache(maxsize=8192)
def zone_of_name(name: str) -> int:
    """The zone that a class or an id speaks of."""
    zone = CHROME if _CHROME.search(name) else MAIN
    if _BESIDE.search(name):
        zone |= BESIDE
    return zone | STRUCK if _STRUCK.search(name) else zone


@lru_cache(maxsize=8192)
def word_of_name(name: str) -> str:
    """The word by which a class or an id speaks of navigation or of what is beside the main thing."""
    found = _CHROME.search(name) or _BESIDE.search(name)
    return found.group().strip("-_ ").lower() if found else ""


@lru_cache(maxsize=1024)
def zone_of_style(style: str) -> int:
    zone = HIDDEN if _HIDING.search(style) else MAIN
    return zone | STRUCK if "line-through" in style else zone
