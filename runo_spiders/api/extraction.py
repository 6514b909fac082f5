"""`/v1/extract`, `/v1/batch`, `/v1/crawl`: a job is written down, started, and waited for."""

from __future__ import annotations

from collections.abc import Callable

from runo_spiders.api.asking import Asked, in_thread
from runo_spiders.api.faults import Fault
from runo_spiders.api.long_poll import Parts, batch_body, crawl_body, extract_body, hold
from runo_spiders.api.orders import Order, order_of
from runo_spiders.items import Json
from runo_spiders.store.charges import Allowance
from runo_spiders.store.records import Job, NewJob

_LONGEST_IDEMPOTENCY_KEY = 255


async def extract(asked: Asked) -> None:
    await _answer(asked, extract_body, padded=False)


async def batch(asked: Asked) -> None:
    await _answer(asked, batch_body, padded=True)


async def crawl(asked: Asked) -> None:
    await _answer(asked, crawl_body, padded=True)


async def _answer(asked: Asked, body_of: Callable[[Asked, Job], Parts], *, padded: bool) -> None:
    waits = asked.flag("wait", True)
    job = await _accepted(asked)
    asked.headers["X-Job-ID"] = job.id
    asked.place.watch.submitted(job.id)
    if waits:
        await hold(asked, job, body_of, padded)
    else:
        await asked.answer(accepted_answer(job), 202, {"Location": f"/v1/jobs/{job.id}"})


def accepted_answer(job: Job) -> dict[str, Json]:
    return {"job_id": job.id, "status": job.state, "total": job.progress.total}


async def _accepted(asked: Asked) -> Job:
    """The job, durable; the one of an earlier request with the same idempotency key, if there is one."""
    return await in_thread(_write_down, asked, _idempotency_key(asked))


def _write_down(asked: Asked, idempotency_key: str | None) -> Job:
    check_queue(asked)
    order = _order(asked)
    key = asked.caller.key
    new = NewJob(
        owner=asked.caller.owner,
        key=key.id if key else None,
        dialect="runo",
        endpoint=order.endpoint,
        spec=order.arguments,
        targets=order.targets,
        units=order.units if key else None,
        sealed=asked.place.seal(order.secrets) if order.secrets else None,
        idempotency_key=idempotency_key,
        digest=asked.digest if idempotency_key else "",
    )
    return asked.place.ledger.jobs.accept(new)


def _order(asked: Asked) -> Order:
    key = asked.caller.key
    allowance: Allowance | None = None
    if key is not None and key.per_month is not None:
        allowance = asked.place.ledger.allowance(key.id)
    return order_of(asked.body, key, allowance, asked.upload)


def _idempotency_key(asked: Asked) -> str | None:
    given: str | None = asked.request.getHeader("idempotency-key")
    if given is not None and not 1 <= len(given) <= _LONGEST_IDEMPOTENCY_KEY:
        raise Fault(
            "REQUEST_INVALID", f"Idempotency-Key: should have 1 to {_LONGEST_IDEMPOTENCY_KEY} characters"
        )
    return given


def check_queue(asked: Asked) -> None:
    """Raise `Fault` with `QUEUE_FULL` where as many jobs wait as may. It blocks."""
    most = asked.place.most_queued
    if asked.place.ledger.jobs.waiting(most) >= most:
        raise Fault("QUEUE_FULL", f"{most} jobs wait already; try again later.", {"Retry-After": "5"})
