"""Reads links: absolute http or https URLs."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

from runo_spiders.schema.reading import Coerced, CoercionError
from runo_spiders.schema.text import clean

LONGEST_URL = 8192
_LINK_NAME = re.compile(
    r"(?:^|_|[a-z](?=[A-Z]))(?:url|link|href|image|img|photo|thumbnail|logo)s?$", re.IGNORECASE
)
_LINK_LIKE = re.compile(
    r"(?:https?:)?//\S+|\.{0,2}/[^\s/]\S*|[^\s:]+\.(?:avif|gif|jpe?g|png|svg|webp)(?:\?\S*)?", re.IGNORECASE
)
_ALLOWED = "%!#$&'()*+,/:;=?@[]~"


def read_link(text: str, base_url: str) -> Coerced:
    """A URL, made absolute with the page's base; spaces and the like are escaped."""
    try:
        url = urljoin(base_url, clean(text))
        parts = urlsplit(url)
    except ValueError:
        raise CoercionError("the text is no URL") from None
    if parts.scheme not in ("http", "https") or not parts.hostname or len(url) > LONGEST_URL:
        raise CoercionError("the text is no http or https URL")
    return Coerced(quote(url, safe=_ALLOWED) if not url.isascii() or " " in url else url)


def means_link(name: str, text: str) -> bool:
    """Whether a string of a field with such a name is a link, though no format says so: `image`, `/a.jpg`."""
    return bool(_LINK_NAME.search(name) and _LINK_LIKE.fullmatch(text))
