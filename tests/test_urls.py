from __future__ import annotations

import pytest

from runo_spiders.urls import UrlPatterns, fault_of, host_and_port, identity, is_local


@pytest.mark.parametrize(
    ("glob", "url", "matches"),
    [
        ("https://example.com/p/*", "https://example.com/p/1", True),
        ("https://example.com/p/*", "https://example.com/p/1/reviews?page=2", True),
        ("https://example.com/p/*", "https://example.com/q/1", False),
        ("https://example.com/*", "https://example.com", True),
        ("https://example.com", "https://example.com/", True),
        ("https://EXAMPLE.com/*", "https://example.com/a", False),
        ("https://example.com/*", "HTTPS://Example.COM/a", True),
        ("https://example.com/a.b", "https://example.com/axb", False),
        ("https://example.com/p/*", "https://example.com/p/1#reviews", True),
        ("*", "https://example.com/anything", True),
    ],
)
def test_globs_cross_slashes_and_match_the_normalised_url(glob: str, url: str, matches: bool) -> None:
    assert UrlPatterns((glob,)).match(url) is matches


def test_several_globs_match_if_any_does_and_none_match_nothing() -> None:
    assert UrlPatterns(("https://a.example/*", "https://b.example/*")).match("https://b.example/x")
    assert not UrlPatterns(()).match("https://b.example/x")


def test_a_glob_of_many_stars_cannot_blow_up() -> None:
    assert not UrlPatterns(("https://e.example/" + "*a" * 30,)).match(
        "https://e.example/" + "a" * 29 + "b" * 200
    )


@pytest.mark.parametrize(
    "url",
    [
        "example.com/p/1",
        "/p/1",
        "ftp://example.com/x",
        "file:///etc/hostname",
        "javascript:alert(1)",
        "http://",
        "http:///path",
        "http://user:secret@example.com/",
        "http://example.com\\@evil.example/",
        "http://exam\nple.com/",
        "http://example.com:99999/",
        "http://example.com:0/",
        "http://[::1",
        "http://example.com/" + "a" * 9000,
        "",
    ],
)
def test_what_is_no_absolute_web_url_has_a_fault(url: str) -> None:
    assert fault_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "HTTP://EXAMPLE.com:8080/a b?q=ü#x",
        "http://[::1]:80/",
        "http://bücher.example/",
    ],
)
def test_a_web_url_has_no_fault(url: str) -> None:
    assert fault_of(url) is None


def test_two_links_to_one_page_have_one_identity() -> None:
    assert identity("http://e.example/a?b=1&a=2#top") == identity("http://e.example/a?a=2&b=1")
    assert identity("http://e.example/a") != identity("http://e.example/b")


def test_host_and_port_come_with_the_default_of_the_scheme() -> None:
    assert host_and_port("https://Example.com/x") == ("example.com", 443)
    assert host_and_port("http://localhost:8000") == ("localhost", 8000)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000/", True),
        ("http://127.0.0.1/", True),
        ("http://10.1.2.3/", True),
        ("http://[::1]/", True),
        ("http://example.com/", False),
        ("http://8.8.8.8/", False),
    ],
)
def test_local_is_told_by_the_spelling_of_the_host(url: str, local: bool) -> None:
    assert is_local(url) is local
