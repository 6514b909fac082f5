"""Where a date stands on a page, however it is written: "March 3rd, 2026", "3.3.26", "yesterday"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from runo_spiders.extract.ground_means import read
from runo_spiders.page.lines import Lines, Span
from runo_spiders.schema.coerce import Coerced, Reading
from runo_spiders.schema.model import Field

_WINDOWS = ((5, 9), (0, 24), (12, 12), (24, 12), (24, 24))
"""Characters before and after the number of a day, or of a year, that hold the rest of its date."""

_LONGEST_RELATIVE = 40
_MOST_RELATIVE = 100
_TO_THE_MINUTE = 16
_WORD = re.compile(r"[^\W\d_]{3}")


def find_dates(lines: Lines, value: str, field: Field, reading: Reading) -> Iterator[Span]:
    """The spans that are read as the value: around its day or its year, else short lines without a year.

    Of a moment date, hour and minute count: pages leave the rest to the reader, and models fill it in.
    """
    said = _Said(value, field, reading)
    for seed in (_number(value[8:10]), re.escape(value[:4])):
        spans = list(_around(lines, seed, said))
        yield from spans
        if spans:
            return
    yield from _relative(lines, said)


@dataclass(frozen=True, slots=True)
class _Said:
    """A date that is looked for, as its field reads dates."""

    value: str
    field: Field
    reading: Reading

    def read_in(self, text: str) -> Coerced | None:
        """What is read in a text, if it is this date."""
        coerced = read(text, self.field, self.reading)
        same = coerced is not None and str(coerced.value)[:_TO_THE_MINUTE] == self.value[:_TO_THE_MINUTE]
        return coerced if same else None


def _number(day: str) -> str:
    return f"0?{int(day)}" if day.isdigit() else re.escape(day)


def _around(lines: Lines, seed: str, said: _Said) -> Iterator[Span]:
    for match in re.finditer(rf"(?<!\d)(?:{seed})(?!\d)", lines.folded):
        line = lines.line(Span(match.start(), match.end()))
        spans = (
            lines.whole_words(
                Span(max(line.start, match.start() - before), min(line.end, match.end() + after))
            )
            for before, after in _WINDOWS
        )
        best = _best(lines, spans, said)
        if best is not None:
            yield best


def _best(lines: Lines, spans: Iterable[Span], said: _Said) -> Span | None:
    """The first span that is read as the date and holds its year."""
    year = said.value[2:4]
    texts = ((span, lines.folded[span.start : span.end]) for span in spans)
    return next((span for span, text in texts if year in text and said.read_in(text)), None)


def _relative(lines: Lines, said: _Said) -> Iterator[Span]:
    worded = (
        line for line in lines.lines(_LONGEST_RELATIVE) if _WORD.search(lines.folded, line.start, line.end)
    )
    for line in islice(worded, _MOST_RELATIVE):
        if said.read_in(lines.folded[line.start : line.end]):
            yield line
