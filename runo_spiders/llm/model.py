"""The words of a talk with a model: messages, replies and failures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypedDict

from runo_spiders.config import ModelSettings
from runo_spiders.errors import PageFailure
from runo_spiders.items import Json, Usage

__all__ = ["Completion", "Message", "ModelFailure", "ModelSettings", "Reply"]


class Message(TypedDict):
    """One message of a prompt, as chat completions take it."""

    role: Literal["system", "user", "assistant"]
    content: str


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that parsed and had no faults; `usage` is the sum of all calls that it took."""

    data: Json
    usage: Usage


@dataclass(frozen=True, slots=True)
class Completion:
    """What one call said: the content, or the arguments of the forced tool; `finish` is its finish_reason."""

    text: str
    finish: str | None


class ModelFailure(PageFailure):
    """A question has no answer; the code is one of `LLM_*`. `usage` is what its calls cost all the same."""

    usage = Usage()
