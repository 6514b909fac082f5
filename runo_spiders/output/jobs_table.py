"""Jobs of the ledger, for people: a line for each, and a sheet of one."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from runo_spiders.output.report import Counts, clock, summary
from runo_spiders.store.records import Job

_STYLES = {
    "queued": "dim",
    "running": "cyan",
    "stopping": "yellow",
    "interrupted": "magenta",
    "finished": "green",
    "cancelled": "yellow",
    "lost": "red",
}
_WIDE = 110
"""Columns from which on there is room for whole ids."""
_SHORTEST = len("job_") + 12
_BAR = 12


def jobs_table(jobs: Sequence[Job], held: Collection[str], width: int) -> Table:
    """A line for each job; `held` are the ids of those that a worker has."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), header_style="bold", show_edge=False)
    for name in ("job", "state", "", "done"):
        table.add_column(name, no_wrap=True, justify="right" if name == "done" else "left")
    for name in ("failed", "owner", "endpoint", "age"):
        table.add_column(name, no_wrap=True, justify="right" if name in ("failed", "age") else "left")
    letters = 0 if width >= _WIDE else _letters([job.id for job in jobs])
    for job in jobs:
        failed = Text(f"{job.progress.failed:,}", style="red") if job.progress.failed else Text("–", "dim")
        table.add_row(
            job.id[: letters or None],
            state_of(job, held=job.id in held),
            _bar(job),
            _done(job),
            failed,
            job.owner,
            job.endpoint,
            span(time.time() - job.created_at),
        )
    return table


def job_sheet(job: Job, counts: Counts, *, held: bool) -> RenderableType:
    """All about one job, and the commands that go on from here."""
    facts = Table.grid(padding=(0, 2, 0, 0))
    facts.add_column(style="dim", no_wrap=True)
    facts.add_column()
    for name, text in _facts(job):
        facts.add_row(name, text)
    title = Text.assemble((job.id, "bold"), "  ", state_of(job, held=held))
    parts: list[RenderableType] = [title, "", facts, ""]
    if counts.done:
        parts += [summary(counts), ""]
    return Group(*parts, *_next_steps(job, held=held))


def state_of(job: Job, *, held: bool) -> Text:
    """The state as a person would call it: a job whose process is gone is interrupted."""
    word = _word(job, held=held)
    return Text(word, style=_STYLES[word])


def span(seconds: float) -> str:
    """`12 s`, `5 min`, `3 h`, `8 d`."""
    for unit, size in (("d", 86_400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0, seconds):.0f} s"


def _word(job: Job, *, held: bool) -> str:
    if job.end is not None:
        return job.end
    if held:
        return "stopping" if job.cancel_asked else "running"
    # A job of the command line waits for its command to be given again, any other for a free worker.
    return "interrupted" if job.state == "running" or job.dialect == "cli" else "queued"


def _letters(ids: Sequence[str]) -> int:
    """How much of each id is needed to tell them apart."""
    count = _SHORTEST
    while len({id_[:count] for id_ in ids}) < len(ids):
        count += 1
    return count


def _bar(job: Job) -> RenderableType:
    total = job.progress.total
    if job.end is not None or not total:
        return ""
    return ProgressBar(total=total, completed=job.progress.done, width=_BAR)


def _done(job: Job) -> str:
    progress = job.progress
    if progress.total is None or progress.done == progress.total:
        return f"{progress.done:,}"
    return f"{progress.done:,}/{progress.total:,}"


def _facts(job: Job) -> list[tuple[str, str | Text]]:
    facts: list[tuple[str, str | Text]] = [
        ("endpoint", f"{job.endpoint} ({job.dialect})"),
        ("owner", job.owner),
        ("asked", f"{_moment(job.created_at)}, {span(time.time() - job.created_at)} ago"),
    ]
    if job.started_at is not None:
        facts.append(("started", _moment(job.started_at)))
    if job.ended_at is not None:
        facts.append(("ended", f"{_moment(job.ended_at)}{_took(job)}"))
    facts.append(("URLs", _urls(job)))
    if job.round:
        facts.append(("retried", "once" if job.round == 1 else f"{job.round} times"))
    if job.key is not None:
        charged = (
            f"{job.charged:,} of {job.reserved:,} units" if job.end else f"{job.reserved:,} units reserved"
        )
        facts.append(("charged", f"{charged}, key {job.key}"))
    facts += [(name, _short(value)) for name, value in job.spec.items() if value not in (None, [], ())]
    return facts


def _urls(job: Job) -> str:
    progress = job.progress
    total = "?" if progress.total is None else f"{progress.total:,}"
    items = f", {progress.items:,} items" if progress.items > progress.succeeded else ""
    return f"{progress.done:,} of {total} done{items}"


def _short(value: object, most: int = 200) -> Text:
    text = str(value)
    return Text(text if len(text) <= most else text[:most] + "…")


def _took(job: Job) -> str:
    if job.started_at is None or job.ended_at is None:
        return ""
    return f", took {clock(job.ended_at - job.started_at)}"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _next_steps(job: Job, *, held: bool) -> list[Text]:
    steps = [("rows", f"scrapy jobs results {job.id} -o rows.csv")] if job.progress.done else []
    if job.end is None:
        steps.append(("stop it", f"scrapy jobs cancel {job.id}"))
    elif job.progress.done < (job.progress.total or 0) or job.progress.failed:
        steps.append(("again", _again(job)))
    if job.end is None and not held and job.dialect == "cli":
        steps.append(("go on", "give the same command again"))
    return [Text.assemble((f"{name:8}", "dim"), command) for name, command in steps]


def _again(job: Job) -> str:
    if job.dialect == "cli":
        return "give the same command with --retry-failed"
    return f"scrapy jobs retry {job.id}"
