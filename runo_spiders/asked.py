"""Whether what is asked for can be done: a job's arguments, its schema, and the two together.

Nothing is fetched and no crawler is needed, so that whoever accepts a job can refuse it at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runo_spiders.config import Config
from runo_spiders.errors import UsageMistake
from runo_spiders.job import JobSpec
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.model import Schema
from runo_spiders.schema.of_run import MARKDOWN, NOT_YET


def check_job(arguments: Mapping[str, Any]) -> tuple[JobSpec, Schema]:
    """The job and the schema that the arguments of `JobSpec` mean.

    Raises `UsageMistake`, one sentence that names the argument.
    """
    job = JobSpec.parse(arguments)
    schema = _schema_of(job)
    _check_together(job, schema)
    return job, schema


def check_model(job: JobSpec, config: Config) -> None:
    """Raise `UsageMistake` if the job cannot do without a language model and none is configured."""
    if job.proposes_schema and config.model is None:
        raise UsageMistake(
            "argument prompt: without a schema it needs a language model, "
            "set RUNO_MODEL and OPENAI_API_KEY or OPENAI_BASE_URL"
        )


def _schema_of(job: JobSpec) -> Schema:
    if job.output == "markdown":
        return MARKDOWN
    return NOT_YET if job.proposes_schema else load_schema(job.schema_source)


def _check_together(job: JobSpec, schema: Schema) -> None:
    """Raise `UsageMistake` where an argument does not go with the schema."""
    if schema is NOT_YET:
        return
    names = {field.name for field in schema.record.properties}
    filtered = () if job.date_filter is None else (job.date_filter.field,)
    for argument, wanted in (("require", job.require), ("date_filter", filtered)):
        unknown = [name for name in wanted if name not in names]
        if unknown:
            known = ", ".join(sorted(names))
            raise UsageMistake(f"argument {argument}: the schema has no field {unknown[0]!r} (has: {known})")
    for argument in ("date_filter", "max_items_per_url", "max_total_items"):
        if getattr(job, argument) is not None and not schema.many:
            raise UsageMistake(f"argument {argument}: needs a schema whose root is an array")
