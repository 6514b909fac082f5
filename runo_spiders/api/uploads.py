"""Lists of URLs that are sent as a file: CSV, JSON Lines, or a form with one of them.

The file is read twice from where Twisted put it, to be counted and to be written down, never held whole.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO, cast

from multipart import MultipartError, MultipartParser, parse_options_header

from runo_spiders.api.bodies import MOST_URLS
from runo_spiders.api.faults import Fault
from runo_spiders.api.strict_json import read_json
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import Target, targets_of_text
from runo_spiders.items import Json

KINDS = {"text/csv": ".csv", "application/x-ndjson": ".jsonl"}
FORM = "multipart/form-data"

_LONGEST_REQUEST = 1_000_000
_IN_MEMORY = 1_000_000


@dataclass(frozen=True, slots=True)
class Upload:
    """A list of URLs in a file, which is CSV or JSON Lines by its `suffix`. `count` of them are there."""

    file: BinaryIO
    suffix: str
    count: int

    def targets(self) -> Iterator[Target]:
        self.file.seek(0)
        text = io.TextIOWrapper(self.file, encoding="utf-8-sig", errors="replace", newline="")
        try:
            yield from targets_of_text(text, self.suffix)
        finally:
            text.detach()


def read_upload(body: BinaryIO, kind: str, header: str, length: int) -> tuple[Upload, Json]:
    """The list, and what else is asked of it (None where nothing is). Raises `Fault`."""
    if kind != FORM:
        return _counted(body, KINDS[kind]), None
    return _of_form(body, header, length)


def _of_form(body: BinaryIO, header: str, length: int) -> tuple[Upload, Json]:
    boundary = parse_options_header(header)[1].get("boundary", "")
    if not boundary:
        raise Fault("BODY_INVALID", "The form has no boundary in its Content-Type.")
    try:
        parts = {
            part.name: part
            for part in MultipartParser(
                body,
                boundary,
                content_length=length,
                disk_limit=length + 1,
                spool_limit=_IN_MEMORY,
                part_limit=8,
            )
        }
    except MultipartError as fault:
        raise Fault("BODY_INVALID", f"The form cannot be read: {fault}.") from None
    unknown = [name for name in parts if name not in ("urls", "request")]
    if unknown or "urls" not in parts:
        raise Fault(
            "REQUEST_INVALID", "A form has a file `urls` and maybe a part `request`, and nothing else."
        )
    urls = parts["urls"]
    suffix = _suffix_of(urls.filename or "", urls.content_type or "")
    asked = parts.get("request")
    value = read_json(asked.file.read(_LONGEST_REQUEST)) if asked is not None else None
    return _counted(cast(BinaryIO, urls.file), suffix), value


def _suffix_of(name: str, kind: str) -> str:
    for suffix in (*KINDS.values(), ".txt"):
        if name.lower().endswith(suffix):
            return suffix
    return KINDS.get(kind.partition(";")[0].strip().lower(), ".txt")


def _counted(file: BinaryIO, suffix: str) -> Upload:
    try:
        count = sum(1 for _ in islice(Upload(file, suffix, 0).targets(), MOST_URLS * 50 + 1))
    except UsageMistake as fault:
        raise Fault("REQUEST_INVALID", str(fault)) from None
    if count == 0:
        raise Fault("REQUEST_INVALID", "urls: the list is empty")
    if count > MOST_URLS * 50:
        raise Fault("BODY_TOO_LARGE", f"The list has more than {MOST_URLS * 50} URLs: send it in parts.")
    return Upload(file, suffix, count)
