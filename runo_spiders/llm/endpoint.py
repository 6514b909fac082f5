"""One call to an endpoint of chat completions; the one place that speaks HTTP with it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

from runo_spiders.config import ModelSettings
from runo_spiders.llm.model import ModelFailure
from runo_spiders.llm.reading import told
from runo_spiders.llm.retry import Transient, retry_after

if TYPE_CHECKING:
    from aiohttp import ClientSession

OPENAI = "https://api.openai.com/v1"
NO_KEY = "none"
"""Sent where there is no key: some servers of one's own take any, but want one."""

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


@dataclass(frozen=True, slots=True)
class _Refusal:
    """An answer with another status than 200; `error` is what its body tells, parsed where it is JSON."""

    status: int
    error: object
    retry_after: str | None

    @property
    def code(self) -> str:
        return str(self.error.get("code") or "") if isinstance(self.error, Mapping) else ""

    @property
    def words(self) -> str:
        """The status, and what the body says if it is no page of HTML."""
        page = isinstance(self.error, str) and self.error.startswith("<")
        said = f": {told(self.error)}" if self.error and not page else ""
        return f"status {self.status}{said}"


class Endpoint:
    """The connection to one endpoint; `aiohttp` is imported and the connection made with the first call."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._address = urlsplit((settings.base_url or OPENAI).rstrip("/"))
        self._base_url = self._address._replace(netloc=self._address.netloc.rpartition("@")[2]).geturl()
        self._session: ClientSession | None = None

    @property
    def is_openai(self) -> bool:
        """Whether this is OpenAI's own endpoint, or Azure's, where newer models refuse `max_tokens`."""
        return bool(_OPENAI.match(self._base_url))

    async def call(self, body: Mapping[str, Any]) -> bytes:
        """The bytes of an answer with status 200.

        Raises `Objection`, `Transient`, or `ModelFailure` for what is final. No limit in time, no second try.
        """
        from aiohttp import ClientError

        sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        try:
            async with self.connected().post(f"{self._base_url}/chat/completions", data=sent) as response:
                content = await response.read()
        except ClientError as fault:
            raise Transient("LLM_UNAVAILABLE", _cause(fault)) from None
        if response.status == 200:
            return content
        refusal = _Refusal(response.status, _error_in(content), response.headers.get("retry-after"))
        raise _failure(refusal, self._without_key(refusal.words))

    def _without_key(self, words: str) -> str:
        """Some endpoints put the key into what they say."""
        key = self._settings.api_key
        return words.replace(key, "***") if key else words

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def connected(self) -> ClientSession:
        """The session; making it is the slow part of a first call, and no wait for the model."""
        if self._session is None:
            from aiohttp import ClientSession, ClientTimeout, DummyCookieJar, TCPConnector

            self._session = ClientSession(
                headers=self._headers(),
                # As many connections as there are questions under way, and their turns bound those.
                connector=TCPConnector(limit=0),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None),
                proxy=_proxy_for(self._base_url),
            )
        return self._session

    def _headers(self) -> dict[str, str]:
        from aiohttp import encode_basic_auth

        name = self._address.username
        if name is None:
            who = f"Bearer {self._settings.api_key or NO_KEY}"
        else:
            who = encode_basic_auth(unquote(name), unquote(self._address.password or ""))
        return {"Content-Type": "application/json", "Authorization": who}


def _proxy_for(url: str) -> str | None:
    """The proxy that the environment names for a URL."""
    parts = urlsplit(url)
    proxies = {} if proxy_bypass(parts.hostname or "") else getproxies()
    return proxies.get(parts.scheme) or proxies.get("all")


def _error_in(content: bytes) -> object:
    """What the body of a refusal tells."""
    text = content.decode("utf-8", "replace").strip()
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return body.get("error", body) if isinstance(body, dict) else body


def _cause(fault: BaseException) -> str:
    """The kind of the first cause: its text may hold the address, with a password in it."""
    while fault.__cause__ is not None:
        fault = fault.__cause__
    return type(fault).__name__


def _failure(refusal: _Refusal, detail: str) -> ModelFailure:
    """What a status other than 200 means."""
    status, code = refusal.status, refusal.code
    if code in _BLOCKED:
        return ModelFailure("LLM_BLOCKED", detail)
    if status == 429:
        return _rate_limited(refusal, detail)
    if status in _REFUSED_FORMAT:
        return _objection(code, _hint(status, detail))
    if status in _MAYBE_FORMAT and _FORMAT.search(detail):
        return Objection(detail, None)
    if status in (408, 409) or status >= 500:
        after = retry_after(refusal.retry_after)
        return Transient("LLM_UNAVAILABLE", detail, after=after, everyone=status in (503, 529))
    return ModelFailure("LLM_BAD_REQUEST", _hint(status, detail))


def _rate_limited(refusal: _Refusal, detail: str) -> ModelFailure:
    if refusal.code in _FOR_GOOD:
        return ModelFailure("LLM_RATE_LIMITED", detail)
    return Transient("LLM_RATE_LIMITED", detail, after=retry_after(refusal.retry_after), everyone=True)


def _objection(code: str, detail: str) -> ModelFailure:
    named = _UNSENT.search(detail)
    if code in _NO_WAY or _NO_MODEL.search(detail) or (not named and _TOO_LONG.search(detail)):
        return ModelFailure("LLM_BAD_REQUEST", detail)
    return Objection(detail, named[0] if named else None)


def _hint(status: int, detail: str) -> str:
    """The detail, with the setting that is most often wrong where a status speaks of one."""
    hint = _HINTS.get(status)
    return f"{detail} ({hint})" if hint else detail
