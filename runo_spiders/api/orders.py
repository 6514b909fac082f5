"""From what is asked to the job that is written down: pure, but for the look at what a key has left."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runo_spiders.api.bodies import MOST_URLS, CrawlBody, ExtractBody, PageOptions, UploadBody
from runo_spiders.api.faults import Fault
from runo_spiders.api.uploads import Upload
from runo_spiders.asked import check_job
from runo_spiders.inputs import Target, targets
from runo_spiders.items import Json
from runo_spiders.store.charges import Allowance
from runo_spiders.store.records import Key

_QUARTER = 4
_PASSED_ON = ("timeout_ms", "locale", "concurrency", "max_items_per_url", "max_total_items")


@dataclass(frozen=True, slots=True)
class Order:
    """A job before it has an owner: arguments of `JobSpec`, its URLs, what it may cost, and its secrets."""

    endpoint: str
    arguments: Mapping[str, Json]
    targets: Iterable[Target]
    units: int
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)


def order_of(body: Any, key: Key | None, allowance: Allowance | None, upload: Upload | None) -> Order:
    """Raises `Fault`, `SchemaError` and `UsageMistake`."""
    schema = _schema(body.schema_source, key)
    arguments = {"schema": schema, **_arguments(body.options)}
    secrets = _secrets(body.options)
    if isinstance(body, CrawlBody):
        return _crawl(body, arguments, secrets, allowance)
    if isinstance(body, UploadBody):
        assert upload is not None
        check_job({**arguments, "urls": ()})
        return Order("/batch", arguments, upload.targets(), upload.count, secrets)
    urls = (body.url,) if isinstance(body, ExtractBody) else body.urls
    if len(urls) > MOST_URLS:
        raise Fault("BODY_TOO_LARGE", f"urls: more than {MOST_URLS}; {WAY_OUT}")
    check_job({**arguments, "urls": ()})
    endpoint = "/extract" if isinstance(body, ExtractBody) else "/batch"
    return Order(endpoint, arguments, tuple(targets(list(urls))), len(urls), secrets)


WAY_OUT = "send a longer list as a file: text/csv, application/x-ndjson or multipart/form-data."


def _crawl(
    body: CrawlBody, arguments: dict[str, Json], secrets: dict[str, str], allowance: Allowance | None
) -> Order:
    rules = body.crawl
    pages = rules.max_pages
    if not rules.allow_large_crawl and allowance is not None and allowance.quota is not None:
        pages = min(pages, allowance.quota // _QUARTER)
    if pages == 0:
        raise Fault("QUOTA_EXCEEDED", "A quarter of what is left of the month is less than one page.")
    asked = rules.model_dump(exclude_none=True, exclude={"allow_large_crawl"})
    arguments |= {"seed_url": body.seed_url, **asked, "max_pages": pages}
    check_job(arguments)
    return Order("/crawl", arguments, (), pages, secrets)


def _schema(given: Json, key: Key | None) -> Json:
    static = key is not None and key.kind == "static"
    if static and given is not None:
        raise Fault("SCHEMA_NOT_ALLOWED", "The key brings a schema of its own: leave out `schema`.")
    if static and key is not None:
        return key.schema
    if given is None:
        raise Fault("SCHEMA_REQUIRED", "schema: is missing, and the key brings none.")
    if not isinstance(given, list | dict):
        raise Fault("SCHEMA_INVALID", "schema: should be a list of fields, or a JSON Schema object.")
    return given


def _arguments(options: PageOptions) -> dict[str, Json]:
    if options.render_js == "always":
        raise Fault("RENDER_UNAVAILABLE", "options.render_js: there is no browser here; use auto or never.")
    given: dict[str, Json] = {name: getattr(options, name, None) for name in _PASSED_ON}
    given |= {"render_js": options.render_js, "require": list(options.require) or None}
    given["fail_fast"] = getattr(options, "fail_fast", False) or None
    return {name: value for name, value in given.items() if value is not None}


def _secrets(options: PageOptions) -> dict[str, str]:
    """As the files of `headers` and `cookies` hold them."""
    texts: dict[str, str] = {}
    if options.headers:
        texts["headers"] = json.dumps(options.headers)
    if options.cookies:
        cookies = options.cookies
        texts["cookies"] = cookies if isinstance(cookies, str) else json.dumps(cookies)
    return texts
