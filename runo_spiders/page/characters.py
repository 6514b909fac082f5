"""Characters that no reader sees, and that a model would read all the same."""

from __future__ import annotations

import re
import unicodedata

_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]"  # controls
    "|[\xad\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0]"
    "|[\U000e0000-\U000e0fff]"  # tags, and variation selectors that text is smuggled in
    "|[\ufe00-\ufe0f]{2,}"
    # Joiners shape letters of Arabic and Indic scripts and join emoji; between Latin letters they hide.
    "|(?<=[\x00-\u024f])[\u200c\u200d]+|[\u200c\u200d]+(?=[\x00-\u024f])|[\u200c\u200d]{2,}"
)


def seen(text: str) -> str:
    """The text without controls, zero-width, bidi and tag characters; composed (NFC)."""
    if text.isascii() and text.isprintable():
        return text
    bare = _INVISIBLE.sub("", text)
    return bare if bare.isascii() else unicodedata.normalize("NFC", bare)
