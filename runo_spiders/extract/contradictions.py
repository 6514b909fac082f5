"""Structured prices that the visible page contradicts.

Nearly always the price stands in the page's text too, and finding it there is a search for short strings.
Only when it does not, the visible text is gathered and looked through for another price.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from runo_spiders.extract.vocabulary import asks_for
from runo_spiders.items import Finding, Page
from runo_spiders.page.visible_text import visible_text
from runo_spiders.schema.model import Field, unescape

_SIGN = r"(?:[$\u20ac\u00a3\u00a5\u20b9]|\b(?:USD|EUR|GBP|CHF|kr|z\u0142)\b)"
_AMOUNT = r"\d[\d.,' \u00a0]*"
_PRICE = re.compile(rf"{_SIGN}\s?(?P<after>{_AMOUNT})|(?P<before>{_AMOUNT})\s?{_SIGN}")
_THOUSANDS = (",", ".", "", " ", "'", "\u00a0", "\u202f")


def contradictions(page: Page, findings: Mapping[str, Finding]) -> list[tuple[str, str]]:
    """Pointer and a sentence for each structured price that is nowhere in the text while another price is."""
    return list(_contradictions(page, findings))


def _contradictions(page: Page, findings: Mapping[str, Finding]) -> Iterator[tuple[str, str]]:
    for pointer, finding in findings.items():
        value = finding.value
        if finding.evidence.rung != "structured" or not _is_price(pointer) or isinstance(value, bool | str):
            continue
        if _stands_in_text(page.document.text, value):
            continue
        shown = _PRICE.search(visible_text(page.document))
        if shown is not None:
            yield pointer, f"structured data says {value:g}, the page shows {shown[0].strip()}"


@lru_cache(maxsize=1024)
def _is_price(pointer: str) -> bool:
    return asks_for(Field(unescape(pointer.rpartition("/")[2]), "number"), "price")


def _stands_in_text(source: str, value: float) -> bool:
    """Whether the whole units of the price stand in HTML source outside of tags and scripts."""
    whole = f"{int(value):,}"
    forms = {whole.replace(",", separator) for separator in _THOUSANDS}
    return any(_is_text(source, place) for form in forms for place in _places(source, form))


def _places(source: str, number: str) -> Iterator[int]:
    """Where the number stands, and not as a part of a longer one."""
    place = source.find(number)
    while place >= 0:
        after = place + len(number)
        if not source[place - 1 : place].isdigit() and not source[after : after + 1].isdigit():
            yield place
        place = source.find(number, after)


def _is_text(source: str, place: int) -> bool:
    opened, closed = source.rfind("<", 0, place), source.rfind(">", 0, place)
    return closed > opened and not source.startswith(("<script", "<style"), opened)
