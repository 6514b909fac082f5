"""Headers and cookies for pages behind a login: from a file or the environment, for the origins asked for."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import LoadError, MozillaCookieJar
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from scrapy import Request

from runo_spiders.errors import UsageMistake
from runo_spiders.job import JobSpec
from runo_spiders.urls import origin

Cookie = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Credentials:
    """What goes with the requests for URLs that were typed. A cookie may name the `domain` it is for.

    The download handler strips `headers` from any request to another origin, by the names in the meta key
    `own_headers`; cookies are kept to their domain by Scrapy's cookie jar.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[Cookie, ...] = ()

    @classmethod
    def of(cls, job: JobSpec) -> Self:
        """From the job's files, else from RUNO_HEADERS and RUNO_COOKIES. Raises `UsageMistake`."""
        headers = _read(job.headers_file) or os.environ.get("RUNO_HEADERS", "")
        if job.cookies_file and _is_netscape(job.cookies_file):
            return cls(_parse_headers(headers), tuple(_netscape(job.cookies_file)))
        cookies = _read(job.cookies_file) or os.environ.get("RUNO_COOKIES", "")
        return cls(_parse_headers(headers), tuple(_parse_cookies(cookies)))

    @classmethod
    def parse(cls, texts: Mapping[str, str]) -> Self:
        """From texts under `headers` and `cookies`, as their files hold them. Raises `UsageMistake`."""
        headers, cookies = texts.get("headers", ""), texts.get("cookies", "")
        return cls(_parse_headers(headers.strip()), tuple(_parse_cookies(cookies.strip())))

    def texts(self) -> dict[str, str]:
        """The same as texts that `parse` reads, to be handed to another process."""
        given = {"headers": dict(self.headers), "cookies": [dict(cookie) for cookie in self.cookies]}
        return {name: json.dumps(value) for name, value in given.items() if value}

    def added_to(self, request: Request) -> Request:
        """The request with the headers and with the cookies for its host."""
        cookies = [dict(cookie) for cookie in self.cookies if _is_for(cookie, request.url)]
        if not self.headers and not cookies:
            return request
        meta = request.meta | {"own_headers": list(self.headers), "own_origin": origin(request.url)}
        headers: dict[Any, Any] = {**request.headers, **self.headers}
        return request.replace(headers=headers, cookies=cookies, meta=meta)


def secrets_of(job: JobSpec) -> dict[str, str]:
    """The texts of the job's files, else those of the environment, under `headers` and `cookies`."""
    texts = {
        "headers": _read(job.headers_file) or os.environ.get("RUNO_HEADERS", ""),
        "cookies": _read(job.cookies_file) or os.environ.get("RUNO_COOKIES", ""),
    }
    return {name: text for name, text in texts.items() if text}


def _read(path: str | None) -> str:
    return Path(path).read_text(encoding="utf-8-sig").strip() if path else ""


def _parse_headers(text: str) -> dict[str, str]:
    """A JSON object, or lines of `Name: value`."""
    if text.startswith("{"):
        return _json_object(text, "headers")
    pairs = (line.partition(":") for line in text.splitlines() if line.strip())
    return {name.strip(): _given(value, name) for name, _, value in pairs}


def _given(value: str, name: str) -> str:
    if not value.strip():
        # The line is not quoted: it may be a secret.
        raise UsageMistake(
            f"headers: a line has no value (it should read Name: value, {len(name)} characters seen)"
        )
    return value.strip()


def _parse_cookies(text: str) -> list[Cookie]:
    """A JSON object of names and values, a JSON list of cookies, or a header string `a=b; c=d`."""
    if text.startswith("["):
        return _cookie_list(text)
    if text.startswith("{"):
        return [{"name": name, "value": value} for name, value in _json_object(text, "cookies").items()]
    pairs = (part.strip().partition("=") for part in text.split(";") if part.strip())
    return [{"name": name, "value": value} for name, _, value in pairs]


def _cookie_list(text: str) -> list[Cookie]:
    cookies = _json(text, "cookies")
    if not all(_is_object_of_strings(cookie) and {"name", "value"} <= set(cookie) for cookie in cookies):
        raise UsageMistake("cookies: the JSON should be a list of objects with a name and a value")
    return list(cookies)


def _json_object(text: str, what: str) -> dict[str, str]:
    value = _json(text, what)
    if not _is_object_of_strings(value):
        raise UsageMistake(f"{what}: the JSON should be an object of strings")
    return dict(value)


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as fault:
        # The text is not quoted: it may be a secret.
        raise UsageMistake(f"{what}: the JSON is malformed at character {getattr(fault, 'pos', 0)}") from None


def _is_object_of_strings(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())


def _is_netscape(path: str) -> bool:
    return Path(path).read_text(encoding="utf-8-sig").lstrip().startswith(("# Netscape", "# HTTP Cookie"))


def _netscape(path: str) -> list[Cookie]:
    jar = MozillaCookieJar(path)
    try:
        jar.load(ignore_discard=True, ignore_expires=True)
    except LoadError as fault:
        raise UsageMistake(f"argument cookies_file: {path} is not a Netscape cookie file") from fault
    return [
        {"name": cookie.name, "value": cookie.value or "", "domain": cookie.domain, "path": cookie.path}
        for cookie in jar
    ]


def _is_for(cookie: Cookie, url: str) -> bool:
    domain = cookie.get("domain", "").lstrip(".")
    host = urlsplit(url).hostname or ""
    return not domain or host == domain or host.endswith("." + domain)
