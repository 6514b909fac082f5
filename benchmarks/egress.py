"""How many tries to reach an internal server get through: with our settings, and with Scrapy's own beside.

    python -m benchmarks.egress [--json FILE]

The operator's allow-list makes 127.0.0.2 stand for the Internet; 127.0.0.1 and ::1 are internal. All listen
on the same port, for names that change their address. The truth is what the internal servers count: TCP
connections, and requests on them. Ends within a minute. The bar: 0
connections with our settings, and the allowed pages answer.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.mockserver import MockServer, Page, Reply
from tests.probe import QUIET, SAFE, crawl

REBINDS = [["127.0.0.2"], ["127.0.0.1"]]
NAMES: Mapping[str, list[list[str]]] = {
    "inside.example": [["127.0.0.1"]],
    "inside6.example": [["::1"]],
    "mapped.example": [["::ffff:127.0.0.1"]],
    "mixed.example": [["127.0.0.1", "::1"]],
    "unspecified.example": [["0.0.0.0"]],
    "metadata.google.internal": [["127.0.0.1"]],
    "rebinds.example": REBINDS,
    "good.example": [["127.0.0.2"]],
}
SPELLINGS = (
    [
        "127.0.0.1",
        "127.0.0.1.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.0.0.1",
        "0177.0.0.1",
        "0",
    ]
    + ["017700000001", "0.0.0.0", "127.1.2.3", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]"]
    + [
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "①②⑦.⓪.⓪.①",
        "127。0。0。1",
        "%31%32%37.0.0.1",
    ]
    + ["localhost", "LOCALHOST", "localhost.", "x.localhost", "LocalHost."]
    + [name for name in NAMES if name != "good.example"]
)
DISAGREEMENTS = (
    "http://{inside}\\@{public}/ http:\\\\{inside}\\x http://{public}@{inside}/ http://{public}%40{inside}/"
    " http://{public}#@{inside}/ http://{public}?@{inside}/ http://{inside}#{public} http:/{inside}/"
    " http:{inside}/ http:///{inside}/ http://{public};@{inside}/ http://{inside}%09/ HTTP://{inside}/ https://{inside}/"
)
STOCK: Mapping[str, Any] = {
    **QUIET,
    "TWISTED_DNS_RESOLVER": "tests.probe.UnguardedResolver",
    "DOWNLOAD_HANDLERS": {"ftp": None},
}
"""Scrapy as it comes, but for FTP, whose client would wait a minute for a server that speaks HTTP."""

SCHEMES = "file:///etc/hostname ftp://{inside}/ data:text/html,x gopher://{inside}/ dict://{inside}/ s3://{inside}/x"


@dataclass(frozen=True)
class Outcome:
    """What one kind of settings let through."""

    tries: int
    connections: int
    requests: int
    allowed_pages: int


def tries(public: MockServer, internal: MockServer, internal6: MockServer) -> Iterator[str]:
    """The URLs of the tries, those that lead on from the allowed server included."""
    inside = f"127.0.0.1:{internal.port}"
    direct = [f"http://{host}:{internal.port}/" for host in SPELLINGS] + [internal6.url("/")]
    yield from direct
    for text in (DISAGREEMENTS + " " + SCHEMES).split():
        yield text.format(inside=inside, public=public.netloc)
    for url in [*direct, f"//{inside}/", f"///{inside}/", f"\\\\{inside}\\", "file:///etc/hostname"]:
        yield from (public.url(f"/redirect/{status}?to={quote(url)}") for status in (301, 302, 303, 307, 308))
        yield public.url(f"/meta-refresh?to={quote(url)}")
        yield public.url(f"/refresh-header?to={quote(url)}")
    for host in ("bad-robots.example", "bad-robots6.example"):
        yield f"http://{host}:{public.port}/page"


def measure() -> Mapping[str, Outcome]:
    return {"guarded": _run(SAFE), "stock Scrapy": _run(STOCK)}


def _run(settings: Mapping[str, Any]) -> Outcome:
    with ExitStack() as stack:
        secret = {"/": "secret", "/x": "secret"}
        internal = stack.enter_context(MockServer(pages=secret))
        internal6 = stack.enter_context(MockServer(host="::1", port=internal.port, pages=secret))
        pages = _pages(internal, internal6)
        public = stack.enter_context(MockServer(host="127.0.0.2", port=internal.port, pages=pages))
        urls = list(tries(public, internal, internal6))
        good = [public.url("/page"), f"http://good.example:{public.port}/page"]
        report = crawl([*urls, *good], {**settings, **_environment()})
        return Outcome(
            tries=len(urls),
            connections=internal.connections() + internal6.connections(),
            requests=internal.hits() + internal6.hits(),
            allowed_pages=report.codes[-2:].count("200"),
        )


def _pages(internal: MockServer, internal6: MockServer) -> Mapping[str, Page]:
    return {
        "/page": "allowed",
        "/robots.txt": Reply("", "text/plain", headers={"Connection": "close"}),
        "//bad-robots.example/robots.txt": Reply(status=302, headers={"Location": internal.url("/")}),
        "//bad-robots6.example/robots.txt": Reply(status=302, headers={"Location": internal6.url("/")}),
    }


def _environment() -> Mapping[str, Any]:
    """What both runs share. Answers of the resolver are not cached, so that a name can change."""
    names = {**NAMES, "bad-robots.example": [["127.0.0.2"]], "bad-robots6.example": [["127.0.0.2"]]}
    return {
        "RUNO_EGRESS_ALLOW": ["127.0.0.2"],
        "TEST_NAMES": names,
        "DNSCACHE_ENABLED": False,
        "ROBOTSTXT_OBEY": True,
        "DOWNLOAD_TIMEOUT": 2,
        "RUNO_TIMEOUT_MS": 2000,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--data", type=Path, help="not needed here; every benchmark takes it")
    parser.add_argument("--json", type=Path, help="write the numbers to this file")
    options = parser.parse_args()
    outcomes = measure()
    print(f"load {os.getloadavg()[0]:.1f}")
    for name, outcome in outcomes.items():
        print(
            f"{name:14} {outcome.tries} tries, {outcome.connections} connections, {outcome.requests} requests"
        )
    if options.json:
        options.json.write_text(
            json.dumps({name: asdict(outcome) for name, outcome in outcomes.items()}, indent=2)
        )
    guarded = outcomes["guarded"]
    passed = guarded.connections == 0 and guarded.allowed_pages == 2
    print(
        f"{'PASS' if passed else 'FAIL'}: {guarded.connections} of {guarded.tries} tries reached the inside"
    )
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
