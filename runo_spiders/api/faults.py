"""What can be wrong with a request, as clients are told it.

The envelope is Runo's: `{"status": "error", "error": {"code", "message", "retryable"}}`. What is wrong with
one page is no fault of a request: it stands in the page's row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from twisted.logger import Logger

from runo_spiders.daemon.callers import KeyMissing
from runo_spiders.errors import SchemaError, UsageMistake
from runo_spiders.items import Json
from runo_spiders.store.accepting import OtherRequest
from runo_spiders.store.charges import QuotaExceeded
from runo_spiders.store.endings import JobRunning, NothingToRetry
from runo_spiders.store.faults import StoreDamaged, StoreFull, StoreUnavailable
from runo_spiders.store.keys import KeyRefused

log = Logger()

CODES: Mapping[str, tuple[int, bool]] = {
    "BODY_INVALID": (400, False),
    "SCHEMA_INVALID": (400, False),
    "SCHEMA_NOT_ALLOWED": (400, False),
    "UNAUTHORIZED": (401, False),
    "JOB_FORBIDDEN": (403, False),
    "JOB_NOT_FOUND": (404, False),
    "NOT_FOUND": (404, False),
    "METHOD_NOT_ALLOWED": (405, False),
    "IDEMPOTENCY_KEY_REUSED": (409, False),
    "JOB_RUNNING": (409, False),
    "NOTHING_TO_RETRY": (409, False),
    "BODY_TOO_LARGE": (413, False),
    "CONTENT_TYPE_UNSUPPORTED": (415, False),
    "REQUEST_INVALID": (422, False),
    "SCHEMA_REQUIRED": (422, False),
    "RENDER_UNAVAILABLE": (422, False),
    "RATE_LIMITED": (429, True),
    "QUOTA_EXCEEDED": (429, False),
    "INTERNAL": (500, True),
    "QUEUE_FULL": (503, True),
    "STORE_UNAVAILABLE": (503, True),
    "STORE_FULL": (507, True),
}
"""HTTP status of a code, and whether the same request may succeed later."""

_RETRY_AFTER_S = 5


@dataclass(eq=False)
class Fault(Exception):
    """Why a request is refused. `headers` go with the answer."""

    code: str
    message: str
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        return CODES[self.code][0]

    @property
    def body(self) -> dict[str, Json]:
        error = {"code": self.code, "message": self.message, "retryable": CODES[self.code][1]}
        return {"status": "error", "error": error}


_OURS: tuple[tuple[type[Exception], str], ...] = (
    (KeyMissing, "UNAUTHORIZED"),
    (KeyRefused, "UNAUTHORIZED"),
    (SchemaError, "SCHEMA_INVALID"),
    (UsageMistake, "REQUEST_INVALID"),
    (QuotaExceeded, "QUOTA_EXCEEDED"),
    (OtherRequest, "IDEMPOTENCY_KEY_REUSED"),
    (JobRunning, "JOB_RUNNING"),
    (NothingToRetry, "NOTHING_TO_RETRY"),
    (StoreUnavailable, "STORE_UNAVAILABLE"),
    (StoreFull, "STORE_FULL"),
)
_SAID = {
    "STORE_UNAVAILABLE": "The ledger cannot be reached at the moment; nothing was changed.",
    "STORE_FULL": "The ledger cannot take more at the moment; nothing was changed.",
    "INTERNAL": "An error of the server; its log has the traceback.",
}
_HEADERS: Mapping[str, Mapping[str, str]] = {
    "UNAUTHORIZED": {"WWW-Authenticate": "Bearer"},
    "STORE_UNAVAILABLE": {"Retry-After": str(_RETRY_AFTER_S)},
    "QUEUE_FULL": {"Retry-After": str(_RETRY_AFTER_S)},
}


def fault_of(exc: Exception) -> Fault:
    """The fault that an exception means. One that is not known is logged, and its words stay here."""
    if isinstance(exc, Fault):
        return exc
    code = next((code for kind, code in _OURS if isinstance(exc, kind)), "INTERNAL")
    if code == "INTERNAL" or isinstance(exc, StoreDamaged):
        log.failure("A request failed")
    return Fault(code, _SAID.get(code) or str(exc), _HEADERS.get(code, {}))


def unknown_job(job: str) -> Fault:
    return Fault("JOB_NOT_FOUND", f"There is no job {job[:80]!r} that runs.")
