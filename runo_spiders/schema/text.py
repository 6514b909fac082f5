"""Cleans text as it stands on pages: entities, markup, invisible characters, white space."""

from __future__ import annotations

import html
import re
import unicodedata

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_TAG = re.compile(
    r"</?(?:a|b|br|code|div|em|font|h[1-6]|hr|i|img|li|ol|p|pre|small|span|strong|sub|sup|table|tbody|td|th|tr|u|ul)"
    r"\b[^<>]{0,2000}>",
    re.IGNORECASE,
)
# Control characters, lone surrogates and the invisible characters that carry no meaning. The zero-width
# (non-)joiners stay: Persian, Indic scripts and emoji are spelt with them.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\ud800-\udfff]"
)
_FRACTION = re.compile(r"(\d?)\s?([\u00bc-\u00be\u2150-\u215e])")
_ANY_DIGIT = re.compile(r"\d")


def clean(text: str) -> str:
    """One line of text: entities read once, tags gone, NFC, single spaces, nothing invisible."""
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    if not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def plain_digits(text: str) -> str:
    """Clean text with the digits of every script as 0 to 9, vulgar fractions as decimals, plain spaces."""
    text = clean(text)
    if text.isascii():
        return text
    text = _FRACTION.sub(_decimal_fraction, text)
    text = unicodedata.normalize("NFKC", text).replace("٫", ".").replace("٬", "'").replace("’", "'")
    return _ANY_DIGIT.sub(lambda digit: str(unicodedata.decimal(digit[0])), text)


def squeeze(text: str) -> str:
    """The letters and digits of a text in one case: what is left when spelling habits do not count."""
    return "".join(char for char in text.casefold() if char.isalnum())


def _decimal_fraction(match: re.Match[str]) -> str:
    fraction = f"{unicodedata.numeric(match[2]):.3f}".rstrip("0")
    return f"{match[1]}{fraction[1:]}" if match[1] else fraction


def word_set(words: str) -> frozenset[str]:
    """The words of a table that is written as one text."""
    return frozenset(words.split())
