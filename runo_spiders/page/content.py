"""Whether an answer is a page at all: servers label PDFs and images as HTML."""

from __future__ import annotations

import re

from runo_spiders.errors import PageFailure

_MAGIC = {
    b"%PDF-": "a PDF",
    b"\x89PNG": "a PNG image",
    b"GIF8": "a GIF image",
    b"\xff\xd8\xff": "a JPEG image",
    b"RIFF": "a media file",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"\x7fELF": "a program",
}
_HTML_SIGNS = (b"<!doctype html", b"<html", b"<head", b"<body")
_CONTROL = re.compile(rb"[\x01-\x08\x0e-\x1f]")
_SNIFFED = 1024


def check_content(body: bytes, content_type: str) -> None:
    """Raise `PageFailure` unless the body is HTML, by its label or else by its looks."""
    if not body.strip():
        raise PageFailure("CONTENT_EMPTY")
    start = body[:_SNIFFED].lstrip()
    for magic, what in _MAGIC.items():
        if start.startswith(magic):
            raise PageFailure("CONTENT_UNSUPPORTED", f"it is {what}")
    label = content_type.partition(";")[0].strip().lower()
    if "html" not in label and not any(sign in start.lower() for sign in _HTML_SIGNS):
        raise PageFailure("CONTENT_UNSUPPORTED", f"it is {label or 'of no known type'}")
    # A stray NUL is found in pages, and UTF-16 is full of them; other control characters beside it are not.
    if b"\x00" in start and _CONTROL.search(start):
        raise PageFailure("CONTENT_UNSUPPORTED", "it is binary")
