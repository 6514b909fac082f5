"""The RUNO_* settings, read once and typed. Nobody else reads them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

LADDER = (
    "runo_spiders.extract.structured.StructuredExtractor",
    "runo_spiders.extract.local.LocalExtractor",
)
TIMEOUT_MS = 15_000
WINDOW = 500


@dataclass(frozen=True, slots=True)
class Config:
    """`ladder` holds the dotted paths of the rungs, in the order in which they are asked.

    `spool` is the path of the spool file; empty means a file of its own that goes with the run. `window` is
    how many URLs may be ahead of the downloads. `contact` is put into the user agent.
    """

    ladder: tuple[str, ...]
    timeout_ms: int
    egress_allow: tuple[str, ...]
    spool: str
    window: int
    contact: str

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls(
            ladder=tuple(settings.getlist("RUNO_LADDER") or LADDER),
            timeout_ms=settings.getint("RUNO_TIMEOUT_MS", TIMEOUT_MS),
            egress_allow=tuple(settings.getlist("RUNO_EGRESS_ALLOW")),
            spool=settings.get("RUNO_SPOOL") or "",
            window=settings.getint("RUNO_WINDOW", WINDOW),
            contact=settings.get("RUNO_CONTACT") or "",
        )
