"""Each way in which a download fails, played by a real server, and the code that a row gets for it."""

from __future__ import annotations

import pytest
from scrapy.exceptions import DownloadCancelledError, NotSupported

from runo_spiders.net.failures import of_status, translate
from tests.mockserver import MockServer
from tests.probe import SAFE, crawl

CASES = {
    "/chain/3": ("200", False),
    "/empty": ("200", False),
    "/status/404": ("HTTP_ERROR", False),
    "/status/410": ("HTTP_ERROR", False),
    "/status/401": ("HTTP_ERROR", False),
    "/status/403": ("FETCH_BLOCKED", True),
    "/status/408": ("HTTP_ERROR", True),
    "/status/429": ("HTTP_ERROR", True),
    "/status/500": ("HTTP_ERROR", True),
    "/status/599": ("HTTP_ERROR", True),
    "/loop": ("REDIRECT_LOOP", False),
    "/chain/30": ("REDIRECT_LOOP", False),
    "/redirect?to=file:///etc/passwd": ("HTTP_ERROR", False),
    "/redirect?to=http://nowhere.invalid/": ("URL_UNREACHABLE", True),
    "/bad-location": ("URL_INVALID", False),
    "/silent": ("TIMEOUT", True),
    "/drip": ("TIMEOUT", True),
    "/reset": ("URL_UNREACHABLE", True),
    "/truncated": ("URL_UNREACHABLE", True),
    "/garbage": ("URL_UNREACHABLE", True),
    "/endless-body": ("CONTENT_TOO_LARGE", False),
    "/endless-headers": ("CONTENT_TOO_LARGE", False),
    "/big/5000000": ("CONTENT_TOO_LARGE", False),
    "/gzip-bomb": ("CONTENT_TOO_LARGE", False),
    "/bad-gzip": ("CONTENT_UNSUPPORTED", False),
    "/bad-gzip/cut": ("CONTENT_UNSUPPORTED", False),
    "/bad-encoding/br": ("CONTENT_UNSUPPORTED", False),
    "/bad-encoding/zstd": ("CONTENT_UNSUPPORTED", False),
    "/bad-encoding/deflate": ("CONTENT_UNSUPPORTED", False),
}
ELSEWHERE = {
    "http://127.0.0.1:9/": ("URL_FORBIDDEN", False),
    "http://127.0.0.2:6379/": ("URL_FORBIDDEN", False),
    "http://nowhere.invalid/": ("URL_UNREACHABLE", True),
    f"http://{'a' * 64}.example/": ("URL_UNREACHABLE", True),
    "http://a..example/": ("URL_UNREACHABLE", True),
    "http://127.0.0.2:1024/": ("URL_UNREACHABLE", True),
    "ftp://127.0.0.2/": ("URL_INVALID", False),
    "file:///etc/passwd": ("URL_INVALID", False),
    "data:text/html,hello": ("URL_INVALID", False),
}


def test_every_failure_of_a_download_has_its_code() -> None:
    settings = {**SAFE, "RUNO_EGRESS_ALLOW": ["127.0.0.2"], "RUNO_TIMEOUT_MS": 9000, "REDIRECT_MAX_TIMES": 10}
    with MockServer(host="127.0.0.2") as server, MockServer(host="127.0.0.2", https=True) as self_signed:
        cases = {server.url(path): expected for path, expected in CASES.items()} | ELSEWHERE
        cases[self_signed.url("/")] = ("TLS_ERROR", False)
        cases[self_signed.url("/").replace("https", "http")] = ("URL_UNREACHABLE", True)
        report = crawl(cases, settings)
    ends = {end.url: (end.code or str(end.status), end.retryable) for end in report.ends}
    assert ends == cases
    assert report.peak_mb < 200


def test_a_verified_name_is_needed_only_when_certificates_are_verified() -> None:
    settings = {**SAFE, "RUNO_EGRESS_ALLOW": ["127.0.0.2"]}
    with MockServer(host="127.0.0.2", https=True) as server:
        url = server.url("/chain/0")
        assert crawl([url], {**settings, "DOWNLOAD_VERIFY_CERTIFICATES": False}).codes == ["200"]
        report = crawl([url], {**settings, "RETRY_TIMES": 2})
    assert report.codes == ["TLS_ERROR"]
    assert "retry/count" not in report.stats


@pytest.mark.parametrize(
    ("exc", "code"),
    [
        (DownloadCancelledError("crawl closing"), "JOB_CANCELLED"),
        (DownloadCancelledError(""), "CONTENT_TOO_LARGE"),
        (NotSupported("Response content isn't text"), "CONTENT_UNSUPPORTED"),
        (KeyError("no exception of a download"), "INTERNAL"),
    ],
)
def test_exceptions_that_no_server_can_cause(exc: Exception, code: str) -> None:
    assert translate(exc).code.name == code


def test_a_failure_says_which_status() -> None:
    failure = of_status(503)
    assert failure.http_status == 503
    assert failure.info.message == "The server answered with an error status: 503 Service Unavailable"
    assert of_status(599).info.message.endswith("599")
