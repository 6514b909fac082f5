"""What a client asks for: one typed model, checked before the first request."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from runo_spiders.errors import UsageMistake
from runo_spiders.inputs import check_source

SECRET_ARGUMENTS = {"headers": "headers_file or RUNO_HEADERS", "cookies": "cookies_file or RUNO_COOKIES"}


def _split(value: Any) -> Any:
    return (
        tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value
    )


def _from_json(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as fault:
        raise ValueError(f"is not JSON ({fault})") from fault


Names = Annotated[tuple[str, ...], BeforeValidator(_split)]
Count = Annotated[int, Field(ge=1)]


class DateFilter(BaseModel):
    """Keep the items whose `field` holds a date within the bounds, both inclusive."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    field: str
    after: date | None = None
    before: date | None = None


class JobSpec(BaseModel):
    """The arguments of a job, in both of its shapes: a list of URLs, or a seed and a pattern to follow.

    `urls` is a list, a comma-separated string, a file (`.txt`, `.csv` with a `url` column, `.jsonl`) or `-`
    for standard input; an empty list where the job's URLs are in its book already. Patterns are globs in
    which `*` crosses `/`. `timeout_ms` is for one URL: its fetches, retries and redirects; waiting in queues
    is not counted. `require` names fields whose absence makes an error row.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    urls: Annotated[
        str | tuple[str, ...] | None,
        Field(
            description="URLs, a file of them (.txt, .csv with a url column, .jsonl), or - for standard input"
        ),
    ] = None
    html_dir: Annotated[str | None, Field(description="a folder of saved pages instead of the network")] = (
        None
    )
    limit: Annotated[Count | None, Field(description="take the first N of the list only")] = None

    seed_url: Annotated[str | None, Field(description="where a crawl starts")] = None
    follow_pattern: Annotated[Names, Field(description="globs of the links to follow, comma-separated")] = ()
    item_pattern: Annotated[
        Names, Field(description="globs of the pages that become rows (default: follow_pattern)")
    ] = ()
    exclude_pattern: Annotated[Names, Field(description="globs of pages to leave out")] = ()
    max_pages: Annotated[
        Count, Field(description="the most pages that a crawl fetches, the seed included")
    ] = 100
    max_depth: Annotated[int, Field(ge=0, description="the most hops from the seed")] = 2

    schema_source: Annotated[
        Any, Field(alias="schema", description="a schema's name, its path, or inline JSON")
    ] = None
    prompt: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=8_000,
            description="what is wanted, in words for the model; without a schema the model proposes one",
        ),
    ] = None
    output: Annotated[
        Literal["data", "markdown"],
        Field(description="data in the schema's shape, or the main content as markdown"),
    ] = "data"

    concurrency: Annotated[
        int | None, Field(ge=1, le=256, description="downloads at the same time, on one host too")
    ] = None
    fail_fast: Annotated[bool, Field(description="after the first failure fetch nothing more")] = False
    timeout_ms: Annotated[
        int | None, Field(ge=100, le=600_000, description="time for one URL, retries and redirects included")
    ] = None
    locale: Annotated[
        str | None, Field(description="how numbers and dates are read (default: as the page says)")
    ] = None
    require: Annotated[Names, Field(description="fields whose absence makes an error row")] = ()
    max_items_per_url: Annotated[Count | None, Field(description="the most items of one page")] = None
    max_total_items: Annotated[Count | None, Field(description="the most items of the job")] = None
    date_filter: Annotated[
        DateFilter | None,
        BeforeValidator(_from_json),
        Field(description='keep dated items: {"field": …, "after": …, "before": …}, bounds inclusive'),
    ] = None
    render_js: Annotated[
        Literal["auto", "never"], Field(description="whether pages may be rendered in a browser")
    ] = "auto"
    headers_file: Annotated[
        str | None, Field(description="headers for the sites asked for (or RUNO_HEADERS)")
    ] = None
    cookies_file: Annotated[
        str | None, Field(description="cookies for the sites asked for (or RUNO_COOKIES)")
    ] = None

    @classmethod
    def parse(cls, arguments: Mapping[str, Any]) -> Self:
        """The spec that the arguments mean; raises `UsageMistake`, one sentence that names the argument."""
        for name, instead in SECRET_ARGUMENTS.items():
            if name in arguments:
                raise UsageMistake(f"argument {name}: would be seen in the process list, use {instead}")
        try:
            return cls.model_validate(arguments)
        except ValidationError as fault:
            raise UsageMistake(_sentence(fault)) from None

    @property
    def crawls(self) -> bool:
        return self.seed_url is not None

    @property
    def proposes_schema(self) -> bool:
        """Whether the model is to propose the schema from the prompt and the first pages."""
        return self.schema_source is None and self.prompt is not None

    @model_validator(mode="after")
    def _has_one_shape(self) -> Self:
        given = [name for name in ("urls", "html_dir", "seed_url") if getattr(self, name) is not None]
        if not given:
            raise ValueError("give urls, html_dir or seed_url")
        if len(given) > 1:
            raise ValueError(f"give only one of {' and '.join(given)}")
        if self.crawls and not self.follow_pattern:
            raise ValueError("argument follow_pattern: is needed with seed_url")
        return self

    @model_validator(mode="after")
    def _says_what_is_wanted(self) -> Self:
        wanted = [
            name
            for name, value in (("schema", self.schema_source), ("prompt", self.prompt))
            if value is not None
        ]
        if self.output == "markdown" and wanted:
            raise ValueError(f"argument {wanted[0]}: has no use with output=markdown")
        if self.output == "data" and not wanted:
            raise ValueError("argument schema: is missing (give schema, prompt or output=markdown)")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        if self.urls is not None:
            check_source(self.urls)
        if self.html_dir is not None and not Path(self.html_dir).is_dir():
            raise ValueError(f"argument html_dir: {self.html_dir!r} is not a folder")
        if self.seed_url is not None and not self.seed_url.lower().startswith(("http://", "https://")):
            raise ValueError(f"argument seed_url: {self.seed_url!r} is not an absolute http or https URL")
        for name in ("headers_file", "cookies_file"):
            path = getattr(self, name)
            if path is not None and not Path(path).is_file():
                raise ValueError(f"argument {name}: {path!r} is not a file")
        return self


def _sentence(fault: ValidationError) -> str:
    """The first fault as one sentence for people, naming the argument."""
    error = fault.errors()[0]
    name = ".".join(str(part) for part in error["loc"] if part not in ("str", "tuple[str, ...]"))
    if error["type"] == "extra_forbidden":
        return _unknown(name)
    message = error["msg"].removeprefix("Value error, ")
    return f"argument {name}: {_lower(message)}, got {error['input']!r}" if name else message


def _unknown(name: str) -> str:
    known = [field.alias or key for key, field in JobSpec.model_fields.items()]
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known)}"
    return f"argument {name}: is unknown, {hint}"


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
