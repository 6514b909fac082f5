"""Reads yes or no out of words, marks and numbers."""

from __future__ import annotations

import re

from runo_spiders.schema.reading import Coerced, CoercionError
from runo_spiders.schema.stock import AVAILABLE, UNAVAILABLE, stock_of
from runo_spiders.schema.text import clean, word_set

_LONGEST_TEXT = 120
_LONGEST_ANSWER = 4
_ALSO_PREPOSITIONS = frozenset(("on", "y", "si", "da"))
_TRUE_MARKS = "✓✔☑✅🗸●"
_FALSE_MARKS = "✗✘✕✖❌☒❎"
_YES = word_set(
    "true yes y on 1 ja oui sí si sim sì да tak ano igen kyllä evet はい 是 有 예 نعم enabled active included"
    " verified verifiziert vérifié verificado approved confirmed checked certified"
)
_NO = word_set(
    "false no n off 0 nein non não nee nei nej нет nie ne nem ei hayır いいえ 否 无 無 아니요 لا none never"
    " disabled inactive excluded unverified unchecked"
)
_NEGATION = word_set("not no non without nicht kein keine ohne sans pas sin sem senza не без niet geen bez")
_WORD = re.compile(r"[^\W_]+")


def read_boolean(raw: str | float, name: str) -> Coerced:
    """Numbers are 1 or 0. Of a phrase, a check mark, a word for yes or no, the state of stock, or the name of
    the field itself decides: "Free shipping" means yes for `free_shipping`, with a "no" beside it no."""
    if isinstance(raw, bool):
        return Coerced(raw)
    if not isinstance(raw, str):
        return Coerced(_of_number(raw), derived=True)
    text = clean(raw)
    verdict = _of_mark(text) if len(text) <= _LONGEST_TEXT else None
    if verdict is None:
        verdict = _of_words(_WORD.findall(text.casefold())[:20], _WORD.findall(_spaced(name)))
    if verdict is None:
        verdict = _of_stock(text)
    if verdict is None:
        raise CoercionError("the text says neither yes nor no")
    return Coerced(verdict, derived=True)


def _of_number(number: float) -> bool:
    if number not in (0, 1):
        raise CoercionError(f"{number} is neither 0 nor 1")
    return bool(number)


def _of_mark(text: str) -> bool | None:
    first = text[:1]
    if not first:
        return None
    return True if first in _TRUE_MARKS else False if first in _FALSE_MARKS else None


def _of_words(words: list[str], name: list[str]) -> bool | None:
    if len(words) == 1 and words[0] in _YES | _NO:
        return words[0] in _YES
    if name and set(name) <= set(words):
        return not (_NO | _NEGATION) & set(words)
    if len(words) > _LONGEST_ANSWER or any(word.isdigit() for word in words):
        return None
    if (_NO | _NEGATION) & set(words):
        return False if words[0] in _NO or _YES & set(words) else None
    return True if words[:1] and words[0] in _YES - _ALSO_PREPOSITIONS else None


def _of_stock(text: str) -> bool | None:
    stock = stock_of(text)
    return True if stock in AVAILABLE else False if stock in UNAVAILABLE else None


def _spaced(name: str) -> str:
    """The words of a field's name, without the `is` and `has` that a page does not write."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|_", " ", name).casefold()
    return re.sub(r"^(?:is|has|can)\s", "", words)
