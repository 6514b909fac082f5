"""The bodies of Runo's requests: typed, frozen, and strict about what they do not know."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, WithJsonSchema

from runo_spiders.api.faults import Fault

MOST_URLS = 200_000
"""Of one request; of an upload too."""

_FIELD = {
    "type": "object",
    "required": ["field", "type"],
    "additionalProperties": False,
    "properties": {
        "field": {"type": "string", "minLength": 1, "maxLength": 200, "description": "the key in `data`"},
        "type": {
            "enum": [
                "string",
                "integer",
                "float",
                "boolean",
                "date",
                "array<string>",
                "array<integer>",
                "array<float>",
            ]
        },
        "example": {"description": "a typical value of that type"},
        "hint": {"type": "string", "description": "what is meant, in a few words"},
    },
}
_SCHEMA = {
    "description": "A list of fields, or (ours) a JSON Schema of an object or of an array of objects.",
    "examples": [[{"field": "title", "type": "string", "example": "Example title"}]],
    "anyOf": [{"type": "array", "minItems": 1, "maxItems": 500, "items": _FIELD}, {"type": "object"}],
}


def _printable(text: str) -> str:
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError("holds a control character")
    return text


def _absent() -> None:
    """No schema; as a default it would stand in the description, where it is no schema."""


SchemaSource = Annotated[Any, WithJsonSchema(_SCHEMA)]
Names = Annotated[tuple[str, ...], Field(strict=False)]
Secret = Annotated[str, Field(max_length=16_384), AfterValidator(_printable)]
Count = Annotated[int, Field(ge=1)]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=False)


class PageOptions(_Body):
    """How a page is fetched and read. The last seven are ours."""

    render_js: Annotated[
        Literal["auto", "always", "never"], Field(description="whether a browser may render the page")
    ] = "auto"
    timeout_ms: Annotated[int | None, Field(ge=100, le=600_000, description="time for one URL")] = None
    process_images: Annotated[bool, Field(description="accepted; images are not looked at")] = False
    locale: Annotated[
        str | None, Field(max_length=35, description="BCP 47: how numbers and dates are read")
    ] = None
    evidence: Annotated[bool, Field(description="say where each value stands on its page")] = False
    usage: Annotated[bool, Field(description="say what each row cost")] = False
    require: Annotated[Names, Field(description="fields without which a page is an error")] = ()
    max_items_per_url: Annotated[Count | None, Field(description="the most items of one page")] = None
    cookies: Annotated[
        Secret | dict[str, Secret] | None,
        Field(description="for the site asked for: `a=b; c=d`, or an object; encrypted, erased at the end"),
    ] = None
    headers: Annotated[
        dict[str, Secret] | None,
        Field(description="for the site asked for; encrypted, erased at the end"),
    ] = None


class ListOptions(PageOptions):
    """The same for several pages."""

    concurrency: Annotated[int | None, Field(ge=1, le=256, description="downloads at the same time")] = None
    fail_fast: Annotated[bool, Field(description="after the first failure fetch nothing more")] = False
    max_total_items: Annotated[Count | None, Field(description="the most items of the job")] = None


class ExtractBody(_Body):
    url: Annotated[str, Field(description="absolute", examples=["https://example.com/p/1"])]
    schema_source: Annotated[SchemaSource, Field(alias="schema", default_factory=_absent)]
    options: PageOptions = PageOptions()


class BatchBody(_Body):
    urls: Annotated[
        tuple[str, ...],
        Field(strict=False, min_length=1, description="absolute; the answer keeps their order"),
    ]
    schema_source: Annotated[SchemaSource, Field(alias="schema", default_factory=_absent)]
    options: ListOptions = ListOptions()
    async_mode: Annotated[bool, Field(description="accepted; the answer comes in the same way")] = False


class UploadBody(_Body):
    """What goes with a list that is uploaded: a part `request` of a form, or parameters of the query."""

    schema_source: Annotated[SchemaSource, Field(alias="schema", default_factory=_absent)]
    options: ListOptions = ListOptions()
    async_mode: bool = False


class CrawlRules(_Body):
    follow_pattern: Annotated[
        str, Field(min_length=1, description="glob of the links to follow; `*` crosses `/`")
    ]
    max_pages: Annotated[int, Field(ge=1, le=1_000_000, description="the most pages, the seed included")]
    max_depth: Annotated[int, Field(ge=0, le=1_000, description="hops from the seed")] = 2
    allow_large_crawl: Annotated[
        bool, Field(description="more than a quarter of what is left of the month")
    ] = False
    item_pattern: Annotated[str | None, Field(min_length=1, description="(ours) pages that become rows")] = (
        None
    )
    exclude_pattern: Annotated[str | None, Field(min_length=1, description="(ours) pages to leave out")] = (
        None
    )


class CrawlBody(_Body):
    seed_url: Annotated[str, Field(description="absolute", examples=["https://example.com"])]
    schema_source: Annotated[SchemaSource, Field(alias="schema", default_factory=_absent)]
    crawl: CrawlRules
    options: ListOptions = ListOptions()
    async_mode: Annotated[bool, Field(description="accepted; the answer comes in the same way")] = False


def checked(model: type[BaseModel], value: Any) -> BaseModel:
    """The value as the model has it. Raises `Fault` with `REQUEST_INVALID`, naming the path."""
    try:
        return model.model_validate(value)
    except ValidationError as fault:
        raise Fault("REQUEST_INVALID", _sentence(fault)) from None


def _sentence(fault: ValidationError) -> str:
    """The first fault. What was given is not quoted: it may be a secret, or long."""
    error = fault.errors(include_input=False, include_url=False)[0]
    path = ".".join(str(part) for part in error["loc"])[:200]
    if error["type"] == "extra_forbidden":
        return f"{path}: is unknown"
    message = error["msg"].removeprefix("Value error, ")
    message = message.replace("Tuple", "List")
    return f"{path or 'body'}: {message[:1].lower()}{message[1:]}"
