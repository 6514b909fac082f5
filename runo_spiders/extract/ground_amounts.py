"""Where a number stands on a page, however it is written: "$1.2M" and "1.200.000" are 1200000."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from decimal import Decimal

from runo_spiders.extract.ground_means import means
from runo_spiders.page.lines import Lines, Span
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.durations import unit_seconds
from runo_spiders.schema.model import Field

_GROUPED = r"\d{1,3}(?:[ ']\d{3})+(?!\d)(?:[.,]\d+)?"
_PLAIN = r"\d+(?:[.,']\d+)*"
_AMOUNT = re.compile(rf"{_GROUPED}|{_PLAIN}")
_SIMPLE = re.compile(_PLAIN)
_BEFORE, _AFTER = 12, 14
"""Characters around a number that may hold its sign, its currency and its scale."""

_LONGEST_LINE = 60
_NO_DIGIT = re.compile(r"\D*")
_NO_DIGIT_AT_END = re.compile(r"\D*\Z")


class Amounts:
    """The numbers of some lines, by their significant digits: 1299 for "1.299,00" and "12.99"."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._spans: dict[str, list[Span]] = {}
        for match in _AMOUNT.finditer(lines.folded):
            self._keep(match[0], match.start())
            if " " in match[0]:
                # What looks like one grouped number may be several in a row.
                for part in _SIMPLE.finditer(match[0]):
                    self._keep(part[0], match.start() + part.start())

    def _keep(self, written: str, start: int) -> None:
        self._spans.setdefault(_significant(written), []).append(Span(start, start + len(written)))

    def find(self, value: float, field: Field, reading: Reading) -> Iterator[Span]:
        """The spans that are read as the value, read alone or with what is beside them."""
        for span in self._spans.get(_significant(format(Decimal(str(value)), "f")), ()):
            texts = (self._around(span), self._lines.folded[span.start : span.end])
            if any(means(text, value, field, reading) for text in texts) or self._is_split(span, value):
                yield span
        if unit_seconds(field.name, field.hint):
            yield from self._lines_with(str.isdigit, value, field, reading)
        elif value == 0:
            # "Free" is a price.
            yield from self._lines_with(str.isalpha, value, field, reading)

    def _around(self, span: Span) -> str:
        """A number with what may belong to it, up to its neighbours."""
        line, text = self._lines.line(span), self._lines.folded
        before = text[max(line.start, span.start - _BEFORE) : span.start]
        after = text[span.end : min(line.end, span.end + _AFTER)]
        near_before, near_after = _NO_DIGIT_AT_END.search(before), _NO_DIGIT.match(after)
        parts = (near_before[0] if near_before else "", near_after[0] if near_after else "")
        return f"{parts[0]}{text[span.start : span.end]}{parts[1]}"

    def _is_split(self, span: Span, value: float) -> bool:
        """Whether the cents of a price stand in an element of their own, with no mark between: 19 and 99."""
        whole, _, cents = format(Decimal(str(value)), "f").partition(".")
        written = self._lines.folded[span.start : span.end]
        return (
            written == whole + cents.ljust(2, "0")
            and bool(cents)
            and self._lines.is_border(span.start + len(whole))
        )

    def _lines_with(
        self, kind: Callable[[str], bool], value: float, field: Field, reading: Reading
    ) -> Iterator[Span]:
        """The short lines that mean the value as a whole, of those with characters of a kind."""
        for line in self._lines.lines(_LONGEST_LINE):
            text = self._lines.folded[line.start : line.end]
            if any(map(kind, text)) and means(text, value, field, reading):
                yield line


def _significant(number: str) -> str:
    return "".join(filter(str.isdigit, number)).strip("0")
