"""`scrapy batch`: the friendly command over the spider, with progress, a summary and outputs in order."""

from __future__ import annotations

import argparse
from typing import Any, ClassVar

from scrapy.commands import ScrapyCommand


class Command(ScrapyCommand):
    requires_project = False
    requires_crawler_process = False
    default_settings: ClassVar = {"LOG_LEVEL": "WARNING"}

    def syntax(self) -> str:
        return "[options] URLS… --schema SCHEMA [-o FILE]"

    def short_desc(self) -> str:
        return "Turn URLs into rows, with progress, a summary, and outputs in the order of the URLs"

    def long_desc(self) -> str:
        return (
            "Fetch URLs (or a file of them, or - for standard input) and write one row per URL. "
            "A run that was interrupted goes on when the same command is given again."
        )

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        from runo_spiders.job import JobSpec

        super().add_options(parser)
        parser.add_argument(
            "-o", "--output", action="append", metavar="FILE[:FORMAT]", help="where rows go (default: -)"
        )
        parser.add_argument("--overwrite", action="store_true", help="replace outputs, start anew")
        parser.add_argument(
            "--fresh", action="store_true", help="start anew, leave what an interrupted run has done"
        )
        parser.add_argument(
            "--retry-failed", action="store_true", help="fetch what failed in the last run of this command"
        )
        parser.add_argument("--database", metavar="URL", help="the ledger (default: RUNO_DATABASE)")
        parser.add_argument(
            "--schema-out", metavar="FILE", help="where a schema that the model proposed is kept"
        )
        job = parser.add_argument_group("The job")
        for name, field in JobSpec.model_fields.items():
            if name == "urls":
                continue
            flag = "--" + (field.alias or name).replace("_", "-")
            kind: dict[str, Any] = {"action": "store_true"} if field.annotation is bool else {"metavar": "…"}
            job.add_argument(flag, dest=f"job_{field.alias or name}", help=field.description, **kind)

    def run(self, args: list[str], opts: argparse.Namespace) -> None:
        assert self.settings is not None
        from runo_spiders.console.batch import perform

        self.exitcode = perform(self.settings, args, opts)
