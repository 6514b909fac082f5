"""All routes of the job API."""

from __future__ import annotations

from pydantic import RootModel

from runo_spiders.api import answers, bodies, extraction, health, jobs, pages
from runo_spiders.api.routes import Parameter, Route, Routes

_MEGABYTE = 1_000_000
_BATCH_BYTES = 32 * _MEGABYTE
_UPLOAD_BYTES = 1_000 * _MEGABYTE

_BOOLEAN = {"type": "string", "enum": ["true", "false"]}
_WAIT = Parameter("wait", "false: answer 202 at once with the id of the job", _BOOLEAN)
_IDEMPOTENCY = Parameter(
    "Idempotency-Key",
    "the same key and body again give the same job",
    {"type": "string", "minLength": 1, "maxLength": 255},
    "header",
)
_ROWS = (
    Parameter("evidence", "say where each value stands", _BOOLEAN),
    Parameter("usage", "say what each row cost", _BOOLEAN),
)
_KEYED = ("UNAUTHORIZED", "STORE_UNAVAILABLE", "INTERNAL")
_MAKES_A_JOB = (
    *_KEYED,
    "BODY_INVALID",
    "BODY_TOO_LARGE",
    "CONTENT_TYPE_UNSUPPORTED",
    "REQUEST_INVALID",
    "SCHEMA_INVALID",
    "SCHEMA_REQUIRED",
    "SCHEMA_NOT_ALLOWED",
    "RENDER_UNAVAILABLE",
    "RATE_LIMITED",
    "QUOTA_EXCEEDED",
    "QUEUE_FULL",
    "STORE_FULL",
    "IDEMPOTENCY_KEY_REUSED",
)


class ExtractResult(RootModel[answers.Success | answers.ExtractFailure]):
    """The page's data, or why there are none."""


ROUTES = Routes(
    (
        Route(
            "POST",
            "/v1/extract",
            extraction.extract,
            "Extract data from one page. What is wrong with the page is told with status 200.",
            {200: ExtractResult, 202: answers.Accepted},
            body=bodies.ExtractBody,
            parameters=(_WAIT, _IDEMPOTENCY),
            errors=_MAKES_A_JOB,
            metered=True,
        ),
        Route(
            "POST",
            "/v1/batch",
            extraction.batch,
            "Extract data from many pages with one schema. Longer lists can be uploaded as a file.",
            {200: answers.BatchAnswer, 202: answers.Accepted},
            body=bodies.BatchBody,
            uploads=True,
            most_bytes=_BATCH_BYTES,
            parameters=(_WAIT, _IDEMPOTENCY),
            errors=_MAKES_A_JOB,
            metered=True,
        ),
        Route(
            "POST",
            "/v1/crawl",
            extraction.crawl,
            "Follow the links of a site that match a pattern, and extract data from its pages.",
            {200: answers.CrawlAnswer, 202: answers.Accepted},
            body=bodies.CrawlBody,
            parameters=(_WAIT, _IDEMPOTENCY),
            errors=_MAKES_A_JOB,
            metered=True,
        ),
        Route(
            "GET",
            "/v1/jobs",
            jobs.list_jobs,
            "Your jobs that have not ended.",
            {200: answers.JobList},
            errors=_KEYED,
        ),
        Route(
            "GET",
            "/v1/jobs/{job}",
            jobs.show,
            "State, progress and rows of a job, after its end too.",
            {200: answers.JobAnswer},
            parameters=(
                Parameter("after", "rows behind this index", {"type": "integer", "minimum": 0}),
                Parameter(
                    "limit",
                    "at most so many rows (100)",
                    {"type": "integer", "minimum": 0, "maximum": jobs.MOST_ROWS},
                ),
                *_ROWS,
            ),
            errors=(*_KEYED, "JOB_NOT_FOUND", "REQUEST_INVALID"),
        ),
        Route(
            "GET",
            "/v1/jobs/{job}/results",
            jobs.results,
            "The rows as JSON lines while the job runs, to its end.",
            {200: "application/x-ndjson"},
            parameters=_ROWS,
            errors=(*_KEYED, "JOB_NOT_FOUND", "REQUEST_INVALID"),
        ),
        Route(
            "DELETE",
            "/v1/jobs/{job}",
            jobs.cancel,
            "Stop a job: what is under way is finished or stopped within ten seconds.",
            {200: answers.Cancelled},
            errors=(*_KEYED, "JOB_NOT_FOUND", "JOB_FORBIDDEN", "STORE_FULL"),
        ),
        Route(
            "POST",
            "/v1/jobs/{job}/retry",
            jobs.retry,
            "Try the failed rows of a job again that has ended.",
            {202: answers.Accepted},
            errors=(
                *_KEYED,
                "JOB_NOT_FOUND",
                "JOB_RUNNING",
                "NOTHING_TO_RETRY",
                "BODY_TOO_LARGE",
                "RATE_LIMITED",
                "QUOTA_EXCEEDED",
                "QUEUE_FULL",
                "STORE_FULL",
            ),
            metered=True,
        ),
        Route(
            "GET",
            "/healthz",
            health.healthz,
            "Whether the daemon can read its ledger.",
            {200: answers.Healthy, 503: answers.Degraded},
            errors=("INTERNAL",),
            public=True,
        ),
        Route(
            "GET",
            "/openapi.json",
            pages.openapi,
            "This description.",
            {200: "application/json"},
            errors=("INTERNAL",),
            public=True,
        ),
        Route(
            "GET",
            "/docs",
            pages.docs,
            "A page to try the API.",
            {200: "text/html"},
            errors=("INTERNAL",),
            public=True,
        ),
    )
)


def most_bytes(route: Route, kind: str) -> int:
    """The largest body that a route takes in a content type."""
    return _UPLOAD_BYTES if route.uploads and kind != "application/json" else route.most_bytes
