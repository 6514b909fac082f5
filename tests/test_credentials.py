"""Headers and cookies reach the site that was asked for, and nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.job import JobSpec
from runo_spiders.net.credentials import Credentials
from tests.crawling import PRODUCT, crawl, product_page, scrapy
from tests.mockserver import MockServer, Reply

CANARY = "canary-5d1f"


@pytest.fixture(scope="module")
def sites() -> Iterator[tuple[MockServer, MockServer]]:
    with MockServer(host="127.0.0.2", pages={"/p": product_page("Other"), "/robots.txt": ""}) as other:
        pages: dict[str, str | Reply] = {
            "/p": product_page("Kettle"),
            "/away": Reply("", status=302, headers={"Location": other.url("/p")}),
            "/": f'<a href="/p">here</a><a href="{other.url("/p")}">there</a>',
            "/robots.txt": "",
        }
        with MockServer(pages=pages) as own:
            yield own, other


def credentials(tmp_path: Path, headers: str = "", cookies: str = "") -> Credentials:
    arguments = {"urls": "https://a.example", "schema": "product"}
    for name, text in (("headers_file", headers), ("cookies_file", cookies)):
        if text:
            (tmp_path / name).write_text(text)
            arguments[name] = str(tmp_path / name)
    return Credentials.of(JobSpec.parse(arguments))


@pytest.mark.parametrize("text", ['{"X-Key": "1", "B": "2"}', "X-Key: 1\nB:2\n"])
def test_headers_are_json_or_lines(tmp_path: Path, text: str) -> None:
    assert credentials(tmp_path, headers=text).headers == {"X-Key": "1", "B": "2"}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("session=1; token=a=b", ["session", "token"]),
        ('{"session": "1"}', ["session"]),
        ("# Netscape HTTP Cookie File\na.example\tFALSE\t/\tFALSE\t0\tsession\t1\n", ["session"]),
    ],
)
def test_cookies_are_a_header_json_or_a_netscape_file(tmp_path: Path, text: str, names: list[str]) -> None:
    assert [cookie["name"] for cookie in credentials(tmp_path, cookies=text).cookies] == names


@pytest.mark.parametrize("text", [f"{CANARY}", f'{{"a": {CANARY}}}', f'{{"a": ["{CANARY}"]}}'])
def test_what_cannot_be_read_is_refused_without_repeating_it(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageMistake) as mistake:
        credentials(tmp_path, headers=text)
    assert CANARY not in str(mistake.value)


def test_they_are_sent_to_their_origin_only_and_never_logged(
    sites: tuple[MockServer, MockServer], tmp_path: Path
) -> None:
    own, other = sites
    (tmp_path / "headers").write_text(f"X-Key: {CANARY}-h")
    (tmp_path / "cookies").write_text(f"session={CANARY}-c")
    run = crawl(
        tmp_path,
        urls=f"{own.url('/p')},{own.url('/away')}",
        schema=PRODUCT,
        headers_file=tmp_path / "headers",
        cookies_file=tmp_path / "cookies",
        settings={"RUNO_EGRESS_ALLOW": "127.0.0.2/32", "LOG_LEVEL": "DEBUG"},
    )
    assert run.codes() == ["success", "success"]
    (sent,) = own.requests("/p")
    assert (sent["x-key"], sent["cookie"]) == (f"{CANARY}-h", f"session={CANARY}-c")
    (led_away,) = other.requests("/p")
    assert "x-key" not in led_away
    assert "cookie" not in led_away
    assert CANARY not in run.stderr + run.stdout + str(run.rows)


def test_the_environment_serves_too_and_links_to_others_get_nothing(
    sites: tuple[MockServer, MockServer], tmp_path: Path
) -> None:
    own, other = sites
    before_own, before_other = len(own.requests("/p")), len(other.requests("/p"))
    follow = f"{own.url('/p')},{other.url('/p')}"
    done = scrapy(
        *("crawl", "schema", "-a", f"seed_url={own.base}", "-a", f"follow_pattern={follow}"),
        *("-a", "schema=product", "-s", "RUNO_EGRESS_ALLOW=127.0.0.2/32", "-O", str(tmp_path / "o.jsonl")),
        RUNO_HEADERS=f"X-Key: {CANARY}",
        RUNO_COOKIES=f"session={CANARY}",
    )
    assert done.returncode == 0, done.stderr
    assert own.requests("/p")[before_own]["x-key"] == CANARY
    (there,) = other.requests("/p")[before_other:]
    assert CANARY not in str(there)
