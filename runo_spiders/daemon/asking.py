"""Plain arguments, as Scrapyd's clients give them, become a job of the ledger."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from itertools import islice
from types import MappingProxyType

from runo_spiders.asked import check_job, check_model
from runo_spiders.daemon.callers import Caller
from runo_spiders.daemon.ledger import project_config
from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import targets
from runo_spiders.items import Json
from runo_spiders.job import SECRET_ARGUMENTS
from runo_spiders.store.records import NewJob

OWN_PROJECT = "default"
"""The project in which the daemon runs, by its name in scrapy.cfg; others are deployed to it."""

OWN_SPIDER = "schema"

_FILES = ("html_dir", "headers_file", "cookies_file")
_MOST_URLS = 200_000
_NAME = re.compile(r"[\w-]+")

VERSION = "_version"
"""The version of a deployed project that a job wants, among its arguments as Scrapyd has it."""

SETTINGS = "_settings"
"""Scrapy's settings that a job wants."""


def job_of_arguments(
    caller: Caller,
    project: str,
    spider: str,
    arguments: Mapping[str, str],
    for_scrapyd: Mapping[str, Json] = MappingProxyType({}),
) -> NewJob:
    """The job that spider arguments mean, in the caller's name. `for_scrapyd` are `VERSION` and `SETTINGS`.

    Raises `UsageMistake` where an argument is wrong, names a file of this machine, or would be a secret.
    """
    _check_names(arguments)
    _check_that_no_file_is_named(arguments)
    new = NewJob(
        owner=caller.owner,
        key=caller.key.id if caller.key else None,
        dialect="scrapyd",
        endpoint="/schedule.json",
        spec={**arguments, **for_scrapyd},
        project=project,
        spider=spider,
    )
    return _of_our_spider(new, arguments) if (project, spider) == (OWN_PROJECT, OWN_SPIDER) else new


def _of_our_spider(new: NewJob, arguments: Mapping[str, str]) -> NewJob:
    job, _ = check_job(arguments)
    check_model(job, project_config())
    listed = list(islice(targets(job.urls, job.limit), _MOST_URLS + 1)) if job.urls is not None else []
    if len(listed) > _MOST_URLS:
        raise UsageMistake(f"argument urls: more than {_MOST_URLS}")
    units = job.max_pages if job.crawls else len(listed)
    spec = {name: value for name, value in arguments.items() if name not in ("urls", "limit")}
    return replace(new, spec=spec, targets=listed, units=None if new.key is None else units)


def asked_of_scrapyd(spec: Mapping[str, Json]) -> dict[str, Json]:
    """What a job's spec holds beside the spider's arguments."""
    return {name: spec[name] for name in (VERSION, SETTINGS) if spec.get(name)}


def _check_names(arguments: Mapping[str, str]) -> None:
    for name in arguments:
        if name in SECRET_ARGUMENTS:
            raise UsageMistake(f"argument {name}: secrets are not taken here, use the job API")
        if name.startswith("_"):
            raise UsageMistake(f"argument {name[:80]}: an argument's name does not begin with _")


def _check_that_no_file_is_named(arguments: Mapping[str, str]) -> None:
    for name in (name for name in _FILES if name in arguments):
        raise UsageMistake(f"argument {name}: files of the server cannot be named")
    if "urls" in arguments and not arguments["urls"].lower().startswith(("http://", "https://")):
        raise UsageMistake("argument urls: should be URLs, separated by commas")
    schema = arguments.get("schema", "{").lstrip()
    if not (schema.startswith(("{", "[")) or _NAME.fullmatch(schema)):
        raise UsageMistake("argument schema: should be JSON or the name of a schema that is kept here")
