"""Contract stub, replaced by the real module."""
from __future__ import annotations
from dataclasses import dataclass
from datetime import datetime
@dataclass(frozen=True, slots=True)
class Reading:
    locale: str | None
    base_url: str
    now: datetime
