"""One call to an endpoint of chat completions; the one place that knows the `openai` package."""

from __future__ import annotations

import logging
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from runo_spiders.config import ModelSettings
from runo_spiders.llm.model import ModelFailure
from runo_spiders.llm.reading import told
from runo_spiders.llm.retry import Transient, retry_after

if TYPE_CHECKING:
    from openai import APIStatusError, AsyncOpenAI

NO_KEY = "none"
"""Sent where there is no key: servers of one's own ask for none, and the client insists on one."""

_OPENAI = re.compile(r"https?://([^/@]*\.)?openai\.(com|azure\.com)(:\d+)?(/|$)")
_FORMAT = re.compile(
    r"response_?format|json_?(schema|object|mode)|tool|grammar|structured|function", re.IGNORECASE
)
_TOO_LONG = re.compile(
    r"context.{0,12}(length|window|size)|too (long|large|many tokens)|maximum.{0,20}tokens", re.I
)
_NO_MODEL = re.compile(r"model\b.{0,100}\b(not found|not exist)", re.IGNORECASE)
_UNSENT = re.compile(r"max_completion_tokens|max_tokens|temperature")
_REFUSED_FORMAT = frozenset({400, 404, 415, 422})
_MAYBE_FORMAT = frozenset({500, 501})
_BLOCKED = frozenset({"content_filter", "content_policy_violation", "invalid_prompt"})
_NO_WAY = frozenset({"context_length_exceeded", "model_not_found"})
_FOR_GOOD = frozenset({"insufficient_quota", "billing_hard_limit_reached"})

_HINTS = {
    401: "the key is OPENAI_API_KEY",
    403: "the key is OPENAI_API_KEY",
    404: "the address is OPENAI_BASE_URL, the model RUNO_MODEL",
}


class Objection(ModelFailure):
    """The endpoint does not take the request as it is; another format or parameter may do.

    `parameter` is what it names: `temperature`, `max_tokens`, `max_completion_tokens`, or nothing of these.
    """

    def __init__(self, detail: str, parameter: str | None) -> None:
        super().__init__("LLM_BAD_REQUEST", detail)
        self.parameter = parameter


class Endpoint:
    """The connection to one endpoint; `openai` is imported with the first call (0.5 s, 57 MB)."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._client: AsyncOpenAI | None = None

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own endpoint, or Azure's, where newer models refuse `max_tokens`."""
        return self._settings.base_url is None or bool(_OPENAI.match(self._settings.base_url))

    async def call(self, body: Mapping[str, Any]) -> bytes:
        """The bytes of an answer with status 200.

        Raises `Objection`, `Transient`, or `ModelFailure` for what is final. No limit in time, no second try.
        """
        import openai
        from httpx2 import Response

        try:
            response = await self.connected().post("/chat/completions", cast_to=Response, body=body)
        except openai.APIConnectionError as fault:
            raise Transient("LLM_UNAVAILABLE", _cause(fault)) from None
        except openai.APIStatusError as fault:
            raise _failure(fault, self._told(fault)) from None
        except openai.OpenAIError as fault:
            raise ModelFailure("LLM_ERROR", _cause(fault)) from None
        return response.content

    def _told(self, fault: APIStatusError) -> str:
        """What the endpoint says about a refusal; some put the key into it."""
        said = f"status {fault.status_code}{_words(fault.body)}"
        key = self._settings.api_key
        return said.replace(key, "***") if key else said

    async def close(self) -> None:
        if self._client is not None:
            await self._client.close()
            self._client = None

    def connected(self) -> AsyncOpenAI:
        """The client; making it is the slow part of a first call, and no wait for the model."""
        if self._client is None:
            from openai import AsyncOpenAI, DefaultAioHttpClient

            _quieten()
            base_url, name = _without_name(self._settings.base_url)
            self._client = AsyncOpenAI(
                api_key=self._settings.api_key or NO_KEY,
                base_url=base_url,
                default_headers=name,
                timeout=None,  # The turn of a question has a limit for all of it.
                max_retries=0,
                http_client=DefaultAioHttpClient(timeout=None),
            )
        return self._client


def _without_name(base_url: str | None) -> tuple[str | None, dict[str, str] | None]:
    """An address without the name and password in it, and the header that tells these instead of a key."""
    parts = urlsplit(base_url or "")
    if parts.username is None:
        return base_url, None
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
    address = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return address, {"Authorization": f"Basic {b64encode(secret).decode()}"}


def _words(body: object) -> str:
    """What the body of a refusal says, if it is no page of HTML."""
    page = isinstance(body, str) and body.lstrip().startswith("<")
    return f": {told(body)}" if body and not page else ""


def _quieten() -> None:
    """These log each request with its whole prompt, at a cost; who asks for that by name still gets it."""
    for name in ("openai", "httpx2", "httpcore2"):
        logger = logging.getLogger(name)
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.WARNING)


def _cause(fault: BaseException) -> str:
    """The kind of the first cause: its text may hold the address, with a password in it."""
    while fault.__cause__ is not None:
        fault = fault.__cause__
    return type(fault).__name__


def _failure(fault: APIStatusError, detail: str) -> ModelFailure:
    """What a status other than 200 means."""
    status, code = fault.status_code, str(fault.code or "")
    if code in _BLOCKED:
        return ModelFailure("LLM_BLOCKED", detail)
    if status == 429:
        return _rate_limited(fault, code, detail)
    if status in _REFUSED_FORMAT:
        return _objection(code, _hint(status, detail))
    if status in _MAYBE_FORMAT and _FORMAT.search(detail):
        return Objection(detail, None)
    if status in (408, 409) or status >= 500:
        after = retry_after(fault.response.headers.get("retry-after"))
        return Transient("LLM_UNAVAILABLE", detail, after=after, everyone=status in (503, 529))
    return ModelFailure("LLM_BAD_REQUEST", _hint(status, detail))


def _rate_limited(fault: APIStatusError, code: str, detail: str) -> ModelFailure:
    if code in _FOR_GOOD:
        return ModelFailure("LLM_RATE_LIMITED", detail)
    after = retry_after(fault.response.headers.get("retry-after"))
    return Transient("LLM_RATE_LIMITED", detail, after=after, everyone=True)


def _objection(code: str, detail: str) -> ModelFailure:
    named = _UNSENT.search(detail)
    if code in _NO_WAY or _NO_MODEL.search(detail) or (not named and _TOO_LONG.search(detail)):
        return ModelFailure("LLM_BAD_REQUEST", detail)
    return Objection(detail, named[0] if named else None)


def _hint(status: int, detail: str) -> str:
    """The detail, with the setting that is most often wrong where a status speaks of one."""
    hint = _HINTS.get(status)
    return f"{detail} ({hint})" if hint else detail
