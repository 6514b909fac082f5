"""The HTTP handler in real crawls: time budget, header limits, whose headers go where."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from scrapy import Request

from runo_spiders.net.download import is_typed, keep_headers_home
from runo_spiders.urls import origin
from tests.mockserver import MockServer
from tests.probe import SAFE, Ask, crawl

OPEN = {**SAFE, "RUNO_EGRESS_ALLOW": ["127.0.0.0/8"]}


@pytest.fixture(scope="module")
def server() -> Iterator[MockServer]:
    with MockServer() as server:
        yield server


def test_one_budget_of_time_for_all_attempts_and_redirects_of_a_url(server: MockServer) -> None:
    hop = f"/slow-redirect/0.5?to={server.url('/slow-redirect/0.5?to=' + server.url('/slow/0.5'))}"
    paths = ["/silent", "/drip", "/slow/0.7", hop, "/endless-body/"]
    report = crawl([server.url(path) for path in paths], {**OPEN, "RUNO_TIMEOUT_MS": 1000, "RETRY_TIMES": 2})
    assert report.codes == ["TIMEOUT", "TIMEOUT", "200", "TIMEOUT", "CONTENT_TOO_LARGE"]
    assert all(end.seconds < 2.5 for end in report.ends)
    assert server.hits("/silent") == 1


def test_waiting_for_a_free_slot_costs_no_budget(server: MockServer) -> None:
    settings = {**OPEN, "RUNO_TIMEOUT_MS": 600, "CONCURRENT_REQUESTS_PER_DOMAIN": 1}
    report = crawl([server.url(f"/slow/0.3/{n}") for n in range(5)], settings)
    assert report.codes == ["200"] * 5


def test_quick_failures_are_retried_within_the_budget(server: MockServer) -> None:
    report = crawl([server.url("/flaky/2/budget")], {**OPEN, "RETRY_TIMES": 2})
    assert report.codes == ["200"]


def test_headers_without_end_are_cut_and_not_tried_again(server: MockServer) -> None:
    before = server.hits("/endless-headers")
    paths = ["/endless-headers", "/many-headers/1900", "/many-headers/2100", "/long-header/200000"]
    asks = [server.url(path) for path in [*paths, "/long-header/300000"]]
    report = crawl(asks, {**OPEN, "RETRY_TIMES": 2, "CONCURRENT_REQUESTS": 1})
    large = "CONTENT_TOO_LARGE"
    assert report.codes == [large, "200", large, "200", large]
    assert server.hits("/endless-headers") == before + 1
    assert report.peak_mb < 130


def test_the_clients_own_headers_stay_with_their_origin(server: MockServer) -> None:
    with MockServer(host="127.0.0.2", pages={"/landing": "here"}) as other:
        own = {"own_headers": ["X-Api-Key", "X-Auth-Token"], "own_origin": origin(server.base)}
        headers = {"X-Api-Key": "k", "X-Auth-Token": "t", "X-Kept": "yes"}
        away = server.url(f"/redirect?to={other.url('/landing')}")
        back = server.url(f"/redirect?to={server.url('/echo/back')}")
        followed = other.url("/landing?followed")
        report = crawl([Ask(url, own, headers) for url in (away, back, followed)], OPEN)
        assert report.codes == ["200"] * 3
        assert all("x-kept" in seen and "x-api-key" not in seen for seen in other.requests("/landing"))
        assert len(other.requests("/landing")) == 2
        assert [seen["x-api-key"] for seen in server.requests("/redirect")] == ["k", "k"]
        assert server.requests("/echo/back")[0]["x-auth-token"] == "t"


def test_cookies_stay_with_their_host(server: MockServer) -> None:
    with MockServer(host="127.0.0.2", pages={"/jar": "here"}) as other:
        away = server.url(f"/redirect/302?to={other.url('/jar')}")
        crawl([Ask(away, cookies={"session": "1"})], OPEN)
        assert server.requests("/redirect/302")[0]["cookie"] == "session=1"
        assert "cookie" not in other.requests("/jar")[0]


@pytest.mark.parametrize(
    ("own_origin", "url", "kept"),
    [
        ("https://shop.example", "https://shop.example/a", True),
        ("https://shop.example", "https://SHOP.example:443/a", True),
        ("https://shop.example:443", "https://shop.example/a", True),
        ("http://shop.example:80/login", "http://shop.example/a", True),
        ("https://shop.example", "http://shop.example/a", False),
        ("https://shop.example", "https://shop.example:8443/a", False),
        ("https://shop.example", "https://www.shop.example/a", False),
        ("", "https://shop.example/a", False),
    ],
)
def test_what_counts_as_the_same_origin(own_origin: str, url: str, kept: bool) -> None:
    meta = {"own_headers": ["x-api-key"], "own_origin": own_origin}
    request = Request(url, headers={"X-Api-Key": "k"}, meta=meta)
    keep_headers_home(request)
    assert ("X-Api-Key" in request.headers) is kept


@pytest.mark.parametrize(
    ("urls", "typed"),
    [
        (["http://a.example/"], True),
        (["http://a.example/", "http://a.example/b"], True),
        (["http://a.example/", "https://a.example/"], True),
        (["http://a.example/", "http://a.example:8080/"], False),
        (["http://a.example:8080/", "https://a.example/"], False),
        (["http://a.example/", "http://b.example/"], False),
        (["http://a.example/", "http://b.example/", "http://a.example/"], True),
    ],
)
def test_a_redirect_may_leave_what_was_typed(urls: list[str], typed: bool) -> None:
    *before, now = urls
    request = Request(now, meta={"typed": True, **({"redirect_urls": before} if before else {})})
    assert is_typed(request) is typed
    assert not is_typed(Request(now))
