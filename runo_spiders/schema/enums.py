"""Maps what stands on a page to a member of an enumeration."""

from __future__ import annotations

import re

from runo_spiders.items import Json, Scalar
from runo_spiders.schema.reading import Coerced, CoercionError
from runo_spiders.schema.stock import stock_of
from runo_spiders.schema.text import clean, squeeze

_SHOWN = 60


def read_member(raw: Scalar, members: tuple[Json, ...]) -> Coerced:
    """The member that the value equals; spelling, case and the address of a vocabulary do not count.

    Then the one whose words stand in the text, unless several do, and the one for the state of stock. Members
    other than the text itself are marked as derived.
    """
    choices = [member for member in members if member is not None]
    if any(raw == member and type(raw) is type(member) for member in choices):
        return Coerced(raw)
    text = clean(str(raw))
    for find in (_equal, _of_stock, _only_one_within):
        found = find(text, choices)
        if found is not None:
            return Coerced(found, derived=str(found) != text)
    raise CoercionError(f'"{text[:_SHOWN]}" is none of the allowed values')


def _equal(text: str, choices: list[Json]) -> Json:
    keys = {squeeze(text), squeeze(text.rstrip("/#").replace("#", "/").rpartition("/")[2])} - {""}
    return next((choice for choice in choices if squeeze(str(choice)) in keys), None)


def _of_stock(text: str, choices: list[Json]) -> Json:
    stock = stock_of(text)
    return next((choice for choice in choices if stock and squeeze(str(choice)) == squeeze(stock)), None)


def _only_one_within(text: str, choices: list[Json]) -> Json:
    """Negated text is left alone: "not new" is not new."""
    words = f" {_words(text)} "
    if re.search(r" (?:not|no|non|nicht|kein|keine|pas|sin|sem|без|не) ", words):
        return None
    within = [choice for choice in choices if squeeze(str(choice)) and f" {_words(str(choice))} " in words]
    return within[0] if len(within) == 1 else None


def _words(text: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", text).casefold()
    return " ".join(re.findall(r"[^\W_]+", spaced))
