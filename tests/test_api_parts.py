"""The parts of the job API that need no server: routes, strict JSON, bodies, limits, OpenAPI."""

from __future__ import annotations

import time
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from runo_spiders.api.bodies import BatchBody, CrawlBody, ExtractBody, checked
from runo_spiders.api.faults import CODES, Fault, fault_of
from runo_spiders.api.limits import RateLimits
from runo_spiders.api.openapi import description_of
from runo_spiders.api.orders import order_of
from runo_spiders.api.rows import Wanted, answer_of, result_of
from runo_spiders.api.strict_json import DEEPEST, read_json
from runo_spiders.api.table import ROUTES
from runo_spiders.errors import PageFailure, SchemaError, UsageMistake, describe
from runo_spiders.items import Row
from runo_spiders.store.charges import Allowance
from runo_spiders.store.records import Key
from tests.crawling import PRODUCT

URL = "https://shop.example/p/1"


def key(**changes: Any) -> Key:
    facts: dict[str, Any] = {
        "id": "k",
        "owner": "o",
        "name": "n",
        "kind": "live",
        "schema": None,
        "operator": False,
        "per_minute": None,
        "per_month": None,
        "balance": None,
        "created_at": 0.0,
        "expires_at": None,
        "revoked_at": None,
        "last_used_at": None,
    }
    return Key(**{**facts, **changes})


def code_of(body: bytes) -> str:
    with pytest.raises(Fault) as caught:
        read_json(body)
    return caught.value.code


# Routes


@pytest.mark.parametrize("path", ["/v1/jobs/job_1", "/v1/jobs/job_1/"])
def test_a_trailing_slash_makes_no_difference(path: str) -> None:
    match = ROUTES.find("GET", path)
    assert (match.route.path, match.names) == ("/v1/jobs/{job}", {"job": "job_1"})


def test_names_in_a_path_are_decoded() -> None:
    assert ROUTES.find("GET", "/v1/jobs/a%2Fb%20c").names == {"job": "a/b c"}


def test_head_goes_where_get_goes() -> None:
    assert ROUTES.find("HEAD", "/v1/jobs") == ROUTES.find("GET", "/v1/jobs")


def test_a_wrong_method_is_told_which_are_right() -> None:
    with pytest.raises(Fault) as caught:
        ROUTES.find("PUT", "/v1/jobs/job_1")
    assert caught.value.code == "METHOD_NOT_ALLOWED"
    assert caught.value.headers == {"Allow": "DELETE, GET, HEAD"}


def test_an_unknown_path_is_not_found() -> None:
    with pytest.raises(Fault) as caught:
        ROUTES.find("GET", "/v1/nothing")
    assert caught.value.code == "NOT_FOUND"


def test_every_code_of_a_route_is_in_the_table() -> None:
    assert {code for route in ROUTES.table for code in route.errors} <= set(CODES)


# JSON


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": 1e999}',
        b'{"a": 1, "a": 2}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 900_000,
        b"[" * (DEEPEST + 1) + b"]" * (DEEPEST + 1),
        b'{"a":' * 500 + b"1" + b"}" * 500,
    ],
    ids=lambda body: repr(body[:12]),
)
def test_what_readers_could_read_differently_is_refused(body: bytes) -> None:
    assert code_of(body) == "BODY_INVALID"


def test_a_body_of_ordinary_depth_and_pairs_of_surrogates_is_read() -> None:
    assert read_json(b'{"a": ["\\ud83d\\ude00", {"b": 1.5}]}') == {"a": ["\U0001f600", {"b": 1.5}]}


# Bodies


@pytest.mark.parametrize(
    ("model", "value", "said"),
    [
        (ExtractBody, {}, "url: field required"),
        (ExtractBody, [], "body: "),
        (ExtractBody, {"url": 1}, "url: "),
        (ExtractBody, {"url": URL, "nope": 1}, "nope: is unknown"),
        (ExtractBody, {"url": URL, "options": {"timeout": 1}}, "options.timeout: is unknown"),
        (ExtractBody, {"url": URL, "options": {"timeout_ms": "15000"}}, "options.timeout_ms: "),
        (ExtractBody, {"url": URL, "options": {"timeout_ms": 1}}, "options.timeout_ms: "),
        (ExtractBody, {"url": URL, "options": {"fail_fast": True}}, "options.fail_fast: is unknown"),
        (ExtractBody, {"url": URL, "options": {"headers": {"a": "b\r\nc: d"}}}, "options.headers.a: "),
        (BatchBody, {"urls": []}, "urls: list should have at least 1 item"),
        (BatchBody, {"urls": [URL, 3]}, "urls.1: "),
        (CrawlBody, {"seed_url": URL, "crawl": {"follow_pattern": "*"}}, "crawl.max_pages: field required"),
    ],
)
def test_a_body_that_is_not_understood_is_named_by_its_path(model: Any, value: Any, said: str) -> None:
    with pytest.raises(Fault) as caught:
        checked(model, value)
    assert caught.value.code == "REQUEST_INVALID"
    assert caught.value.message.startswith(said)


def test_secrets_are_not_quoted_in_a_refusal() -> None:
    with pytest.raises(Fault) as caught:
        checked(ExtractBody, {"url": URL, "options": {"cookies": "canary\x00"}})
    assert "canary" not in caught.value.message


