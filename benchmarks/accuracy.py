"""How right the answers are on real pages, without a language model.

    python -m benchmarks.accuracy [--data DIR] [--json FILE] [--rungs structured,local] [--half develop]
                                  [--sources NAMES] [--errors FIELD]

For each field of each source: precision, recall and F1 of the whole ladder, of the `local` rung alone on
pages whose structured data is taken out, and of extruct with a plain mapping on the same pages, with the 95 %
interval of the difference (paired bootstrap over pages). Each place that evidence names is looked up again
on the page. Takes less than a minute on two cores. The exit status is 1 when a bar is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import cache, partial
from itertools import groupby
from pathlib import Path
from typing import get_args

from scrapy.utils.misc import load_object

from benchmarks import baseline
from benchmarks.pages import Half, Record, html_of, records, without_structured_data
from benchmarks.scoring import Mark, Score, difference_interval, mark, score
from benchmarks.tasks import TASKS, Task
from runo_spiders.extract.ladder import climb
from runo_spiders.extract.protocol import Extractor
from runo_spiders.items import Finding, Json, Page, Scalar
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.locale import locale_of
from runo_spiders.schema.model import Field, Schema

_PRODUCTS = "product-extraction-benchmark"
_AIMS = {"price": 0.85, "sku": 0.70, "availability": 0.85}
_LEAD = 0.10
_RUNGS = {
    "structured": "runo_spiders.extract.structured.StructuredExtractor",
    "local": "runo_spiders.extract.local.LocalExtractor",
}
_SYSTEMS = ("ladder", "baseline", "local alone")
_READ_AT = datetime(2026, 11, 23, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Answered:
    """One page: each system's answers, and how many leaves were looked up again and where that failed."""

    record: Record
    answers: Mapping[str, Mapping[str, Json]]
    leaves: int = 0
    lost: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One field of one source."""

    source: str
    field: str
    scores: Mapping[str, Score]
    interval: tuple[float, float]

    @property
    def lead(self) -> float:
        return self.scores["ladder"].f1 - self.scores["baseline"].f1


def main() -> int:
    options = _options()
    data = Path(options.data)
    pages = list(records(data, tuple(options.sources.split(",")), options.half))
    print(f"{len(pages)} pages; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with ProcessPoolExecutor(options.processes) as pool:
        work = partial(answer_page, data, options.rungs)
        answered = list(pool.map(work, pages, chunksize=8))
    if options.errors:
        _print_errors(answered, options.errors)
    lines = list(_lines(answered))
    _print_table(lines)
    if options.json:
        Path(options.json).write_text(json.dumps(_report(lines, answered), indent=1), encoding="utf8")
    return _verdict(lines, answered)


def answer_page(data: Path, rungs: str, record: Record) -> Answered:
    """All systems on one page."""
    text, task = html_of(data, record), TASKS[record.source]
    stripped = Document(without_structured_data(text), record.url)
    whole = Document(text, record.url)
    ladder = _climb(whole, task.schema, _rungs(rungs))
    alone = _climb(stripped, task.schema, _rungs("local")) if "local" in rungs else {}
    lost = [*_lost(whole, ladder), *_lost(stripped, alone)]
    return Answered(
        record,
        {
            "ladder": _assemble(ladder),
            "local alone": _assemble(alone),
            "baseline": _baseline(text, task, _reading(whole)),
        },
        leaves=len(ladder) + len(alone),
        lost=tuple(f"{record.id} {place}" for place in lost),
    )


def _climb(document: Document, schema: Schema, rungs: Sequence[Extractor]) -> Mapping[str, Finding]:
    """What the real ladder finds with these rungs."""
    page = Page(document.url, 0, document.url, 200, _READ_AT, document)
    return asyncio.run(climb(page, schema, _reading(document), rungs)).findings


@cache
def _rungs(names: str) -> Sequence[Extractor]:
    return [load_object(_RUNGS[name])() for name in names.split(",")]


def _coerced(raw: Scalar, leaf: Field, reading: Reading) -> Scalar | None:
    try:
        return coerce(raw, leaf, reading).value
    except CoercionError:
        return None


def _reading(document: Document) -> Reading:
    return Reading(locale_of(None, document.lang, document.url), document.base_url, _READ_AT)


def _lost(document: Document, found: Mapping[str, Finding]) -> Iterator[str]:
    """The pointers whose evidence is not where it says."""
    for pointer, each in found.items():
        if not document.holds(each.evidence):
            yield f"{pointer} {each.evidence}"


def _assemble(found: Mapping[str, Finding]) -> Mapping[str, Json]:
    """Field name to value, or to the list of values."""
    answers: dict[str, Json] = {}
    for pointer, each in found.items():
        name, *index = pointer.split("/")[1:]
        if index:
            answers.setdefault(name, []).append(each.value)
        else:
            answers[name] = each.value
    return answers


def _baseline(text: str, task: Task, reading: Reading) -> Mapping[str, Json]:
    raw = baseline.read(text, reading.base_url)
    answers: dict[str, Json] = {}
    for ask in task.asks:
        leaf = ask.field.items or ask.field
        values = [_coerced(value, leaf, reading) for value in raw.get(ask.name, ())]
        filled = [value for value in values if value is not None]
        if filled:
            answers[ask.name] = filled if ask.field.items else filled[0]
    return answers


def _marks(answered: Sequence[Answered], task: Task, name: str, system: str) -> list[Mark]:
    ask = next(ask for ask in task.asks if ask.name == name)
    return [
        mark(each.record.fields.get(name), each.answers[system].get(name), ask.same)
        for each in answered
        if name in task.complete or each.record.fields.get(name) is not None
    ]


def _lines(answered: Sequence[Answered]) -> Iterator[Line]:
    for source, group in groupby(sorted(answered, key=_source), key=_source):
        of_source = list(group)
        for ask in TASKS[source].asks:
            marks = {name: _marks(of_source, TASKS[source], ask.name, name) for name in _SYSTEMS}
            if marks["ladder"]:
                scores = {name: score(each) for name, each in marks.items()}
                interval = difference_interval(marks["ladder"], marks["baseline"])
                yield Line(source, ask.name, scores, interval)


def _source(answered: Answered) -> str:
    return answered.record.source


def _print_table(lines: Sequence[Line]) -> None:
    print(f"{'':34}{'pages':>5} | {'ladder: P':>9} {'R':>5} {'F1':>5} | {'extruct+map: F1':>15} |", end=" ")
    print(f"{'lead':>6} {'95 % interval':>16} | {'local alone: P':>14} {'R':>5} {'F1':>5}")
    for line in lines:
        ours, theirs, alone = (line.scores[name] for name in _SYSTEMS)
        low, high = line.interval
        print(
            f"{line.source[:16]:17}{line.field:17}{ours.pages:>5} | {ours.precision:9.3f} {ours.recall:.3f} "
            f"{ours.f1:.3f} | {theirs.f1:15.3f} | {line.lead:+6.3f} [{low:+.3f}, {high:+.3f}] | "
            f"{alone.precision:14.3f} {alone.recall:.3f} {alone.f1:.3f}"
        )


def _print_errors(answered: Sequence[Answered], name: str) -> None:
    """The pages where the ladder misses this field; truth, ladder, baseline, local alone."""
    for each in answered:
        ask = next((ask for ask in TASKS[each.record.source].asks if ask.name == name), None)
        if ask is None or (name not in each.record.fields and name not in TASKS[each.record.source].complete):
            continue
        truth, given = each.record.fields.get(name), [each.answers[s].get(name) for s in _SYSTEMS]
        result = mark(truth, given[0], ask.same)
        if min(1.0 if v is None else v for v in (result.answered_right, result.true_found)) < 1:
            print(f"{each.record.id}: truth {str(truth)[:200]!r}")
            for system, answer in zip(_SYSTEMS, given, strict=True):
                print(f"    {system:11} {str(answer)[:200]!r}")


def _report(lines: Sequence[Line], answered: Sequence[Answered]) -> Json:
    return {
        "fields": [
            {
                "source": line.source,
                "field": line.field,
                "lead": line.lead,
                "interval": line.interval,
                **{name: asdict(each) | {"f1": each.f1} for name, each in line.scores.items()},
            }
            for line in lines
        ],
        "leaves": sum(each.leaves for each in answered),
        "lost": [place for each in answered for place in each.lost],
    }


def _verdict(lines: Sequence[Line], answered: Sequence[Answered]) -> int:
    """Print what was aimed at, then the last line; 1 when a bar is missed."""
    bars = [line for line in lines if line.source == _PRODUCTS and line.field in _AIMS]
    for line in bars:
        reached = line.scores["ladder"].f1
        print(
            f"{line.field}: F1 {reached:.3f}, aim {_AIMS[line.field]:.2f}; lead {line.lead:+.3f}, bar {_LEAD}"
        )
    leaves, lost = sum(each.leaves for each in answered), [place for each in answered for place in each.lost]
    print(*lost[:20], sep="\n", end="\n" if lost else "")
    print(f"evidence: {leaves - len(lost)} of {leaves} leaves hold")
    missed = [f"{line.field} leads by {line.lead:+.3f}" for line in bars if line.lead < _LEAD]
    missed += [f"{len(lost)} leaves of evidence do not hold"] if lost else []
    print(f"MISSED: {'; '.join(missed)}" if missed else "PASSED")
    return 1 if missed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", default=os.environ.get("RUNO_DATA"), help="folder of truth.jsonl and pages")
    parser.add_argument("--json", help="write the numbers to this file")
    parser.add_argument("--rungs", default="structured,local", help="the rungs of the ladder, in order")
    parser.add_argument("--sources", default=",".join(TASKS), help="only these sources")
    parser.add_argument("--half", default="all", choices=get_args(Half), help="a fixed half of the sites")
    parser.add_argument("--errors", metavar="FIELD", help="print the pages where this field is missed")
    parser.add_argument("--processes", type=int, default=2)
    options = parser.parse_args()
    if not options.data:
        parser.error("no data: give --data or set RUNO_DATA")
    return options


if __name__ == "__main__":
    sys.exit(main())
