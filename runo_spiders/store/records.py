"""The ledger's words: what a job is, how far it is, who may ask for one."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from runo_spiders.inputs import Target
from runo_spiders.items import Json

Dialect = Literal["runo", "spidra", "aitronos", "scrapyd", "cli"]
KeyKind = Literal["live", "static"]
State = Literal["queued", "running", "ended"]
End = Literal["finished", "cancelled", "lost"]
"""How a job ended. `lost`: its process died again and again without getting anywhere."""

Standing = Literal["held", "cancelled", "lost"]
"""What a worker learns when it renews its lease; `lost`: another worker has the job, write nothing more."""


@dataclass(frozen=True, slots=True)
class NewJob:
    """What a client asks for. `spec` holds the arguments of `JobSpec` but for the URLs and any secret.

    `units` are reserved when the job is accepted and settled when it ends; None for an owner who is not
    charged. `sealed` are the target site's secrets, encrypted. A second job with the same `idempotency_key`
    and `digest` is the first one.
    """

    owner: str
    dialect: Dialect
    endpoint: str
    spec: Mapping[str, Json]
    targets: Iterable[Target] = ()
    key: str | None = None
    project: str = "default"
    spider: str = "schema"
    units: int | None = None
    sealed: bytes | None = None
    idempotency_key: str | None = None
    digest: str = ""
    id: str = field(default_factory=lambda: new_id())


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `total` is None until a crawl has found it out; `succeeded` counts empty ones too."""

    total: int | None = None
    succeeded: int = 0
    failed: int = 0
    items: int = 0

    @property
    def done(self) -> int:
        return self.succeeded + self.failed


@dataclass(frozen=True, slots=True)
class Job:
    """A job as the ledger has it. Times are seconds since the epoch.

    `round` counts the retries of failed rows. `starts` counts the processes that died over it since it last
    got anywhere. `charged` is known when it has ended.
    """

    id: str
    owner: str
    key: str | None
    dialect: Dialect
    endpoint: str
    project: str
    spider: str
    spec: Mapping[str, Json]
    state: State
    end: End | None
    progress: Progress
    round: int
    starts: int
    created_at: float
    started_at: float | None
    ended_at: float | None
    cancel_asked: bool
    reserved: int
    charged: int
    has_secrets: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a job: whoever holds the newest token may write, and nobody else.

    `follows_loss` is whether the worker before this one was lost, and did not give the job back.
    """

    job: Job
    token: int
    follows_loss: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """An API key as the ledger has it; its secret is known to nobody but its holder.

    A `static` key brings the schema that each of its requests is answered by. `per_minute` and `per_month`
    limit requests and units, None without limit. `balance` are prepaid units, used when the month's are gone.
    `operator` keys may do what concerns the whole service.
    """

    id: str
    owner: str
    name: str
    kind: KeyKind
    schema: Json
    operator: bool
    per_minute: int | None
    per_month: int | None
    balance: int | None
    created_at: float
    expires_at: float | None
    revoked_at: float | None
    last_used_at: float | None


def new_id() -> str:
    """`job_` and 32 hex digits, the first twelve of them the time in milliseconds: ids sort by their age."""
    return f"job_{time.time_ns() // 1_000_000:012x}{secrets.token_hex(10)}"
