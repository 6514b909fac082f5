"""A short chaos run: kills over a real daemon lose nothing. The long one is `make chaos`."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.crawling import ROOT


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_kills_lose_nothing(database: str, tmp_path: Path) -> None:
    told = tmp_path / "chaos.json"
    # How often a state is hit and how long it takes is the machine's to say: `make chaos` asks for that.
    lenient = ("--seconds", "10", "--seed", "5", "--least", "0", "--allowed", "120")
    options = (*lenient, "--database", database, "--json", str(told))
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.chaos", *options], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sums = json.loads(told.read_text())[database]
    assert sums["faults"] == []
    assert sum(sums["states"].values()) >= 1, "something was killed"
    assert sum(sums["rows"].values()) == sums["urls"] > 0
