"""Which locale a page is read by, in the order of what tells it."""

from __future__ import annotations

import pytest

from runo_spiders.schema.calendar import date_order
from runo_spiders.schema.locale import decimal_mark, locale_of


@pytest.mark.parametrize(
    ("option", "lang", "url", "currency", "expected"),
    [
        ("de_DE", "en", "https://x.fr/", "USD", "de-DE"),
        (None, "pt-BR", "https://x.fr/", "USD", "pt-BR"),
        (None, "zh-Hant-TW", "", None, "zh-TW"),
        (None, "en", "https://x.co.uk/a", None, "en-GB"),
        (None, "en", "x.com", "GBP", "en-GB"),
        (None, "en", "https://x.de/", None, "en"),
        (None, "es", "https://x.com.mx/", None, "es-MX"),
        (None, None, "https://x.de/", "USD", "en-US"),
        (None, None, "https://x.de/", "EUR", "de-DE"),
        (None, None, "https://x.com/", "zł", "pl-PL"),
        (None, None, "https://x.io/", None, None),
        (None, "", "http://[x", "", None),
        (None, "x-unknown!", "", None, None),
    ],
)
def test_locale(
    option: str | None, lang: str | None, url: str, currency: str | None, expected: str | None
) -> None:
    assert locale_of(option, lang, url, currency) == expected


@pytest.mark.parametrize(
    ("locale", "mark", "order"),
    [
        ("en-US", ".", "MDY"),
        ("en-GB", ".", "DMY"),
        ("de", ",", "DMY"),
        ("de-CH", ".", "DMY"),
        ("es-MX", ".", "DMY"),
        ("ja", ".", "YMD"),
        (None, None, None),
    ],
)
def test_what_a_locale_means(locale: str | None, mark: str | None, order: str | None) -> None:
    assert (decimal_mark(locale), date_order(locale)) == (mark, order)
