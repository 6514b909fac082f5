"""Whether a text of the page means a value: it is read as the field reads it, and the two are compared."""

from __future__ import annotations

from runo_spiders.items import Scalar
from runo_spiders.schema.coerce import Coerced, CoercionError, Reading, coerce
from runo_spiders.schema.model import Field


def read(text: str, field: Field, reading: Reading) -> Coerced | None:
    """What a field makes of a text; None if it can make nothing of it."""
    try:
        return coerce(text, field, reading)
    except CoercionError:
        return None


def means(text: str, value: Scalar, field: Field, reading: Reading) -> bool:
    coerced = read(text, field, reading)
    return coerced is not None and coerced.value == value
