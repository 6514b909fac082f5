"""Grounding: a value that was not read from a known place counts only if it stands on the page.

What counts as standing there is decided after typed normalisation: `19.99` stands where the page says
"$19.99", and a string stands where its words do, whatever the white space and the case.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from itertools import chain
from typing import Any

from runo_spiders.extract.ladder import Climb
from runo_spiders.items import Evidence, Finding, Page, Scalar
from runo_spiders.page.document import Document, collapse
from runo_spiders.schema.assemble import leaves
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Schema, field_at

RUNG = "spider"

_ATTRIBUTES = ("content", "href", "src", "alt", "title", "value", "datetime")
_AMOUNT = re.compile(r"[-+]?\d[\d.,' \u00a0\u202f]*")
_LONGEST = 400


def ground(page: Page, schema: Schema, reading: Reading) -> Climb:
    """The leaves of `page.given` that the schema knows, each with the place where it stands on the page."""
    findings: dict[str, Finding] = {}
    rejected: dict[str, str] = {}
    texts = list(_texts(page.document))
    for pointer, value in leaves(page.given):
        field = field_at(schema.root, pointer)
        if field is None or not field.is_leaf:
            continue
        try:
            coerced = coerce(value, field, reading)
        except CoercionError as misfit:
            rejected[pointer] = str(misfit)
            continue
        evidence = _place(texts, coerced.value, field, reading)
        if evidence is None:
            rejected[pointer] = f"{_short(value)} does not stand on the page"
        else:
            findings[pointer] = Finding(coerced.value, evidence, coerced.warnings)
    return Climb(findings, rejected)


Text = tuple[str, str]
"""XPath and collapsed text of a text node or an attribute."""


def _texts(document: Document) -> Iterator[Text]:
    # What people see comes first: a title stands in the head too.
    for element in chain(document.root.iterfind("body"), document.root.iterfind("head")):
        yield from _texts_in(document, element)


def _texts_in(document: Document, part: Any) -> Iterator[Text]:
    for element in part.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style"):
            continue
        path = document.xpath_of(element)
        for number, text in enumerate(element.xpath("text()"), 1):
            if text.strip():
                yield f"{path}/text()[{number}]", collapse(text)
        for name in _ATTRIBUTES:
            if element.get(name):
                yield f"{path}/@{name}", collapse(element.get(name))


def _place(texts: list[Text], value: Scalar, field: Field, reading: Reading) -> Evidence | None:
    for xpath, text in texts:
        found = _words_in(text, value) if isinstance(value, str) else None
        found = found or _same_value_in(text, value, field, reading)
        if found is not None:
            return Evidence(RUNG, found, xpath, derived=isinstance(value, bool))
    return None


def _words_in(text: str, value: str) -> str | None:
    return text if _folded(value) and _folded(value) in _folded(text) else None


def _same_value_in(text: str, value: Scalar, field: Field, reading: Reading) -> str | None:
    """The part of a short text that means the value; numbers are looked for one by one."""
    if len(text) > _LONGEST:
        return None
    numeric = field.type in ("integer", "number")
    parts = (match.group().strip() for match in _AMOUNT.finditer(text)) if numeric else (text,)
    return next((part for part in parts if _means(part, value, field, reading)), None)


def _means(text: str, value: Scalar, field: Field, reading: Reading) -> bool:
    try:
        return coerce(text, field, reading).value == value
    except CoercionError:
        return False


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _short(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")
