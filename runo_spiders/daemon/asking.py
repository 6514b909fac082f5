"""Plain arguments, as Scrapyd's clients give them, become a job of the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice

from runo_spiders.asked import check_job, check_model
from runo_spiders.daemon.callers import Caller
from runo_spiders.daemon.ledger import project_config
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import targets
from runo_spiders.job import SECRET_ARGUMENTS
from runo_spiders.schema.load import schema_names
from runo_spiders.store.records import NewJob

OWN_PROJECT = "default"
"""The project in which the daemon runs, by its name in scrapy.cfg; others are deployed to it."""

OWN_SPIDER = "schema"

_FILES = ("html_dir", "headers_file", "cookies_file")
_MOST_URLS = 200_000


def job_of_arguments(
    caller: Caller, project: str, spider: str, arguments: Mapping[str, str], version: str | None = None
) -> NewJob:
    """The job that spider arguments mean, in the caller's name.

    Raises `UsageMistake` where an argument is wrong, names a file of this machine, or would be a secret.
    """
    for name in (name for name in SECRET_ARGUMENTS if name in arguments):
        raise UsageMistake(f"argument {name}: secrets are not taken here, use the job API")
    new = NewJob(
        owner=caller.owner,
        key=caller.key.id if caller.key else None,
        dialect="scrapyd",
        endpoint="/schedule.json",
        spec={"arguments": dict(arguments), "version": version},
        project=project,
        spider=spider,
    )
    return _of_our_spider(new, arguments) if (project, spider) == (OWN_PROJECT, OWN_SPIDER) else new


def _of_our_spider(new: NewJob, arguments: Mapping[str, str]) -> NewJob:
    _check_that_no_file_is_named(arguments)
    job, _ = check_job(arguments)
    check_model(job, project_config())
    listed = list(islice(targets(job.urls, job.limit), _MOST_URLS + 1)) if job.urls is not None else []
    if len(listed) > _MOST_URLS:
        raise UsageMistake(f"argument urls: more than {_MOST_URLS}")
    units = job.max_pages if job.crawls else len(listed)
    spec = {name: value for name, value in arguments.items() if name not in ("urls", "limit")}
    return replace(new, spec=spec, targets=listed, units=None if new.key is None else units)


def _check_that_no_file_is_named(arguments: Mapping[str, str]) -> None:
    for name in (name for name in _FILES if name in arguments):
        raise UsageMistake(f"argument {name}: files of the server cannot be named")
    if "urls" in arguments and not arguments["urls"].lower().startswith(("http://", "https://")):
        raise UsageMistake("argument urls: should be URLs, separated by commas")
    schema = arguments.get("schema", "{").lstrip()
    if not schema.startswith(("{", "[")) and schema not in schema_names():
        known = ", ".join(schema_names())
        raise UsageMistake(f"argument schema: should be JSON or a name that is known ({known})")
