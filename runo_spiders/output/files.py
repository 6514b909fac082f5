"""The files that a run is written to, from its spool or the ledger: complete, in the order of the request."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from scrapy.utils.misc import load_object

from runo_spiders.errors import UsageMistake
from runo_spiders.items import Row
from runo_spiders.output.exporters import FEED_EXPORTERS, CompleteRows, require_library
from runo_spiders.schema.model import Schema

# `.json` is the batch answer here: `{"results": […], "cancelled": …}`; `FILE:json` asks for the plain list.
_BY_ENDING = {
    ".json": "batch",
    ".jsonl": "jsonlines",
    ".jl": "jsonlines",
    ".csv": "csv",
    ".parquet": "parquet",
    ".xlsx": "xlsx",
}


@dataclass(frozen=True, slots=True)
class RowsKept:
    """The rows of a job in the ledger, as `read` reads them."""

    read: Callable[[], Iterator[Row]]
    cancelled: bool

    def complete_rows(self) -> Iterator[Row]:
        return self.read()


@dataclass(frozen=True, slots=True)
class Output:
    """A file to write, or standard output for `-`, and its format."""

    path: str
    format: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """`FILE`, `FILE:FORMAT` or `-`. Raises `UsageMistake`, also where a library is missing."""
        path, _, format_ = text.rpartition(":")
        if not path:
            path, format_ = (
                text,
                "jsonlines" if text == "-" else _BY_ENDING.get(Path(text).suffix.lower(), ""),
            )
        if format_ not in FEED_EXPORTERS:
            raise UsageMistake(
                f"output {text}: no such format (there are: {', '.join(sorted(FEED_EXPORTERS))})"
            )
        require_library(format_)
        if path != "-" and not Path(path).absolute().parent.is_dir():
            raise UsageMistake(f"output {text}: the folder is not there")
        return cls(path, format_)

    def write(self, rows: CompleteRows, schema: Schema) -> None:
        """Write all rows. A file appears whole or not at all."""
        if self.path == "-":
            self._export(sys.stdout.buffer, rows, schema)
            return
        unfinished = Path(self.path + ".part")
        with unfinished.open("wb") as file:
            self._export(file, rows, schema)
        unfinished.replace(self.path)

    def _export(self, file: IO[bytes], rows: CompleteRows, schema: Schema) -> None:
        options: dict[str, Any] = {"spool": rows} if self.format == "batch" else {"encoding": "utf-8"}
        if self.format in ("csv", "parquet", "xlsx"):
            options["schema"] = schema
        exporter = load_object(FEED_EXPORTERS[self.format])(file, **options)
        exporter.start_exporting()
        if self.format != "batch":
            for row in rows.complete_rows():
                exporter.export_item(row)
        exporter.finish_exporting()
        file.flush()


def refuse_existing(path: Path) -> None:
    """Raise `UsageMistake` if writing the file would lose what it holds."""
    if path.exists():
        raise UsageMistake(f"output {path}: exists already, give --overwrite to replace it")
