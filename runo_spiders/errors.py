"""What can go wrong with a URL, and how it reads in a row.

RunoError
├── UsageMistake          an argument, option or setting is wrong; nothing was fetched (exit status 2)
│   └── SchemaError       the schema is malformed; names the path of the fault
└── PageFailure           one URL has no row of data; carries a code of the table below

Components raise; only `describe` makes error rows. Each third-party library's own exceptions are turned into
these where that library lives, so nothing is imported here but our own words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from runo_spiders.items import ErrorInfo, Row


@dataclass(frozen=True, slots=True)
class Code:
    """An error code: whether to try again, and a sentence for people."""

    name: str
    retryable: bool
    sentence: str


def _table(*codes: tuple[str, bool, str]) -> Mapping[str, Code]:
    return {name: Code(name, retryable, sentence) for name, retryable, sentence in codes}


CODES = _table(
    ("URL_INVALID", False, "The URL cannot be fetched."),
    ("URL_FORBIDDEN", False, "The address is blocked by the egress policy."),
    ("URL_UNREACHABLE", True, "The host could not be reached."),
    ("TIMEOUT", True, "The page took longer than timeout_ms."),
    ("TLS_ERROR", False, "No secure connection could be made; the certificate may be wrong."),
    ("REDIRECT_LOOP", False, "The page redirects too often."),
    ("HTTP_ERROR", False, "The server answered with an error status."),
    ("FETCH_BLOCKED", True, "The site refused the request."),
    ("ROBOTS_FORBIDDEN", False, "The site's robots.txt forbids this URL."),
    ("CONTENT_UNSUPPORTED", False, "The answer is not a page of HTML."),
    ("CONTENT_EMPTY", False, "The answer has no content."),
    ("CONTENT_TOO_LARGE", False, "The answer is larger than the limit."),
    ("PARSE_TIMEOUT", False, "The page could not be parsed in time."),
    ("TYPE_COERCION_FAILED", False, "Values were found, and none fits its field."),
    ("REQUIRED_MISSING", False, "A field that is required was not found."),
    ("LLM_ERROR", True, "The model's answer could not be used."),
    ("LLM_EMPTY", True, "The model answered without any content."),
    ("LLM_TIMEOUT", True, "The model did not answer in time."),
    ("LLM_TRUNCATED", True, "The model's answer was cut, with a bigger budget too."),
    ("LLM_UNAVAILABLE", True, "The model's endpoint is down or could not be reached."),
    ("LLM_RATE_LIMITED", True, "The model's endpoint limits the rate of requests."),
    ("LLM_BLOCKED", False, "The model, or a filter before it, refused to answer."),
    ("LLM_BAD_REQUEST", False, "The model's endpoint refuses the request."),
    ("JOB_CANCELLED", False, "The job ended before this URL was done."),
    ("COOKIES_MISSING", False, "The job was made with cookies or headers, which are gone since it ended."),
    ("WORKER_LOST", True, "The worker died while it had this URL."),
    ("INTERNAL", True, "An error of our own; the log has the traceback."),
)


class RunoError(Exception):
    """The root of the tree."""


class UsageMistake(RunoError):
    """An argument, option or setting is wrong. The message is one sentence that names it."""


class SchemaError(UsageMistake):
    """A schema is malformed. `path` is the JSON pointer of the fault within it."""

    def __init__(self, path: str, fault: str) -> None:
        self.path = path
        super().__init__(f"schema is malformed at {path or '/'}: {fault}")


class PageFailure(RunoError):
    """One URL has no data. Raised by downloads, callbacks and pipelines; `describe` makes it a row.

    `retryable` overrides the table where the same code can be both (an HTTP 503 against a 404).
    """

    def __init__(
        self, code: str, detail: str = "", *, http_status: int | None = None, retryable: bool | None = None
    ) -> None:
        self.code = CODES[code]
        self.detail = detail
        self.http_status = http_status
        self.retryable = self.code.retryable if retryable is None else retryable
        super().__init__(f"{code}: {detail or self.code.sentence}")

    @property
    def info(self) -> ErrorInfo:
        sentence = self.code.sentence
        message = f"{sentence[:-1]}: {self.detail}" if self.detail else sentence
        return ErrorInfo(self.code.name, message, self.retryable)


def describe(
    exc: BaseException, url: str, index: int | None = None, extra: Mapping[str, str] | None = None
) -> Row:
    """The error row of `url`; an exception that is no `PageFailure` becomes `INTERNAL`."""
    failure = exc if isinstance(exc, PageFailure) else PageFailure("INTERNAL", type(exc).__name__)
    return Row(
        url=url,
        status="error",
        index=index,
        error=failure.info,
        http_status=failure.http_status,
        extra=extra or {},
    )
