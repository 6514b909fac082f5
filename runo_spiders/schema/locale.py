"""Which locale a page is written in, and what that means for its numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import urlsplit

from runo_spiders.schema.text import word_set

_TAG = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z]{4})?(?:[-_]([A-Za-z]{2}|\d{3}))?(?:[-_.@].*)?")

# Languages whose numbers have a decimal comma, from CLDR's `decimal` symbols.
_COMMA_LANGUAGES = word_set(
    "af az be bg bs ca cs da de el es et eu fi fo fr gl hr hu hy id is it ka kk ky lb lt lv mk mn nb nl nn"
    " no pl pt ro ru sk sl sq sr sv tk tr uk uz vi"
)
_POINT_REGIONS = word_set(
    "de-CH de-LI fr-CH it-CH es-419 es-CU es-DO es-GT es-HN es-MX es-NI es-PA es-PE es-PR es-SV es-US"
)

# Countries by their usual language: what a top-level domain or a currency tells when the page tells nothing.
# Countries of several languages come under each; a language that stands first is the likelier one.
_COUNTRIES = {
    "en": "US GB UK AU NZ IE CA ZA IN SG PH NG KE GH PK MT",
    "de": "DE AT CH LI",
    "fr": "FR BE CH CA LU MC MA TN DZ SN CI",
    "es": "ES MX AR CL CO PE UY EC VE PY BO CR GT PA DO CU SV HN NI PR",
    "pt": "PT BR AO MZ",
    "it": "IT CH SM",
    "nl": "NL BE SR",
    "sv": "SE FI",
    "da": "DK",
    "nb": "NO",
    "fi": "FI",
    "is": "IS",
    "pl": "PL",
    "cs": "CZ",
    "sk": "SK",
    "hu": "HU",
    "ro": "RO MD",
    "bg": "BG",
    "el": "GR CY",
    "hr": "HR",
    "sl": "SI",
    "sr": "RS",
    "et": "EE",
    "lv": "LV",
    "lt": "LT",
    "ru": "RU BY KZ",
    "uk": "UA",
    "tr": "TR",
    "ja": "JP",
    "ko": "KR",
    "zh": "CN TW HK SG",
    "vi": "VN",
    "th": "TH",
    "id": "ID",
    "ms": "MY",
    "hi": "IN",
    "he": "IL",
    "ar": "SA AE EG QA KW BH OM JO LB IQ MA",
    "fa": "IR",
}
_LANGUAGES_OF: dict[str, list[str]] = {}
for _language, _regions in _COUNTRIES.items():
    for _region in _regions.split():
        _LANGUAGES_OF.setdefault(_region, []).append(_language)

# Currencies are called after their country (ISO 4217); these are not.
_NOT_OF_A_COUNTRY = frozenset(("EUR", "XAF", "XOF", "XPF", "XCD", "ANG"))
_CURRENCY_SIGNS = {
    "£": "GB",
    "zł": "PL",
    "Kč": "CZ",
    "₽": "RU",
    "₺": "TR",
    "₹": "IN",
    "₩": "KR",
    "R$": "BR",
    "₴": "UA",
}
# Country codes that are sold to everybody and tell nothing about a page.
_GENERIC_ENDINGS = frozenset(("AI", "CC", "CO", "FM", "GG", "IO", "LY", "ME", "SH", "TO", "TV", "WS"))


@lru_cache(maxsize=4096)
def locale_of(
    option: str | None = None,
    lang: str | None = None,
    url_or_host: str = "",
    currency_hint: str | None = None,
) -> str | None:
    """The BCP 47 tag to read a page by: the client's option, else the page's `lang`, currency, domain.

    A `lang` without a region takes the region of the currency or the domain if the language is spoken there:
    `en` at a British address is `en-GB`, because dates and numbers depend on the region.
    """
    chosen = _tag(option)
    if chosen:
        return chosen
    regions = [
        region for region in (_region_of_currency(currency_hint), _region_of_host(url_or_host)) if region
    ]
    declared = _tag(lang)
    if declared is None:
        return next((f"{_LANGUAGES_OF[region][0]}-{region}" for region in regions), None)
    if "-" in declared:
        return declared
    return next((f"{declared}-{region}" for region in regions if declared in _LANGUAGES_OF[region]), declared)


def language_of(locale: str | None) -> str | None:
    """The language subtag: `pt` of `pt-BR`."""
    return locale.partition("-")[0] if locale else None


def decimal_mark(locale: str | None) -> str | None:
    """`.` or `,`; None when the locale is not known."""
    if locale is None:
        return None
    return "," if language_of(locale) in _COMMA_LANGUAGES and locale not in _POINT_REGIONS else "."


def _tag(text: str | None) -> str | None:
    match = _TAG.fullmatch(text.strip()) if text else None
    if match is None:
        return None
    language = match[1].lower()
    return f"{language}-{match[2].upper()}" if match[2] else language


def _region_of_currency(currency: str | None) -> str | None:
    if not currency or currency in _NOT_OF_A_COUNTRY:
        return None
    region = _CURRENCY_SIGNS.get(currency) or (currency[:2].upper() if len(currency) == 3 else "")
    return region if region in _LANGUAGES_OF else None


def _region_of_host(url_or_host: str) -> str | None:
    host = _host(url_or_host) if "/" in url_or_host else url_or_host
    ending = host.rstrip(".").rpartition(".")[2].upper()
    region = "GB" if ending == "UK" else ending
    if region in _GENERIC_ENDINGS and ".com." not in host:
        return None
    return region if region in _LANGUAGES_OF else None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""
