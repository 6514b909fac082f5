"""The main job through real crawls of a real server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crawling import PRODUCT, crawl, product_page, scrapy
from tests.mockserver import MockServer, Reply

PDF = Reply(b"%PDF-1.7 not really", "text/html")
LISTING = "<!doctype html><title>List</title>" + "".join(
    f'<div class="card"><h2 class="name">Kettle {n}</h2><span class="price">${n}.50</span></div>'
    for n in range(1, 6)
)
RECORDS = {
    "type": "array",
    "items": {"type": "object", "properties": {"name": {"type": "string"}, "price": {"type": "number"}}},
}


@pytest.fixture(scope="module")
def site() -> Iterator[MockServer]:
    pages: dict[str, str | Reply] = {f"/p/{n}": product_page(f"Kettle {n}", f"${n}.50") for n in range(1, 30)}
    pages |= {
        "/": '<a href="/p/1">1</a><a href="/list">list</a><a href="/secret/1">-</a><a href="//b.test">b</a>',
        "/list": '<a href="/p/2">2</a><a href="/p/3#x">3</a><a href="/p/3">3</a><a href="/deep">deep</a>',
        "/deep": '<a href="/p/9">9</a>',
        "/robots.txt": Reply(
            "User-agent: *\nDisallow: /secret/\nSitemap: {{base}}/sitemap.xml\n", "text/plain"
        ),
        "/sitemap.xml": Reply(
            '<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">'
            "<url><loc>{{base}}/p/20</loc></url><url><loc>{{base}}/secret/2</loc></url></urlset>",
            "application/xml",
        ),
        "/secret/1": product_page("Secret"),
        "/secret/2": product_page("Secret"),
        "/pdf": PDF,
        "/contradicts": product_page(
            "Kettle",
            "$9.99",
            '<script type="application/ld+json">'
            '{"@type": "Product", "name": "Kettle", "offers": {"price": "5.00"}}</script>',
        ),
        "/nothing": "<!doctype html><p>Nothing of the kind here.</p>",
        "/records/1": LISTING,
        "/records/2": LISTING,
        "/records/3": LISTING,
    }
    with MockServer(pages=pages) as server:
        yield server


def test_one_row_per_url_whatever_happens_to_it(site: MockServer, tmp_path: Path) -> None:
    urls = [
        site.url("/p/1"),
        site.url("/status/404"),
        site.url("/pdf"),
        site.url("/secret/1"),
        "http://127.0.0.1:1/dead",
        site.url("/nothing"),
        site.url("/status/503"),
    ]
    run = crawl(tmp_path, urls=",".join(urls), schema=PRODUCT)
    assert run.codes() == [
        "success",
        "HTTP_ERROR",
        "CONTENT_UNSUPPORTED",
        "ROBOTS_FORBIDDEN",
        "URL_UNREACHABLE",
        "success",
        "HTTP_ERROR",
    ]
    assert run.status == 3
    assert run.row(0)["data"] == {"name": "Kettle 1", "price": 1.5}
    assert run.row(0)["evidence"]["/price"]["text"] == "$1.50"
    assert run.row(1)["http_status"] == 404
    assert run.row(1)["error"]["retryable"] is False
    assert run.row(6)["error"]["retryable"] is True
    assert run.row(5)["data"] == {"name": None, "price": None}
    assert run.row(5)["warnings"][0].startswith("NOTHING_FOUND")
    assert site.hits("/secret/1") == 0
    assert "Traceback" not in run.stderr


def test_structured_data_that_contradicts_the_visible_text_is_reported(
    site: MockServer, tmp_path: Path
) -> None:
    run = crawl(tmp_path, urls=site.url("/contradicts"), schema=PRODUCT)
    assert run.row(0)["data"]["price"] == 5.0
    assert "/price: structured data says 5, the page shows $9.99" in run.row(0)["warnings"]
    assert run.row(0)["render_mode"] == "structured"


def test_the_same_url_twice_is_two_rows_and_one_fetch(site: MockServer, tmp_path: Path) -> None:
    before = site.hits("/p/10")
    twins = [site.url("/p/10"), site.url("/p/11"), site.url("/p/10#again"), site.url("/p/10")]
    run = crawl(tmp_path, urls=",".join(twins), schema=PRODUCT)
    assert [run.row(n)["url"] for n in range(4)] == twins
    assert run.row(0)["data"] == run.row(2)["data"] == run.row(3)["data"]
    assert [run.row(n)["usage"]["fetches"] for n in (0, 2, 3)] == [1, 0, 0]
    assert site.hits("/p/10") == before + 1


def test_urls_come_from_standard_input_and_bad_ones_are_rows(site: MockServer, tmp_path: Path) -> None:
    lines = f'{site.url("/p/1")}\n# a comment\nnot a url\n{{"url": "{site.url("/p/2")}", "id": 7}}\n'
    run = crawl(tmp_path, urls="-", schema=PRODUCT, stdin=lines)
    assert run.codes() == ["success", "URL_INVALID", "success"]
    assert run.row(2)["extra"] == {"id": "7"}


def test_other_columns_of_a_csv_reach_the_output(site: MockServer, tmp_path: Path) -> None:
    path = tmp_path / "urls.csv"
    path.write_text(f"sku,url\nA1,{site.url('/p/1')}\nA2,{site.url('/status/500')}\n")
    run = crawl(tmp_path, urls=path, schema=PRODUCT, limit=2)
    assert [run.row(n)["extra"] for n in range(2)] == [{"sku": "A1"}, {"sku": "A2"}]


def test_saved_pages_need_no_network(tmp_path: Path) -> None:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "a.html").write_text(product_page("Lamp", "$7.00"))
    (pages / "b.html").write_text("")
    run = crawl(tmp_path, html_dir=pages, schema=PRODUCT)
    assert run.codes() == ["success", "CONTENT_EMPTY"]
    assert run.row(0)["data"] == {"name": "Lamp", "price": 7.0}


def test_a_crawl_follows_patterns_reads_sitemaps_and_obeys_robots(site: MockServer, tmp_path: Path) -> None:
    run = crawl(
        tmp_path,
        seed_url=site.base,
        follow_pattern=site.url("/*"),
        item_pattern=site.url("/p/*"),
        schema=PRODUCT,
    )
    assert {row["url"].rpartition("/")[2] for row in run.rows} == {"1", "2", "3", "20"}
    assert sorted(row["index"] for row in run.rows) == [0, 1, 2, 3]
    assert set(run.codes()) == {"success"}
    assert run.status == 0
    assert site.hits("/secret/1") == site.hits("/secret/2") == 0


def test_a_crawl_of_pages_that_are_all_rows_stops_at_max_pages(site: MockServer, tmp_path: Path) -> None:
    run = crawl(
        tmp_path, seed_url=site.base, follow_pattern=site.url("/*"), max_pages=3, max_depth=1, schema=PRODUCT
    )
    assert len(run.rows) == 3
    assert run.rows[0]["url"] == site.base


def test_a_seed_that_fails_is_a_row(site: MockServer, tmp_path: Path) -> None:
    run = crawl(tmp_path, seed_url=site.url("/status/404"), follow_pattern=site.url("/p/*"), schema=PRODUCT)
    assert run.codes() == ["HTTP_ERROR"]
    assert run.status == 4


def test_fail_fast_cancels_what_was_not_fetched(site: MockServer, tmp_path: Path) -> None:
    urls = [site.url("/status/404"), *(site.url(f"/slow/0.2?{n}") for n in range(40))]
    run = crawl(tmp_path, urls=",".join(urls), schema=PRODUCT, fail_fast="true", concurrency=2)
    codes = run.codes()
    assert len(codes) == 41
    assert codes[0] == "HTTP_ERROR"
    assert codes.count("JOB_CANCELLED") > 30


def test_a_root_array_gives_all_records_and_caps_cut_them(site: MockServer, tmp_path: Path) -> None:
    urls = ",".join(site.url(f"/records/{n}") for n in (1, 2, 3))
    run = crawl(tmp_path, urls=urls, schema=RECORDS)
    assert [len(row["data"]) for row in run.rows] == [5, 5, 5]
    assert run.row(0)["data"][2] == {"name": "Kettle 3", "price": 3.5}

    capped = crawl(tmp_path, urls=urls, schema=RECORDS, max_items_per_url=4, max_total_items=6)
    assert [len(capped.row(n)["data"]) for n in range(3)] == [4, 2, 0]
    assert capped.codes() == ["success"] * 3


def test_a_required_field_that_is_missing_makes_an_error_row(site: MockServer, tmp_path: Path) -> None:
    urls = f"{site.url('/p/1')},{site.url('/nothing')}"
    run = crawl(tmp_path, urls=urls, schema=PRODUCT, require="price")
    assert run.codes() == ["success", "REQUIRED_MISSING"]
    assert "price" in run.row(1)["error"]["message"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["-a", "schema=product"], "give urls, html_dir or seed_url"),
        (["-a", "urls=https://a.example", "-a", "schema=nosuch"], "nosuch"),
        (["-a", "urls=https://a.example", "-a", 'schema=[{"field":"a","type":"flaot"}]'], "/0/type"),
        (["-a", "urls=https://a.example", "-a", "schema=product", "-a", "require=colour"], "'colour'"),
        (
            ["-a", "urls=https://a.example", "-a", "schema=product", "-a", "max_total_items=3"],
            "root is an array",
        ),
    ],
)
def test_a_wrong_argument_is_one_sentence_and_exit_status_2(arguments: list[str], sentence: str) -> None:
    done = scrapy("crawl", "schema", *arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) == 1
    assert sentence in done.stderr


def test_rows_of_a_crawl_can_be_had_as_a_batch_answer(site: MockServer, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    urls = ",".join(site.url(path) for path in ("/slow/1", "/p/1", "/status/404"))
    done = scrapy(
        "crawl", "schema", "-a", f"urls={urls}", "-a", f"schema={json.dumps(PRODUCT)}", "-O", f"{out}:batch"
    )
    assert done.returncode == 3
    answer = json.loads(out.read_text())
    assert answer["cancelled"] is False
    assert [row["url"] for row in answer["results"]] == urls.split(",")
