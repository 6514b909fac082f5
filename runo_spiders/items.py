"""The two words for data: a `Page` is work in progress, a `Row` is what a client learns about one URL.

`Found` and `Evidence` say what a rung of the ladder found and where it stands on the page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from runo_spiders.page.document import Document

Scalar: TypeAlias = str | int | float | bool
Json: TypeAlias = Any
"""Whatever `json.loads` returns; only the JSON edges hold such values."""

NOTHING_FOUND = "NOTHING_FOUND: no field of the schema has a value on this page"
"""The warning of a success that holds no value."""

RenderMode = Literal["fetch", "headless", "structured", "cache"]
Status = Literal["success", "error"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where one value stands on the page, and by which way it was found.

    `xpath` addresses an element, a text node (`…/text()[1]`) or an attribute (`…/@content`) of the page as
    lxml's HTML parser reads it. With a `pointer` (RFC 6901) that node holds JSON and the pointer leads to the
    leaf. `text` is the value as it stands there, white space collapsed; it is a part of the node's text when
    the value is only a part of it. `derived` marks a value that was concluded from `text` and not read from
    it: a boolean, an enum member, a date from "yesterday". `confidence` is the chance that a learned value is
    right, as far as that is known.
    """

    rung: str
    text: str
    xpath: str
    pointer: str | None = None
    derived: bool = False
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A raw value, as a rung found it, before it is coerced to the field's type."""

    value: Scalar
    evidence: Evidence


Extraction: TypeAlias = Mapping[str, Found]
"""What a rung found: JSON pointer of the leaf (`/price`, `/offers/0/price`, `/3/title`) to the value."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A value that fits its field: coerced, with its evidence and what is worth flagging about it."""

    value: Scalar
    evidence: Evidence
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """What one row cost."""

    fetches: int = 0
    llm_calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(
            self.fetches + other.fetches,
            self.llm_calls + other.llm_calls,
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
        )


FREE = Usage()
"""What a rung costs that asks nobody."""


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Why a URL has no data; `message` is for people and is not to be parsed."""

    code: str
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched page on its way through the pipelines.

    `given` is an item that a custom spider scraped itself, as plain JSON. `findings` maps the JSON pointers
    of leaves to values, `rejected` to the reason why a value did not fit, `refused` why one was not believed.
    `data`, `evidence` and `warnings` are filled by the validation pipeline. `failure` is set when a rung
    failed after others had found values.
    """

    url: str
    index: int | None
    final_url: str
    http_status: int
    fetched_at: datetime
    document: Document
    render_mode: RenderMode = "fetch"
    usage: Usage = Usage(fetches=1)
    extra: Mapping[str, str] = field(default_factory=dict)
    given: Json = None
    findings: Mapping[str, Finding] = field(default_factory=dict)
    rejected: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    failure: ErrorInfo | None = None
    data: Json = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """What a client learns about one URL: data in the schema's shape, or an error with a code.

    `index` is the place of the URL in the request (or in the order of discovery), from 0. `extra` carries
    the other columns of a CSV or JSON Lines input. An error row keeps the `data` found before the failure.
    """

    url: str
    status: Status
    index: int | None = None
    render_mode: RenderMode | None = None
    data: Json = None
    error: ErrorInfo | None = None
    warnings: tuple[str, ...] = ()
    images_processed: int | None = None
    final_url: str | None = None
    http_status: int | None = None
    fetched_at: datetime | None = None
    evidence: Mapping[str, Evidence] = field(default_factory=dict)
    usage: Usage = Usage()
    extra: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """How the URL is counted: `success`, `empty` for a success without any value, or the error code."""
        if self.error is not None:
            return self.error.code
        return "empty" if NOTHING_FOUND in self.warnings else "success"
