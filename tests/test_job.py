from __future__ import annotations

from typing import Any

import pytest

from runo_spiders.errors import UsageMistake
from runo_spiders.job import JobSpec

LIST = {"urls": "https://a.example", "schema": "product"}
CRAWL = {"seed_url": "https://a.example", "follow_pattern": "https://a.example/*", "schema": "product"}


def test_arguments_as_the_command_line_gives_them_become_typed() -> None:
    job = JobSpec.parse(
        {
            **LIST,
            "limit": "5",
            "fail_fast": "true",
            "require": "name, price",
            "timeout_ms": "2000",
            "date_filter": '{"field": "date", "after": "2026-01-01"}',
        }
    )
    assert (job.limit, job.fail_fast, job.require, job.timeout_ms) == (5, True, ("name", "price"), 2000)
    assert job.date_filter is not None
    assert str(job.date_filter.after) == "2026-01-01"


def test_a_crawl_has_its_defaults() -> None:
    job = JobSpec.parse({**CRAWL, "follow_pattern": "https://a.example/p/*,https://a.example/c/*"})
    assert job.crawls
    assert (job.max_depth, job.max_pages) == (2, 100)
    assert job.follow_pattern == ("https://a.example/p/*", "https://a.example/c/*")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({}, "give urls, html_dir or seed_url"),
        ({"urls": "https://a.example"}, "argument schema: is missing"),
        ({**LIST, "seed_url": "https://a.example"}, "give only one of urls and seed_url"),
        (
            {"seed_url": "https://a.example", "schema": "x"},
            "argument follow_pattern: is needed with seed_url",
        ),
        ({**CRAWL, "seed_url": "a.example"}, "argument seed_url: 'a.example' is not an absolute"),
        ({**LIST, "max_page": "3"}, "argument max_page: is unknown, did you mean max_pages?"),
        ({**LIST, "zzz": "3"}, "argument zzz: is unknown, known are urls"),
        ({**LIST, "limit": "0"}, "argument limit: input should be greater than or equal to 1, got '0'"),
        ({**LIST, "limit": "many"}, "argument limit: input should be a valid integer"),
        ({**LIST, "render_js": "always"}, "argument render_js: input should be 'auto' or 'never'"),
        ({**LIST, "date_filter": "{"}, "argument date_filter: is not JSON"),
        (
            {**LIST, "date_filter": '{"field": "d", "after": "soon"}'},
            "argument date_filter.after: input should",
        ),
        ({**LIST, "timeout_ms": "5"}, "argument timeout_ms: input should be greater than or equal to 100"),
        ({**LIST, "urls": "nowhere.txt"}, "argument urls: 'nowhere.txt' is neither a URL nor a file"),
        ({**LIST, "headers_file": "nowhere"}, "argument headers_file: 'nowhere' is not a file"),
        ({"html_dir": "nowhere", "schema": "x"}, "argument html_dir: 'nowhere' is not a folder"),
    ],
)
def test_a_wrong_argument_is_one_sentence_that_names_it(arguments: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageMistake) as mistake:
        JobSpec.parse(arguments)
    assert str(mistake.value).startswith(sentence)
    assert "\n" not in str(mistake.value)


@pytest.mark.parametrize("name", ["headers", "cookies"])
def test_secrets_are_not_taken_from_the_command_line_nor_repeated(name: str) -> None:
    with pytest.raises(UsageMistake) as mistake:
        JobSpec.parse({**LIST, name: "canary"})
    assert f"{name}_file" in str(mistake.value)
    assert "canary" not in str(mistake.value)