# Orders


def extract(**members: Any) -> Any:
    return checked(ExtractBody, {"url": URL, **members})


def crawl(max_pages: int, **rules: Any) -> Any:
    rules = {"follow_pattern": "https://shop.example/*", "max_pages": max_pages, **rules}
    return checked(CrawlBody, {"seed_url": URL, "schema": PRODUCT, "crawl": rules})


def refusal(body: Any, of: Key | None = None) -> str:
    with pytest.raises((Fault, SchemaError, UsageMistake)) as caught:
        order_of(body, of, None, None)
    return fault_of(caught.value).code


def test_the_options_become_arguments_and_the_secrets_do_not() -> None:
    options = {
        "timeout_ms": 900,
        "locale": "de",
        "process_images": True,
        "cookies": "a=b",
        "headers": {"X": "y"},
    }
    order = order_of(extract(schema=PRODUCT, options=options), None, None, None)
    expected = {"schema": PRODUCT, "timeout_ms": 900, "locale": "de", "render_js": "auto"}
    assert dict(order.arguments) == expected
    assert dict(order.secrets) == {"headers": '{"X": "y"}', "cookies": "a=b"}
    assert (order.endpoint, order.units) == ("/extract", 1)


def test_a_dynamic_key_needs_a_schema_and_a_static_one_brings_it() -> None:
    static = key(kind="static", schema=PRODUCT)
    assert refusal(extract()) == "SCHEMA_REQUIRED"
    assert refusal(extract(schema=PRODUCT), static) == "SCHEMA_NOT_ALLOWED"
    assert order_of(extract(), static, None, None).arguments["schema"] == PRODUCT


@pytest.mark.parametrize("schema", [[], [{"field": "a", "type": "nope"}], "product", 3, {"type": "string"}])
def test_a_malformed_schema_is_told_as_such(schema: Any) -> None:
    assert refusal(extract(schema=schema)) == "SCHEMA_INVALID"


def test_there_is_no_browser_yet() -> None:
    assert refusal(extract(schema=PRODUCT, options={"render_js": "always"})) == "RENDER_UNAVAILABLE"


@pytest.mark.parametrize(
    ("asked", "quota", "large", "granted"),
    [(100, 41, False, 10), (100, 41, True, 100), (5, 41, False, 5), (100, None, False, 100)],
)
def test_a_crawl_takes_no_more_than_a_quarter_of_what_is_left(
    asked: int, quota: int | None, large: bool, granted: int
) -> None:
    order = order_of(crawl(asked, allow_large_crawl=large), key(), Allowance(quota, 0), None)
    assert (order.units, order.arguments["max_pages"]) == (granted, granted)


def test_a_crawl_of_nothing_is_refused() -> None:
    with pytest.raises(Fault) as caught:
        order_of(crawl(100), key(), Allowance(3, 0), None)
    assert caught.value.code == "QUOTA_EXCEEDED"


# Rows


def test_a_cancelled_url_has_no_message_as_in_runos_sample() -> None:
    row = describe(PageFailure("JOB_CANCELLED"), URL, 3)
    error = {"code": "JOB_CANCELLED", "retryable": False}
    assert result_of(row, Wanted()) == {"url": URL, "status": "error", "error": error}
    assert answer_of(row, Wanted()) == {"status": "error", "error": error}


def test_a_result_has_runos_keys_and_no_others() -> None:
    row = Row(URL, "success", 0, "fetch", {"a": None}, http_status=200, final_url=URL)
    plain = result_of(row, Wanted())
    assert list(plain) == ["url", "status", "render_mode", "data", "images_processed"]
    assert set(result_of(row, Wanted(evidence=True, usage=True))) - set(plain) == {"evidence", "usage"}


# Limits


def test_the_bucket_of_a_key_is_filled_with_time() -> None:
    now = [0.0]
    limits = RateLimits(lambda: now[0])
    slow = key(per_minute=2)
    assert [limits.take(slow)["X-RateLimit-Remaining"] for _ in range(2)] == ["1", "0"]
    with pytest.raises(Fault) as caught:
        limits.take(slow)
    assert (caught.value.code, caught.value.headers["Retry-After"]) == ("RATE_LIMITED", "30")
    now[0] = 30.0
    headers = limits.take(slow)
    assert headers["X-RateLimit-Remaining"] == "0"
    assert int(headers["X-RateLimit-Reset"]) == pytest.approx(time.time() + 60, abs=5)


def test_a_request_that_makes_no_job_takes_no_token() -> None:
    limits = RateLimits()
    assert limits.take(key(per_minute=1), 0)["X-RateLimit-Remaining"] == "1"
    assert limits.take(key()) == {}


# OpenAPI


def test_the_description_is_valid_openapi_3_1_and_has_every_route() -> None:
    document = description_of(ROUTES.table)
    OpenAPIV31SpecValidator(document).validate()
    described = {(verb.upper(), path) for path, verbs in document["paths"].items() for verb in verbs}
    assert described == {(route.method, route.path) for route in ROUTES.table}
    assert document["paths"]["/docs"]["get"]["security"] == []
