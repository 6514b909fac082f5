"""The connect guard in real crawls; the truth is what the forbidden server counts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from ipaddress import ip_address
from typing import Any, NamedTuple

import pytest
from scrapy.settings import Settings

from benchmarks import egress
from runo_spiders.net.guard import EgressBlocked, TypedHosts, guard_of, install, is_own
from tests.mockserver import MockServer, Page, Reply
from tests.probe import QUIET, SAFE, Ask, Report, crawl

PUBLIC = {**SAFE, "RUNO_EGRESS_ALLOW": ["127.0.0.2"]}
"""The operator opened 127.0.0.2, so that it stands for the Internet; everything else here is internal."""

TYPED = {"typed": True}


class Servers(NamedTuple):
    public: MockServer
    internal: MockServer
    internal6: MockServer


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """No test may reach the internal two; so one pair serves them all."""
    robots = Reply("", "text/plain", headers={"Connection": "close"})
    allowed: dict[str, Page] = {"/": "hello", "/robots.txt": robots}
    with (
        MockServer(pages={"/": "secret"}) as internal,
        MockServer(host="127.0.0.2", port=internal.port, pages=allowed) as public,
        MockServer(host="::1", port=internal.port, pages={"/": "secret"}) as internal6,
    ):
        yield Servers(public, internal, internal6)


def test_no_way_of_writing_or_redirecting_leads_to_a_forbidden_address() -> None:
    outcomes = egress.measure()
    guarded, stock = outcomes["guarded"], outcomes["stock Scrapy"]
    assert (guarded.connections, guarded.requests) == (0, 0)
    assert guarded.allowed_pages == stock.allowed_pages == 2
    assert stock.requests > guarded.tries / 4


def test_a_blocked_connection_is_not_retried_and_tells_no_address(servers: Servers) -> None:
    names = {"inside.example": [["127.0.0.1"]]}
    url = f"http://inside.example:{servers.internal.port}/"
    report = crawl([url], {**PUBLIC, "RETRY_TIMES": 2, "TEST_NAMES": names})
    end = report.ends[0]
    assert (end.code, end.retryable, end.exception) == ("URL_FORBIDDEN", False, "EgressBlocked")
    assert end.message == "The address is blocked by the egress policy."
    assert "retry/count" not in report.stats


def test_names_that_change_or_mix_their_addresses(servers: Servers) -> None:
    names = {
        "rebinds.example": [["127.0.0.2"], ["127.0.0.1"]],
        "mixed.example": [["127.0.0.1", "127.0.0.2"]],
        "mapped.example": [["::ffff:127.0.0.1"]],
    }
    urls = [f"http://{name}:{servers.public.port}/" for name in names]
    settings = {**PUBLIC, "TEST_NAMES": names, "DNSCACHE_ENABLED": False, "ROBOTSTXT_OBEY": True}
    robots_read = servers.public.hits("/robots.txt")
    assert crawl(urls, settings).codes == ["URL_FORBIDDEN", "200", "URL_FORBIDDEN"]
    assert servers.public.hits("/robots.txt") == robots_read + 2
    assert servers.internal.connections() == 0


def test_robots_and_its_redirects_stay_outside(servers: Servers) -> None:
    pages = {"/robots.txt": Reply(status=302, headers={"Location": servers.internal.url("/robots.txt")})}
    with MockServer(host="127.0.0.2", pages=pages) as public:
        report = crawl([public.url("/chain/0")], {**PUBLIC, "ROBOTSTXT_OBEY": True})
    assert report.codes == ["URL_FORBIDDEN"]
    assert servers.internal.connections() == 0


def test_a_typed_host_is_open_and_no_other(servers: Servers) -> None:
    public, internal, internal6 = servers
    settings = {**SAFE, "ROBOTSTXT_OBEY": True}
    asks = [
        Ask(public.url("/"), TYPED),
        Ask(public.url("/chain/1"), TYPED),
        Ask(public.url("/set-cookie")),
        Ask(public.url(f"/redirect?to={internal.url('/')}"), TYPED),
        Ask(public.url(f"/redirect?to={internal6.url('/')}"), TYPED),
    ]
    report = crawl(asks, {**settings, "CONCURRENT_REQUESTS": 1})
    assert report.codes == ["200", "200", "200", "URL_FORBIDDEN", "URL_FORBIDDEN"]
    assert (internal.connections(), internal6.connections()) == (0, 0)


def test_typed_names_and_spellings_open_the_addresses_that_they_have() -> None:
    names = {"inside.example": [["127.0.0.1"]]}
    with MockServer(pages={"/": "typed"}) as server, MockServer(host="::1", pages={"/": "typed"}) as server6:
        hosts = ["inside.example", "2130706433", "127.1"]
        asks = [Ask(f"http://{host}:{server.port}/", TYPED) for host in hosts]
        report = crawl([*asks, Ask(server6.url("/"), TYPED)], {**SAFE, "TEST_NAMES": names})
    assert report.codes == ["200"] * 4


def test_a_runner_and_the_stock_resolver_are_guarded_too(servers: Servers) -> None:
    settings = {**PUBLIC, "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver"}
    for runner in ("runner", "process"):
        report = crawl([servers.public.url("/"), servers.internal.url("/")], settings, runner=runner)
        assert report.codes == ["200", "URL_FORBIDDEN"]
    assert servers.internal.connections() == 0


def test_a_proxy_must_be_named_by_the_operators_environment(servers: Servers) -> None:
    other, target = servers.public, "http://shop.example/"
    seen = other.connections()
    with MockServer() as proxy:
        env = {"http_proxy": proxy.base, "https_proxy": f"http://localhost:{proxy.port}"}
        asks = [
            Ask(target),
            Ask(target, {"proxy": other.base}),
            Ask("http://127.0.0.1:9/"),
            Ask("https://shop.example/"),
        ]
        report = crawl(asks, PUBLIC, env=env)
        assert report.codes == ["HTTP_ERROR", "URL_FORBIDDEN", "URL_FORBIDDEN", "URL_UNREACHABLE"]
        assert (proxy.hits(target), other.connections()) == (1, seen)
        assert crawl([Ask(target, {"proxy": proxy.base})], PUBLIC).codes == ["URL_FORBIDDEN"]


def test_cookies_fetch_no_suffix_list(servers: Servers, tmp_path: Any) -> None:
    """`requests`, which would fetch the list, obeys the proxy variables; Scrapy is told not to."""
    with MockServer() as proxy:
        env = {"https_proxy": proxy.base, "http_proxy": proxy.base, "TLDEXTRACT_CACHE": str(tmp_path)}
        for settings, fetches in ((PUBLIC, False), (QUIET, True)):
            asks = [servers.public.url("/set-cookie")]
            report = crawl(asks, {**settings, "HTTPPROXY_ENABLED": False}, env=env)
            assert report.codes == ["200"]
            assert (proxy.connections() > 0) is fetches


@pytest.mark.parametrize(
    ("change", "mistake"),
    [
        ({"TWISTED_REACTOR_ENABLED": False}, "TWISTED_REACTOR_ENABLED"),
        ({"DOWNLOAD_HANDLERS": {}}, "must be None"),
        (
            {
                "DOWNLOAD_HANDLERS": {
                    **SAFE["DOWNLOAD_HANDLERS"],
                    "http": "scrapy.core.downloader.handlers._aiohttp.AiohttpDownloadHandler",
                }
            },
            "around the egress guard",
        ),
        ({"RUNO_EGRESS_ALLOW": ["intranet"]}, "RUNO_EGRESS_ALLOW: 'intranet' is no network"),
    ],
)
def test_settings_that_would_open_a_way_around_stop_the_crawl(change: dict[str, Any], mistake: str) -> None:
    report: Report = crawl(["http://127.0.0.1:9/"], {**SAFE, **change})
    assert mistake in report.mistake


class Line:
    """What a guard needs of a reactor: something that dials."""

    def __init__(self) -> None:
        self.dialled: list[tuple[str, int]] = []

    def connectTCP(self, host: str, port: int) -> None:  # noqa: N802
        self.dialled.append((host, port))


def test_one_guard_stands_at_a_reactor_and_sees_that_it_still_does() -> None:
    line = Line()
    first = install(line, Settings({"RUNO_EGRESS_ALLOW": ["10.0.0.1"]}))
    second = install(line, Settings({"RUNO_EGRESS_ALLOW": "10.0.0.2:8080,10.0.0.3"}))
    assert first is second is guard_of(line)
    line.connectTCP = line.dialled.append  # type: ignore[method-assign, assignment]
    assert guard_of(line) is None


@pytest.mark.parametrize(
    ("host", "port", "dialled"),
    [
        ("8.8.8.8", 443, True),
        ("2606:4700::6810:84e5", 80, True),
        ("::ffff:8.8.8.8", 80, True),
        ("8.8.8.8", 6379, False),
        ("10.0.0.2", 8080, True),
        ("10.0.0.2", 80, False),
        ("10.0.0.3", 80, True),
        ("10.0.0.4", 80, False),
        ("169.254.169.254", 80, False),
        ("example.com", 80, False),
        ("", 80, False),
    ],
)
def test_what_is_dialled(host: str, port: int, dialled: bool) -> None:
    line = Line()
    install(line, Settings({"RUNO_EGRESS_ALLOW": ["10.0.0.2:8080", "10.0.0.3"]}))
    with nullcontext() if dialled else pytest.raises(EgressBlocked, match="URL_FORBIDDEN"):
        line.connectTCP(host, port)
    assert line.dialled == ([(host, port)] if dialled else [])


@pytest.mark.parametrize(("address", "own"), [("127.0.0.1", True), ("::1", True), ("198.51.100.7", False)])
def test_own_addresses(address: str, own: bool) -> None:
    assert is_own(ip_address(address)) is own


def test_typed_hosts_are_bounded_and_shared_addresses_survive() -> None:
    hosts = TypedHosts(2)
    hosts.add("a", 80, ("10.0.0.1", "10.0.0.2"))
    hosts.add("b", 80, ("10.0.0.2",))
    assert hosts.knows("a", 80)
    hosts.add("c", 80, ("10.0.0.3",))
    assert (hosts.knows("b", 80), hosts.opens("10.0.0.2", 80)) == (False, True)
    hosts.add("d", 8080, ("10.0.0.4",))
    assert not hosts.knows("a", 80)
    assert not hosts.opens("10.0.0.2", 80)
    assert not hosts.opens("10.0.0.4", 80)
    hosts.add("nowhere", 80, ())
    assert not hosts.knows("nowhere", 80)
