"""`scrapy jobs`: what the ledger knows of jobs, and what can be done about them, from the outside."""

from __future__ import annotations

import argparse
from typing import get_args

from scrapy.commands import ScrapyCommand

from runo_spiders.commands.actions import Actions
from runo_spiders.store.records import State


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False

    def syntax(self) -> str:
        return "ACTION [options]"

    def short_desc(self) -> str:
        return "List the ledger's jobs, show one, write its rows, cancel, retry or purge"

    def long_desc(self) -> str:
        return "A job is named by its id, or by as much of its beginning as no other job has."

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        actions = Actions(self, parser)
        listing = actions.add("list", "List jobs, the newest first")
        listing.add_argument("--state", choices=get_args(State), help="only jobs in this state")
        listing.add_argument("--owner", metavar="OWNER", help="only jobs of this owner")
        listing.add_argument("--limit", type=int, default=20, metavar="N", help="how many (default: 20)")
        actions.add("show", "Show how far a job is, and what became of its URLs").add_argument("job")
        results = actions.add("results", "Write the rows of a job, as far as it is")
        results.add_argument("job")
        results.add_argument(
            "-o", "--output", action="append", metavar="FILE[:FORMAT]", help="where rows go (default: -)"
        )
        results.add_argument("--overwrite", action="store_true", help="replace files that exist")
        actions.add("cancel", "Stop a job, wherever it runs").add_argument("job")
        actions.add("retry", "Queue the failed rows of a job anew").add_argument("job")
        purge = actions.add("purge", "Delete jobs that have ended, with their rows")
        purge.add_argument(
            "--older-than", required=True, metavar="AGE", help="ended so long ago: 30d, 12h, 2w"
        )
        purge.add_argument("--owner", metavar="OWNER", help="only jobs of this owner")

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from runo_spiders.console.jobs import ACTIONS
        from runo_spiders.console.ledgers import perform

        self.exitcode = perform("jobs", ACTIONS, self.settings, args, opts)
