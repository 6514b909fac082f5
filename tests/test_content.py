from __future__ import annotations

import gzip

import pytest

from runo_spiders.errors import PageFailure
from runo_spiders.page.content import check_content

HTML = b"<!doctype html><p>page</p>"


@pytest.mark.parametrize(
    ("body", "label"),
    [
        (HTML, "text/html; charset=utf-8"),
        (HTML, "text/plain"),
        (HTML, ""),
        (b"<p>no head at all", "text/html"),
        (b"  \n<HTML><body>x", "application/octet-stream"),
        (b"<p>x", "application/xhtml+xml"),
        ("<!doctype html><p>page</p>".encode("utf-16-le"), "text/html"),
        ("<!doctype html><p>page</p>".encode("utf-16"), "text/html"),
        (b"<p>a\x00b</p>", "text/html"),
    ],
)
def test_a_page_is_a_page_by_its_label_or_its_looks(body: bytes, label: str) -> None:
    check_content(body, label)


@pytest.mark.parametrize(
    ("body", "label", "code"),
    [
        (b"", "text/html", "CONTENT_EMPTY"),
        (b" \n\t ", "text/html", "CONTENT_EMPTY"),
        (b"%PDF-1.7 x", "text/html", "CONTENT_UNSUPPORTED"),
        (b"\x89PNG\r\n\x1a\n", "text/html", "CONTENT_UNSUPPORTED"),
        (gzip.compress(HTML, mtime=0), "text/html", "CONTENT_UNSUPPORTED"),
        (b'{"a": 1}', "application/json", "CONTENT_UNSUPPORTED"),
        (b"<?xml version='1.0'?><rss/>", "application/rss+xml", "CONTENT_UNSUPPORTED"),
        (b"plain words", "text/plain", "CONTENT_UNSUPPORTED"),
        (b"plain words", "", "CONTENT_UNSUPPORTED"),
        (bytes(range(256)) * 4, "text/html", "CONTENT_UNSUPPORTED"),
    ],
)
def test_what_is_no_page_is_told_by_its_code(body: bytes, label: str, code: str) -> None:
    with pytest.raises(PageFailure) as failure:
        check_content(body, label)
    assert failure.value.code.name == code
