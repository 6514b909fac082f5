"""`/v1/jobs`: what runs, what became of it, stop it, try it again."""

from __future__ import annotations

from datetime import UTC, datetime

from runo_spiders.api.asking import Asked, in_thread
from runo_spiders.api.extraction import accepted_answer, check_queue
from runo_spiders.api.faults import Fault, unknown_job
from runo_spiders.api.long_poll import crawl_meta, follow, wanted_of
from runo_spiders.api.outlet import Outlet
from runo_spiders.api.rows import Wanted, full_result_of
from runo_spiders.items import Json, Row
from runo_spiders.store.records import Job

MOST_ROWS = 1_000
_MOST_JOBS = 1_000


async def list_jobs(asked: Asked) -> None:
    """The caller's jobs that have not ended, of all dialects, the newest first."""
    page = asked.place.ledger.jobs.page
    jobs = await in_thread(page, asked.caller.sees, states=("queued", "running"), limit=_MOST_JOBS)
    await asked.answer({"jobs": [_listed(job) for job in jobs]})


async def cancel(asked: Asked) -> None:
    job = await in_thread(asked.place.ledger.jobs.get, asked.job_id)
    if job is None or job.state == "ended":
        raise unknown_job(asked.job_id)
    if asked.caller.sees not in (None, job.owner):
        raise Fault("JOB_FORBIDDEN", "The job is somebody else's.")
    await in_thread(asked.place.ledger.jobs.cancel, job.id)
    asked.place.watch.cancelled(job.id)
    await asked.answer({"status": "cancelled", "job_id": job.id}, headers={"X-Job-ID": job.id})


async def show(asked: Asked) -> None:
    """State, progress, and the rows behind a cursor; after the end of the job too."""
    after = asked.number("after", -1, 0, 2**31)
    limit = asked.number("limit", 100, 0, MOST_ROWS)
    wanted = wanted_of(asked)
    job, rows = await in_thread(_job_with_rows, asked, after, limit)
    described = _described(job, rows, wanted, limit)
    if job.spec.get("seed_url"):
        described["crawl_meta"] = await crawl_meta(asked, job)
    await asked.answer(described, headers={"X-Job-ID": job.id})


async def results(asked: Asked) -> None:
    """The rows as JSON lines while the job runs, to its end."""
    wanted = wanted_of(asked)
    job = await _own_job(asked)
    await asked.begin(200, "application/x-ndjson", headers={"X-Job-ID": job.id})
    outlet = Outlet(asked.request)
    outlet.open(padded=True)
    try:
        async for lines in follow(asked, job, lambda row: full_result_of(row, wanted)):
            await outlet.write(lines)
        outlet.finish()
    finally:
        outlet.quiet()


async def retry(asked: Asked) -> None:
    """Queue the failed rows of a job that has ended, under the same id."""
    job = await _own_job(asked)
    await in_thread(check_queue, asked)
    await in_thread(asked.place.ledger.jobs.retry, job.id, job.key is not None)
    asked.place.watch.submitted(job.id)
    again = await in_thread(asked.place.ledger.jobs.get, job.id)
    location = {"X-Job-ID": job.id, "Location": f"/v1/jobs/{job.id}"}
    await asked.answer(accepted_answer(again or job), 202, location)


def _job_with_rows(asked: Asked, after: int, limit: int) -> tuple[Job, list[Row]]:
    """In one visit to the ledger: this is what clients ask most often."""
    found = asked.place.ledger.jobs.get_with_rows(asked.job_id, asked.caller.sees, after, limit)
    if found is None:
        raise _not_found(asked)
    return found


async def _own_job(asked: Asked) -> Job:
    return await in_thread(_find, asked)


def _find(asked: Asked) -> Job:
    """The job of the path, as if others had none."""
    job = asked.place.ledger.jobs.get(asked.job_id, asked.caller.sees)
    if job is None:
        raise _not_found(asked)
    return job


def _not_found(asked: Asked) -> Fault:
    return Fault("JOB_NOT_FOUND", f"There is no job {asked.job_id[:80]!r}.")


def _listed(job: Job) -> dict[str, Json]:
    return {
        "job_id": job.id,
        "endpoint": job.endpoint,
        "started_at": _time(job.started_at or job.created_at),
    }


def _described(job: Job, rows: list[Row], wanted: Wanted, limit: int) -> dict[str, Json]:
    """A job with some of its rows. `next` is the cursor behind them, null where no more are there now."""
    full = bool(rows) and len(rows) == limit
    return {
        **_listed(job),
        "status": job.end or job.state,
        "created_at": _time(job.created_at),
        "started_at": job.started_at and _time(job.started_at),
        "ended_at": job.ended_at and _time(job.ended_at),
        "progress": {
            "total": job.progress.total,
            "succeeded": job.progress.succeeded,
            "failed": job.progress.failed,
        },
        "units": {"reserved": job.reserved, "charged": job.charged if job.state == "ended" else None},
        "results": [full_result_of(row, wanted) for row in rows],
        "next": rows[-1].index if full else None,
    }


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
