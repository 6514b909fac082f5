"""robots.txt in real crawls; the truth is what the server counts."""

from __future__ import annotations

from typing import Any

from tests.mockserver import MockServer, Page, Reply
from tests.probe import QUIET, SAFE, Ask, crawl

OBEY = {**SAFE, "ROBOTSTXT_OBEY": True, "RUNO_EGRESS_ALLOW": ["127.0.0.0/8"]}
STOCK = {**QUIET, "ROBOTSTXT_OBEY": True}
NO_SECRETS = "User-agent: *\nDisallow: /secret\n"


def text(body: str | bytes, status: int = 200) -> Reply:
    return Reply(body, "text/plain", status)


def test_requests_that_wait_together_are_all_held_to_the_rules() -> None:
    """Scrapy's own middleware lets some of them through, which shows that the test can fail."""
    pages: dict[str, Page] = {f"/secret/{n}": "secret" for n in range(20)}
    pages["/robots.txt"] = text(NO_SECRETS)
    for settings, leaks in ((OBEY, False), (STOCK, True)):
        with MockServer(pages=pages) as server:
            crawl([server.url(path) for path in pages], settings)
            hits = sum(server.hits(f"/secret/{n}") for n in range(20))
            assert (hits > 0) is leaks


MEANINGS: list[tuple[Reply, str]] = [
    (text(NO_SECRETS), "ROBOTS_FORBIDDEN"),
    (text("\ufeff" + NO_SECRETS), "ROBOTS_FORBIDDEN"),
    (text(NO_SECRETS.replace("\n", "\r\n")), "ROBOTS_FORBIDDEN"),
    (text("#" * 400_000 + "\n" + NO_SECRETS), "ROBOTS_FORBIDDEN"),
    (text("User-agent: other\nDisallow: /\n\n" + NO_SECRETS), "ROBOTS_FORBIDDEN"),
    (text("User-agent: other\nDisallow: /\n"), "200"),
    (text("User-agent: *\nDisallow: /sec\nAllow: /secret/c\n"), "200"),
    (text("#" * 600_000 + "\n" + NO_SECRETS), "200"),
    (text(bytes(range(256)) * 40), "200"),
    (Reply("<html><body>Disallow: /</body></html>"), "200"),
    (text(""), "200"),
    (text("gone", 404), "200"),
    (text("User-agent: *\nDisallow: /\n", 403), "200"),
    (text("User-agent: *\nAllow: /\n", 500), "ROBOTS_FORBIDDEN"),
    (text("User-agent: *\nAllow: /\n", 503), "ROBOTS_FORBIDDEN"),
    (Reply(status=302, headers={"Location": "/rules.txt"}), "ROBOTS_FORBIDDEN"),
    (Reply(status=302, headers={"Location": "/loop"}), "200"),
    (Reply(status=302, headers={"Location": "/chain/3"}), "200"),
    (Reply(status=302), "200"),
    (Reply(status=302, headers={"Location": "/silent"}), "TIMEOUT"),
    (Reply(status=302, headers={"Location": "/endless-body"}), "200"),
    (Reply(status=302, headers={"Location": "/reset"}), "URL_UNREACHABLE"),
]
"""A robots.txt, and how a request for `/secret/...` ends under it."""


def test_what_a_robots_txt_means() -> None:
    hosts = [f"case{n}.example" for n in range(len(MEANINGS))]
    pages: dict[str, Page] = {"/rules.txt": text(NO_SECRETS)}
    for host, (robots, _) in zip(hosts, MEANINGS, strict=True):
        pages[f"//{host}/robots.txt"] = robots
        pages[f"/secret/{host}"] = "secret"
    names = {host: [["127.0.0.1"]] for host in hosts}
    with MockServer(pages=pages) as server:
        urls = [f"http://{host}:{server.port}/secret/{host}" for host in hosts]
        report = crawl(urls, {**OBEY, "RUNO_TIMEOUT_MS": 2000, "TEST_NAMES": names})
        assert report.codes == [code for _, code in MEANINGS]
        reached = [code == "200" for _, code in MEANINGS]
        assert [server.hits(f"/secret/{host}") == 1 for host in hosts] == reached


def test_a_server_error_may_be_better_next_time_and_a_rule_not() -> None:
    names = {name: [["127.0.0.1"]] for name in ("rule.example", "error.example")}
    pages: dict[str, Page] = {
        "//rule.example/robots.txt": text(NO_SECRETS),
        "//error.example/robots.txt": text("", 500),
    }
    with MockServer(pages=pages) as server:
        report = crawl(
            [f"http://{name}:{server.port}/secret" for name in names], {**OBEY, "TEST_NAMES": names}
        )
    assert [end.retryable for end in report.ends] == [False, True]
    assert report.codes == ["ROBOTS_FORBIDDEN"] * 2


def test_a_dead_host_is_dialled_for_robots_only() -> None:
    with MockServer(pages={"/robots.txt": Reply(status=302, headers={"Location": "/reset"})}) as server:
        asks = [server.url(f"/chain/0?page={n}") for n in range(10)]
        report = crawl(asks, {**OBEY, "RETRY_TIMES": 2})
        assert report.codes == ["URL_UNREACHABLE"] * 10
        assert server.hits("/robots.txt") == 1
        assert server.hits("/reset") <= 3  # Twisted itself sends anew what breaks on a connection it kept
        assert server.hits("/chain/0") == 0


def test_sitemaps_user_agents_and_requests_that_need_not_obey() -> None:
    lines = [
        "Sitemap: {{base}}/a.xml",
        "Sitemap: /b.xml",
        "Sitemap: {{base}}/a.xml",
        "Sitemap: file:///etc/passwd",
    ]
    robots = "\n".join([*lines, "User-agent: picky", "Disallow: /", "User-agent: *", "Allow: /"])
    pages: dict[str, Page] = {"/robots.txt": text(robots), "/page": "page"}
    with MockServer(pages=pages) as server:
        url = server.url("/page")
        assert crawl([url], OBEY).sitemaps == {url: [server.url("/a.xml"), server.url("/b.xml")]}
        picky: dict[str, Any] = {**OBEY, "USER_AGENT": "Picky/1.0 (+https://example.com)"}
        assert crawl([url, Ask(url, {"dont_obey_robotstxt": True})], picky).codes == [
            "ROBOTS_FORBIDDEN",
            "200",
        ]
        assert crawl([url], {**picky, "ROBOTSTXT_USER_AGENT": "other"}).codes == ["200"]
        assert crawl([url], {**picky, "ROBOTSTXT_OBEY": False}).codes == ["200"]
        assert server.hits("/robots.txt") == 3
