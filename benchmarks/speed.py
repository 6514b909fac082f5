"""CPU per page and pages per second of the whole job, beside bare Scrapy with two selectors.

    python -m benchmarks.speed [--pages 1000] [--pairs 3] [--data DIR] [--memory] [--million] [--model]
        [--json FILE]

Takes about two minutes, with --memory eight more, with --million one more, with --model three more. Both
spiders crawl the same 60 kB pages of both kinds from the same server, in turn; CPU is that of the crawling
process alone, start included. The bar: at most 2.0 times bare Scrapy's CPU per page, on the mean of both
kinds; the aim: 1.5. With --data the twenty real recipe pages nearest 60 kB are crawled too, with the recipe
schema. With --model the job that asks a language model is compared as well: see benchmarks.model_speed.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
BAR, AIM = 2.0, 1.5
KINDS = ("structured", "plain")
FLAT_MB = 40
MILLION_MB = 200

FIELDS = ("name", "price", "currency", "availability", "sku", "brand", "description", "image")
"""Of the product schema: what the generated pages hold."""


@dataclass(frozen=True)
class Cost:
    """What one crawl took: CPU milliseconds per page, pages per second, peak resident memory in MB."""

    cpu_ms: float
    rate: float
    peak_mb: float


@contextmanager
def page_server(data: str = "") -> Iterator[str]:
    command = [sys.executable, "-m", "benchmarks.page_server", *(["--data", data] if data else [])]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def schema(kind: str) -> str:
    if kind == "recipe":
        return str(ROOT / "schemas" / "recipe.json")
    product = json.loads((ROOT / "schemas" / "product.json").read_text())
    properties = {name: product["properties"][name] for name in FIELDS}
    return json.dumps({"type": "object", "properties": properties})


def our_command(kind: str, urls: Path, out: Path) -> list[str]:
    arguments = ["-a", f"urls={urls}", "-a", f"schema={schema(kind)}", "-a", "concurrency=32"]
    return [sys.executable, "-m", "scrapy", "crawl", "schema", *arguments, "-O", str(out), "-L", "ERROR"]


def bare_command(urls: Path, out: Path) -> list[str]:
    spider = str(ROOT / "benchmarks" / "bare_spider.py")
    command = [sys.executable, "-m", "scrapy", "runspider", spider, "-a", f"urls={urls}"]
    return [*command, "-O", str(out), "-L", "ERROR"]


def measure(
    command: list[str], out: Path, pages: int, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> Cost:
    """Run a crawl and count what its process took; it must have brought a row for every page."""
    started = time.monotonic()
    process = subprocess.Popen(command, cwd=cwd, env={**os.environ, **(env or {})})
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    rows = sum(1 for _ in out.open())
    if rows != pages:
        raise SystemExit(f"{rows} rows came instead of {pages}")
    return Cost((usage.ru_utime + usage.ru_stime) * 1000 / pages, pages / wall, usage.ru_maxrss / 1024)


def write_urls(folder: Path, base: str, kind: str, pages: int) -> Path:
    path = folder / f"{kind}-{pages}.txt"
    with path.open("w") as file:
        file.writelines(f"{base}/{kind}/{number}\n" for number in range(pages))
    return path


def compare(
    base: str, folder: Path, kinds: tuple[str, ...], pages: int, pairs: int
) -> dict[str, list[tuple[Cost, Cost]]]:
    """Ours and bare Scrapy in turn, by kind of page."""
    costs: dict[str, list[tuple[Cost, Cost]]] = {kind: [] for kind in kinds}
    for _ in range(pairs):
        for kind in kinds:
            urls, out = write_urls(folder, base, kind, pages), folder / "out.jsonl"
            ours = measure(our_command(kind, urls, out), out, pages)
            # Outside of this project, whose settings it would take.
            costs[kind].append((ours, measure(bare_command(urls, out), out, pages, cwd=folder)))
    return costs


def print_comparison(costs: dict[str, list[tuple[Cost, Cost]]]) -> float:
    print(f"{'pages':<12}{'ours ms':>10}{'bare ms':>10}{'ratio':>8}{'ours p/s':>10}{'bare p/s':>10}{'MB':>7}")
    ratios = {}
    for kind, pairs in costs.items():
        ratio = ratios[kind] = statistics.median(ours.cpu_ms / bare.cpu_ms for ours, bare in pairs)
        cpu = [statistics.median(cost.cpu_ms for cost in side) for side in zip(*pairs, strict=True)]
        rate = [statistics.median(cost.rate for cost in side) for side in zip(*pairs, strict=True)]
        peak = max(ours.peak_mb for ours, _ in pairs)
        print(
            f"{kind:<12}{cpu[0]:>10.2f}{cpu[1]:>10.2f}{ratio:>8.2f}{rate[0]:>10.0f}{rate[1]:>10.0f}{peak:>7.0f}"
        )
    mean = statistics.mean(ratios[kind] for kind in KINDS)
    print(f"{'both kinds':<12}{'':>20}{mean:>8.2f}   bar {BAR}, aim {AIM}")
    return mean


def memory_is_flat(base: str, folder: Path) -> bool:
    """Peak memory of 1,000 and of 100,000 small pages."""
    peaks = []
    for pages in (1_000, 100_000):
        urls, out = write_urls(folder, base, "small", pages), folder / "out.jsonl"
        cost = measure(our_command("small", urls, out), out, pages)
        peaks.append(cost.peak_mb)
        print(f"{pages:>9,} URLs: peak {cost.peak_mb:.0f} MB, {cost.cpu_ms:.2f} ms CPU per page")
    print(f"grows by {peaks[1] - peaks[0]:.0f} MB (bar {FLAT_MB})")
    return peaks[1] - peaks[0] <= FLAT_MB


def million_starts_at_once(base: str, folder: Path, seconds: float = 45) -> bool:
    """The first row and the memory of a list of a million URLs, watched for a while and then stopped."""
    urls, out = write_urls(folder, base, "small", 1_000_000), folder / "out.jsonl"
    out.unlink(missing_ok=True)
    started = time.monotonic()
    process = subprocess.Popen(our_command("small", urls, out), cwd=ROOT)
    first = None
    peak = 0.0
    while time.monotonic() - started < seconds:
        time.sleep(0.05)
        if first is None and out.exists() and out.stat().st_size:
            first = time.monotonic() - started
        peak = max(peak, _resident_mb(process.pid))
    process.kill()
    process.wait()
    print(
        f"1,000,000 URLs: first rows on disk after {first or 0:.1f} s, peak {peak:.0f} MB in {seconds:.0f} s"
    )
    return first is not None and first < 5 and peak < MILLION_MB


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("RUNO_DATA", ""), help="the folder of real pages")
    parser.add_argument("--pages", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--million", action="store_true")
    parser.add_argument("--model", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    print(
        f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.pages} pages, {options.pairs} pairs"
    )
    kinds = (*KINDS, "recipe") if options.data else KINDS
    with page_server(options.data) as base, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        costs = compare(base, folder, kinds, options.pages, options.pairs)
        passed = print_comparison(costs) <= BAR
        if options.memory:
            passed &= memory_is_flat(base, folder)
        if options.million:
            passed &= million_starts_at_once(base, folder)
        if options.model:
            # It builds on this module.
            from benchmarks import model_speed

            passed &= model_speed.passes(base, folder, options.pairs)
    if options.json:
        options.json.write_text(
            json.dumps({kind: [list(map(asdict, pair)) for pair in pairs] for kind, pairs in costs.items()})
        )
    print("PASSED" if passed else "MISSED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
