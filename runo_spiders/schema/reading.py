"""The words of coercion: how a page is read, and what reading a value gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from runo_spiders.items import Scalar


@dataclass(frozen=True, slots=True)
class Reading:
    """How the text of a page is read.

    `locale` is a BCP 47 tag or None (see `schema.locale.locale_of`), `base_url` what relative links are
    relative to, `now` when the page was fetched: relative dates are counted from it.
    """

    locale: str | None
    base_url: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Coerced:
    """A value of the field's type.

    `warnings` are short sentences, without the field's name, about what was lost on the way. `derived`: the
    value was concluded from the text and does not stand in it.
    """

    value: Scalar
    warnings: tuple[str, ...] = ()
    derived: bool = False


class CoercionError(ValueError):
    """A raw value cannot be read as its field's type; the message says why in a few words."""
