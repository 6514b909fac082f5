"""URLs: which can be fetched, which are the same, which match a pattern."""

from __future__ import annotations

import re
from hashlib import blake2b
from ipaddress import ip_address
from urllib.parse import urlsplit

from w3lib.url import canonicalize_url

_UNFIT = re.compile(r"[\x00-\x1f\x7f\\]")


LONGEST = 8192
"""What Scrapy's URLLENGTH_LIMIT is set to: it drops longer requests without a word."""


def fault_of(url: str) -> str | None:
    """Why a URL cannot be asked for, or None; what parsers disagree about is a fault, not a guess."""
    if len(url) > LONGEST:
        return f"it is longer than {LONGEST:,} characters"
    if _UNFIT.search(url):
        return "it holds a backslash or a control character"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as fault:
        return str(fault)
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
        return "it is not an absolute http or https URL"
    if "@" in parts.netloc:
        return "it holds a user name or a password"
    return "its port is 0" if port == 0 else None


def host_and_port(url: str) -> tuple[str, int]:
    """Host in lower case and port of a URL without fault."""
    parts = urlsplit(url)
    return (parts.hostname or "").lower(), parts.port or (443 if parts.scheme.lower() == "https" else 80)


def origin(url: str) -> str:
    """`https://example.com:443`: scheme, host and port of a URL without fault."""
    host, port = host_and_port(url)
    return f"{urlsplit(url).scheme.lower()}://{host}:{port}"


def is_local(url: str) -> bool:
    """Whether the host of a URL is, by its spelling, this machine or a private address."""
    host, _ = host_and_port(url)
    try:
        return not ip_address(host).is_global
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class UrlPatterns:
    """One or more globs; a URL matches if any of them does, after normalisation of the URL.

    Normalised means: scheme and host in lower case, no fragment, a path of at least `/`. So the seed
    `https://example.com` matches `https://example.com/*`.
    """

    def __init__(self, globs: tuple[str, ...]) -> None:
        self._parts = [re.split(r"\*+", _with_path(glob)) for glob in globs]

    def match(self, url: str) -> bool:
        normal = normalise(url)
        return any(_glob_matches(parts, normal) for parts in self._parts)


def normalise(url: str) -> str:
    """The URL as patterns see it."""
    parts = urlsplit(url)
    host = parts.netloc.lower()
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=host, path=parts.path or "/", fragment=""
    ).geturl()


def identity(url: str) -> str:
    """What makes two links of a crawl the same page: canonical form without the fragment."""
    return str(canonicalize_url(url))


def _glob_matches(parts: list[str], text: str) -> bool:
    """Whether the parts between stars stand in the text in their order; linear, unlike a regex of them."""
    first, *middle = parts
    if not middle:
        return text == first
    last = middle.pop()
    end = len(text) - len(last)
    position = len(first)
    if not text.startswith(first) or not text.endswith(last) or end < position:
        return False
    for part in middle:
        found = text.find(part, position, end)
        if found < 0:
            return False
        position = found + len(part)
    return True


def _with_path(glob: str) -> str:
    return glob + "/" if re.fullmatch(r"https?://[^/*]+", glob) else glob


def without_fragment(url: str) -> str:
    return url.partition("#")[0]


def key_of(url: str) -> int:
    """64 bits by which the same URL (but for its fragment) is found again; two URLs may share them."""
    digest = blake2b(without_fragment(url).encode("utf8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big", signed=True)
