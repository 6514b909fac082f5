"""The job that asks a language model, beside a naive Scrapy spider that sends html-text to the same stand-in.

    python -m benchmarks.model_speed [--pages 400] [--pairs 3]

Takes about three minutes. Both crawl the plain 60 kB pages; the schema has the eight fields of
benchmarks.speed and one that only a model can find, so that it is asked once for every page. Ours is the
whole job: all rungs of the ladder, grounding, rows. The stand-in (tests.model_server) knows its answers from
a table, by the name of the product that stands on the page.

The bars, of ours over the naive spider's: CPU per page at most 1.3 where the model answers at once; pages per
second at least 0.9 where it takes 300 ms and 32 questions are under way; CPU of a job of one page, start
included, at most 1.3.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import speed
from benchmarks.page_server import DIFFERENT
from benchmarks.sixty_kb import product
from runo_spiders.items import Json
from tests.model_server import ModelServer

MODEL = "honest"
IN_FLIGHT = 32
LATENCY = 0.3
OPENING = 3
"""Words of the description that the ninth field asks for: no label and no markup names them."""


@dataclass(frozen=True)
class Bar:
    """What is measured, and what ours may be of the naive spider's: at most, or at least."""

    name: str
    most: float | None = None
    least: float | None = None

    def holds(self, ratio: float) -> bool:
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)

    def __str__(self) -> str:
        return f"at most {self.most}" if self.least is None else f"at least {self.least}"


CPU = Bar("CPU per page, model at once", most=1.3)
RATE = Bar("pages/s, model in 300 ms", least=0.9)
COLD = Bar("CPU to the row of one page", most=1.3)

Pair = tuple[speed.Cost, speed.Cost]


def truth() -> dict[str, Json]:
    """The stand-in's table: by the name of the product, what is true and how the page writes it."""
    return {told["name"]: _record(told) for told in map(_product, range(DIFFERENT))}


def _product(number: int) -> dict[str, str]:
    return product("plain", number)


def _record(told: dict[str, str]) -> Json:
    price = {"value": float(told["price"]), "quote": told["price"]}
    opening = " ".join(told["description"].split()[:OPENING])
    return {**told, "price": price, "opening": opening}


def schema() -> str:
    document = json.loads(speed.schema("plain"))
    opening = {"type": "string", "description": f"the first {OPENING} words of the description"}
    return json.dumps({**document, "properties": {**document["properties"], "opening": opening}})


def our_command(urls: Path, out: Path) -> list[str]:
    arguments = ["-a", f"urls={urls}", "-a", f"schema={schema()}", "-a", "concurrency=32"]
    settings = ["-s", f"RUNO_MODEL={MODEL}", "-s", f"RUNO_MODEL_CONCURRENCY={IN_FLIGHT}", "-L", "ERROR"]
    return [sys.executable, "-m", "scrapy", "crawl", "schema", *arguments, *settings, "-O", str(out)]


def naive_command(urls: Path, out: Path) -> list[str]:
    spider = str(speed.ROOT / "benchmarks" / "naive_model_spider.py")
    given = {"urls": urls, "schema": schema(), "model": MODEL, "in_flight": IN_FLIGHT}
    arguments = [part for name, value in given.items() for part in ("-a", f"{name}={value}")]
    return [sys.executable, "-m", "scrapy", "runspider", spider, *arguments, "-O", str(out), "-L", "ERROR"]


def pairs_of(base: str, folder: Path, latency: float, pages: int, pairs: int) -> list[Pair]:
    """Ours and the naive spider in turn."""
    urls, out = speed.write_urls(folder, base, "plain", pages), folder / "out.jsonl"
    costs: list[Pair] = []
    with ModelServer(truth(), latency=latency) as model:
        env = {"OPENAI_BASE_URL": model.base_url(), "OPENAI_API_KEY": "none"}
        for _ in range(pairs):
            ours = speed.measure(our_command(urls, out), out, pages, env=env)
            check_answers(out)
            naive = speed.measure(naive_command(urls, out), out, pages, cwd=folder, env=env)
            check_answers(out)
            costs.append((ours, naive))
        if model.count() != 2 * pairs * pages:
            raise SystemExit(f"the model was asked {model.count()} times for {2 * pairs * pages} pages")
    return costs


def check_answers(out: Path) -> None:
    """The field that only the model can find must be there, and right."""
    for line in out.open():
        row = json.loads(line)
        expected = _record(_product(int(row["url"].rpartition("/")[2]) % DIFFERENT))["opening"]
        if (row.get("data") or {}).get("opening") != expected:
            raise SystemExit(f"{row['url']}: not the answer of the table: {row}")


def verdict(bar: Bar, ratios: list[float]) -> bool:
    ratio = statistics.median(ratios)
    print(f"{bar.name:<30}{ratio:>8.2f}   bar: {bar}")
    return bar.holds(ratio)


def passes(base: str, folder: Path, pairs: int, pages: int = 400) -> bool:
    """Measure and print all of it; whether every bar holds."""
    at_once = pairs_of(base, folder, 0.0, pages, pairs)
    slowly = pairs_of(base, folder, LATENCY, pages, pairs)
    alone = pairs_of(base, folder, 0.0, 1, pairs)
    for name, costs in (("at once", at_once), ("in 300 ms", slowly), ("one page", alone)):
        print(f"{name:<12}{_told(costs, 0):>40}{_told(costs, 1):>40}")
    held = [
        verdict(CPU, [ours.cpu_ms / naive.cpu_ms for ours, naive in at_once]),
        verdict(RATE, [ours.rate / naive.rate for ours, naive in slowly]),
        verdict(COLD, [ours.cpu_ms / naive.cpu_ms for ours, naive in alone]),
    ]
    return all(held)


def _told(costs: list[Pair], side: int) -> str:
    cpu = statistics.median(pair[side].cpu_ms for pair in costs)
    rate = statistics.median(pair[side].rate for pair in costs)
    return f"{('ours', 'naive')[side]}: {cpu:.1f} ms, {rate:.0f} pages/s"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--pairs", type=int, default=3)
    options = parser.parse_args()
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, {options.pages} pages")
    with speed.page_server() as base, tempfile.TemporaryDirectory() as name:
        passed = passes(base, Path(name), options.pairs, options.pages)
    print("PASSED" if passed else "MISSED")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
