"""How far a job is and how it went, for people: a progress line on a terminal, a summary at the end."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import IO, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn
from rich.table import Table
from rich.text import Text

from runo_spiders.errors import CODES

_PLAIN_WIDTH = 120
_CODES_IN_THE_LINE = 3


@dataclass(frozen=True, slots=True)
class Counts:
    """How far a job is. `succeeded` counts rows with data, `empty` successes in which nothing was found.

    `elapsed` is in seconds; `total` is None as long as the end of the list is not known.
    """

    total: int | None = None
    succeeded: int = 0
    empty: int = 0
    failed_by_code: Mapping[str, int] = field(default_factory=dict)
    elapsed: float = 0.0

    @classmethod
    def of(cls, outcomes: Mapping[str, int], total: int | None, elapsed: float = 0.0) -> Self:
        """From the number of rows of each outcome: `success`, `empty` or an error code."""
        failed = {code: number for code, number in outcomes.items() if code not in ("success", "empty")}
        return cls(total, outcomes.get("success", 0), outcomes.get("empty", 0), failed, elapsed)

    @property
    def failed(self) -> int:
        return sum(self.failed_by_code.values())

    @property
    def done(self) -> int:
        return self.succeeded + self.empty + self.failed

    @property
    def rate(self) -> float:
        """Rows per second since the start."""
        return self.done / self.elapsed if self.elapsed > 0 else 0.0

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None when that cannot be told."""
        if self.total is None or not self.rate:
            return None
        return max(0, self.total - self.done) / self.rate


class ProgressLine:
    """A line on the terminal that `show` brings up to date; silent where standard error is no terminal.

    It draws only when it is told to, so a job pays for as many updates as it asks for.
    """

    def __init__(self, console: Console | None = None) -> None:
        console = console or console_for(sys.stderr)
        self._bar = Progress(
            BarColumn(bar_width=24),
            TextColumn("{task.description}"),
            console=console,
            auto_refresh=False,
            transient=True,
            disable=not console.is_terminal,
            # A forked crawl must not write its log through this line.
            redirect_stdout=False,
            redirect_stderr=False,
        )
        self._task = self._bar.add_task("", total=None)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def show(self, counts: Counts) -> None:
        self._bar.update(
            self._task,
            total=counts.total,
            completed=counts.done,
            description=progress_line(counts),
            refresh=True,
        )


def print_summary(counts: Counts, lines: Sequence[str], console: Console | None = None) -> None:
    """The summary of a job on standard error, if that is a terminal, and lines that say where to look."""
    console = console or console_for(sys.stderr)
    if console.is_terminal:
        console.print(summary(counts))
        for line in lines:
            console.print(line, markup=False, soft_wrap=True)


def console_for(file: IO[str]) -> Console:
    """A console as wide as the terminal, 120 columns wide where there is none."""
    console = Console(file=file, highlight=False)
    return console if console.is_terminal else Console(file=file, highlight=False, width=_PLAIN_WIDTH)


def progress_line(counts: Counts) -> str:
    """`120/1,000  34.5/s  2 empty  3 failed: TIMEOUT 2, HTTP_ERROR 1  0:25 left`, in rich's markup."""
    parts = [
        f"{counts.done:,}" if counts.total is None else f"{counts.done:,}/{counts.total:,}",
        f"[dim]{counts.rate:.1f}/s[/]",
        f"[yellow]{counts.empty:,} empty[/]" if counts.empty else "",
        f"[red]{counts.failed:,} failed: {_codes(counts)}[/]" if counts.failed else "",
        f"{clock(counts.seconds_left)} left" if counts.seconds_left is not None else "",
    ]
    return "  ".join(part for part in parts if part)


def summary(counts: Counts) -> Table:
    """What became of the URLs, with a line for each error code."""
    pace = f" in {clock(counts.elapsed)}, {counts.rate:.1f}/s" if counts.elapsed else ""
    title = f"{counts.done:,} URLs{pace}"
    table = Table(box=None, show_header=False, title=title, title_justify="left", title_style="bold")
    table.add_column(justify="right")
    table.add_column()
    table.add_column(style="dim")
    for number, words, style in (
        (counts.succeeded, "with data", "green"),
        (counts.empty, "with nothing found", "yellow"),
        (counts.failed, "failed", "red"),
    ):
        if number:
            table.add_row(Text(f"{number:,}", style=style), words, f"{number / counts.done:.1%}")
    for code, number in _most_frequent(counts):
        table.add_row(f"{number:,}", Text(f"  {code}", style="red"), _sentence(code))
    return table


def clock(seconds: float) -> str:
    """`0:07`, `12:30`, `3:05:00`."""
    text = str(timedelta(seconds=round(seconds)))
    return text.removeprefix("0:").removeprefix("0") if text.startswith("0:0") else text.removeprefix("0:")


def _codes(counts: Counts) -> str:
    most = _most_frequent(counts)
    rest = sum(number for _, number in most[_CODES_IN_THE_LINE:])
    shown = [f"{code} {number:,}" for code, number in most[:_CODES_IN_THE_LINE]]
    return ", ".join(shown + [f"other {rest:,}"] * bool(rest))


def _most_frequent(counts: Counts) -> list[tuple[str, int]]:
    return sorted(counts.failed_by_code.items(), key=lambda entry: (-entry[1], entry[0]))


def _sentence(name: str) -> str:
    code = CODES.get(name)
    if code is None:
        return ""
    return f"{code.sentence} Worth another try." if code.retryable else code.sentence
