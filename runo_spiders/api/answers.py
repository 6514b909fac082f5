"""The bodies of answers, as OpenAPI describes them. They are written by functions that know rows and jobs."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ErrorDetail(_Answer):
    code: str
    message: Annotated[str | None, Field(description="for people; absent for `JOB_CANCELLED`")] = None
    retryable: bool


class ErrorAnswer(_Answer):
    status: Literal["error"]
    error: ErrorDetail


class Success(_Answer):
    url: str
    status: Literal["success"]
    render_mode: Literal["fetch", "headless", "structured", "cache"]
    data: Annotated[Any, Field(description="in the shape of the schema; what was not found is null")]
    images_processed: int | None
    warnings: Annotated[list[str] | None, Field(description="absent where there are none")] = None
    evidence: Annotated[dict[str, Any] | None, Field(description="with `options.evidence`")] = None
    usage: Annotated[dict[str, int] | None, Field(description="with `options.usage`")] = None
    extra: Annotated[dict[str, str] | None, Field(description="other columns of an uploaded list")] = None


class Failure(_Answer):
    url: str
    status: Literal["error"]
    error: ErrorDetail
    evidence: dict[str, Any] | None = None
    usage: dict[str, int] | None = None
    extra: dict[str, str] | None = None


class ExtractFailure(_Answer):
    status: Literal["error"]
    error: ErrorDetail
    evidence: dict[str, Any] | None = None
    usage: dict[str, int] | None = None


class BatchAnswer(_Answer):
    results: list[Success | Failure]
    cancelled: bool


class CrawlMeta(_Answer):
    pages_visited: int
    pages_skipped: Annotated[int, Field(description="left out because `max_pages` was reached")]
    pages_failed: int
    code: Literal["CRAWL_LIMIT_REACHED"] | None = None
    cancelled: Literal[True] | None = None


class CrawlAnswer(_Answer):
    seed_url: str
    results: list[Success | Failure]
    crawl_meta: CrawlMeta


class Accepted(_Answer):
    job_id: str
    status: Literal["queued", "running", "ended"]
    total: int | None


class ListedJob(_Answer):
    job_id: str
    endpoint: str
    started_at: str


class JobList(_Answer):
    jobs: list[ListedJob]


class Cancelled(_Answer):
    status: Literal["cancelled"]
    job_id: str


class Progress(_Answer):
    total: int | None
    succeeded: int
    failed: int


class Units(_Answer):
    reserved: int
    charged: int | None


class NumberedSuccess(Success):
    index: int


class NumberedFailure(Failure):
    index: int


class JobAnswer(_Answer):
    job_id: str
    endpoint: str
    status: Literal["queued", "running", "finished", "cancelled", "lost"]
    created_at: str
    started_at: str | None
    ended_at: str | None
    progress: Progress
    units: Units
    results: list[NumberedSuccess | NumberedFailure]
    next: Annotated[int | None, Field(description="the `after` of the rows that follow")]
    crawl_meta: CrawlMeta | None = None


class Healthy(_Answer):
    status: Literal["ok"]


class Degraded(_Answer):
    status: Literal["degraded"]
