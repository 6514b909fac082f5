"""The RUNO_* settings, read once and typed. Nobody else reads them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

from scrapy.utils.project import data_path

from runo_spiders.errors import UsageMistake

if TYPE_CHECKING:
    from scrapy.settings import BaseSettings

LADDER = (
    "runo_spiders.extract.structured.StructuredExtractor",
    "runo_spiders.extract.local.LocalExtractor",
    "runo_spiders.extract.llm.ModelExtractor",
)
TIMEOUT_MS = 15_000
WINDOW = 500
LEASE_S = 10.0
KEEP_DAYS = 30.0
MOST_QUEUED = 10_000
MODEL_CONCURRENCY = 8
MODEL_TIMEOUT_MS = 60_000
MODEL_MAX_OUTPUT_TOKENS = 4096
SECRET_KEY = "RUNO_SECRET_KEY"  # noqa: S105 (a name)


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """Which model is asked and how hard. `base_url` None is OpenAI's own endpoint.

    `concurrency` counts questions at once, apart from Scrapy's downloads. `timeout_s` bounds one question
    with all its tries, not the wait for its turn.
    """

    model: str
    base_url: str | None = None
    api_key: str = field(default="", repr=False)
    concurrency: int = MODEL_CONCURRENCY
    timeout_s: float = MODEL_TIMEOUT_MS / 1000
    max_output_tokens: int = MODEL_MAX_OUTPUT_TOKENS

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self | None:
        """None without a model's name. The endpoint and its key come from OPENAI_* in the environment.

        Raises `UsageMistake` for a model without an endpoint, an endpoint that is no URL, and limits that are
        not above 0.
        """
        model = settings.get("RUNO_MODEL") or os.environ.get("RUNO_MODEL")
        if not model:
            return None
        base_url, api_key = os.environ.get("OPENAI_BASE_URL"), os.environ.get("OPENAI_API_KEY")
        if not (base_url or api_key):
            raise UsageMistake("RUNO_MODEL is set, and neither OPENAI_API_KEY nor OPENAI_BASE_URL")
        if base_url and not base_url.startswith(("http://", "https://")):
            raise UsageMistake("OPENAI_BASE_URL is not a URL that begins with http:// or https://")
        return cls(
            model=model,
            base_url=base_url or None,
            api_key=api_key or "",
            concurrency=_above_zero(settings, "RUNO_MODEL_CONCURRENCY", MODEL_CONCURRENCY),
            timeout_s=_above_zero(settings, "RUNO_MODEL_TIMEOUT_MS", MODEL_TIMEOUT_MS) / 1000,
            max_output_tokens=_above_zero(settings, "RUNO_MODEL_MAX_OUTPUT_TOKENS", MODEL_MAX_OUTPUT_TOKENS),
        )


def secret_key() -> str:
    """What target sites' secrets are sealed with; only from the environment, since settings are shown."""
    return os.environ.get(SECRET_KEY) or ""


def _above_zero(settings: BaseSettings, name: str, default: int) -> int:
    number = settings.getint(name, default)
    if number <= 0:
        raise UsageMistake(f"{name}: {number} is not above 0")
    return number


@dataclass(frozen=True, slots=True)
class Config:
    """`ladder` holds the dotted paths of the rungs, in the order in which they are asked.

    `spool` is the path of the spool file; empty means a file of its own that goes with the run. `window` is
    how many URLs may be ahead of the downloads. `contact` is put into the user agent.
    `model` is None where no model is to be asked. `database` is the URL of the ledger. `lease_s` is how many
    seconds a worker that gives no sign of life keeps its job. `keep_days` is for how long the daemon keeps
    jobs that have ended; 0 is for ever. `most_queued` is how many may wait before the API takes no more.
    """

    ladder: tuple[str, ...]
    timeout_ms: int
    egress_allow: tuple[str, ...]
    spool: str
    window: int
    database: str
    lease_s: float
    keep_days: float
    most_queued: int
    contact: str
    model: ModelSettings | None

    @classmethod
    def from_settings(cls, settings: BaseSettings) -> Self:
        return cls(
            ladder=tuple(settings.getlist("RUNO_LADDER") or LADDER),
            timeout_ms=settings.getint("RUNO_TIMEOUT_MS", TIMEOUT_MS),
            egress_allow=tuple(settings.getlist("RUNO_EGRESS_ALLOW")),
            spool=settings.get("RUNO_SPOOL") or "",
            window=settings.getint("RUNO_WINDOW", WINDOW),
            contact=settings.get("RUNO_CONTACT") or "",
            model=ModelSettings.from_settings(settings),
            database=_database(settings),
            lease_s=_lease_s(settings),
            most_queued=_above_zero(settings, "RUNO_MOST_QUEUED", MOST_QUEUED),
            keep_days=settings.getfloat("RUNO_KEEP_DAYS", KEEP_DAYS),
        )


def _database(settings: BaseSettings) -> str:
    """The URL of the ledger: by default a file of the project, or below the working directory."""
    given = settings.get("RUNO_DATABASE") or os.environ.get("RUNO_DATABASE")
    return given or f"sqlite:///{Path(data_path('runo/ledger.db')).absolute()}"


def _lease_s(settings: BaseSettings) -> float:
    seconds = settings.getfloat("RUNO_LEASE_S", LEASE_S)
    if seconds < 1:
        raise UsageMistake(f"RUNO_LEASE_S: {seconds} is not at least 1")
    return seconds
