"""What pages write, and what it means for a field of a type."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runo_spiders.items import Json, Scalar
from runo_spiders.schema.coerce import Coerced, CoercionError, Reading, coerce
from runo_spiders.schema.model import Field, Type

NOW = datetime(2024, 5, 17, 12, 30, tzinfo=UTC)
BASE = "https://shop.example/p/1?x=y"
STOCK = ("InStock", "OutOfStock", "PreOrder", None)
REFUSED = object()


def read(
    raw: Scalar,
    kind: Type,
    locale: str | None = None,
    *,
    name: str = "x",
    format: str | None = None,
    enum: tuple[Json, ...] = (),
) -> Coerced:
    return coerce(raw, Field(name, kind, format=format, enum=enum), Reading(locale, BASE, NOW))


def value_of(raw: Scalar, kind: Type, locale: str | None = None, **about: Json) -> object:
    try:
        return read(raw, kind, locale, **about).value
    except CoercionError:
        return REFUSED


@pytest.mark.parametrize(
    ("raw", "locale", "expected"),
    [
        ("12.99", None, 12.99),
        ("$1,299.00", "en", 1299.0),
        ("1.299,00 €", "de", 1299.0),
        ("1.299,00 €", "en", 1299.0),
        ("1.299 €", "en", 1299.0),
        ("1.299", "de", 1299.0),
        ("1.299", "en", 1.299),
        ("1,299", "en", 1299.0),
        ("1,299", "de", 1.299),
        ("0.125", "de", 0.125),
        ("1234.567", "de", 1234.567),
        ("1,5", "en", 1.5),
        ("1'299.00 CHF", "de-CH", 1299.0),
        ("12 500,50 zł", "pl", 12500.5),
        ("Rs. 1,00,000.50", "en-IN", 100000.5),
        ("3.459 KWD", "en", 3.459),
        ("١٬٢٣٤٫٥", "ar", 1234.5),
        ("۱۲۳", "fa", 123.0),
        ("１２３", "ja", 123.0),
        ("3500円", "ja", 3500.0),
        ("$1.2M", "en", 1200000.0),
        ("1.2k", "en", 1200.0),
        ("2 Mio. €", "de", 2000000.0),
        ("1,1 млн", "ru", 1100000.0),
        ("3万", "ja", 30000.0),
        ("15%", "en", 15.0),
        ("-20 %", "en", -20.0),
        ("−5.5", "en", -5.5),
        ("-$5.00", "en", -5.0),
        ("iPhone-5", "en", 5.0),
        ("(5 reviews)", "en", 5.0),
        (".99", "en", 0.99),
        ("1½", "en", 1.5),
        ("4,5 von 5", "de", 4.5),
        ("2 for $5.00", "en", 5.0),
        ("iPhone14 $799", "en", 799.0),
        ("$470,000 - $500,000", "en", 470000.0),
        ("$1-2M", "en", 1000000.0),
        ("1e3", "en", 1000.0),
        ("Gratis", "es", 0.0),
        (5, "en", 5.0),
        ("free shipping", "en", REFUSED),
        ("01.02.2024", "de", REFUSED),
        ("1.2.3", "en", REFUSED),
        ("", "en", REFUSED),
        (True, "en", REFUSED),
        (float("nan"), "en", REFUSED),
        (10**400, "en", REFUSED),
        ("9" * 290, "ja", 1e290),
        ("9" * 299 + "億", "ja", 1e307),
        ("5 " * 400, "en", REFUSED),
    ],
)
def test_numbers(raw: Scalar, locale: str | None, expected: object) -> None:
    value = value_of(raw, "number", locale)
    assert value is REFUSED if expected is REFUSED else value == pytest.approx(expected, rel=0.01)
    assert value is REFUSED or isinstance(value, float)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("35 years old", 35),
        ("(1,234 ratings)", 1234),
        ("4.500", 4500),
        ("4.0", 4),
        (4.0, 4),
        ("12k", 12000),
        ("3 bed for $1,200", 3),
        ("4.5", REFUSED),
        (4.5, REFUSED),
        ("none", REFUSED),
        (False, REFUSED),
        (float("inf"), REFUSED),
    ],
)
def test_integers(raw: Scalar, expected: object) -> None:
    assert value_of(raw, "integer", "en") == expected


@pytest.mark.parametrize(
    ("raw", "warnings"),
    [
        ("12.99", ()),
        ("$12.99", ('the currency "$" is dropped',)),
        ("35 years old", ('"years old" is dropped',)),
        ("£5 - £10", ('the currency "£" is dropped', "a range: its lower end is kept")),
        ("4.5 out of 5", ()),
    ],
)
def test_what_is_lost_is_told(raw: str, warnings: tuple[str, ...]) -> None:
    assert read(raw, "number", "en").warnings == warnings


@pytest.mark.parametrize(
    ("raw", "locale", "expected"),
    [
        ("2024-01-31T23:59:00-08:00", "en", "2024-01-31"),
        ("2024/1/2", "en", "2024-01-02"),
        ("20240102", "en", "2024-01-02"),
        ("01/02/2024", "en-US", "2024-01-02"),
        ("01/02/2024", "en-GB", "2024-02-01"),
        ("01/02/2024", None, "2024-02-01"),
        ("13/02/2024", "en-US", "2024-02-13"),
        ("1.2.24", "en-US", "2024-02-01"),
        ("1/2/99", "en-US", "1999-01-02"),
        ("Published on January 2nd, 2024 by Joe", "en", "2024-01-02"),
        ("2. Januar 2024", "de", "2024-01-02"),
        ("2 de enero de 2024", "es-MX", "2024-01-02"),
        ("2 janvier 2024 à 10:30", "en", "2024-01-02"),
        ("5 октября 2023", "ru", "2023-10-05"),
        ("2024年1月2日", "ja", "2024-01-02"),
        ("۲ ژانویه ۲۰۲۴", "fa", "2024-01-02"),
        ("Tue, 02 Jan 2024 10:00:00 GMT", "en", "2024-01-02"),
        ("Thu Jan 02 10:00:00 UTC 2024", "en", "2024-01-02"),
        ("1704189600", "en", "2024-01-02"),
        (1704189600000, "en", "2024-01-02"),
        ("yesterday", "en", "2024-05-16"),
        ("Posted 3 days ago", "en", "2024-05-14"),
        ("vor 2 Tagen", "de", "2024-05-15"),
        ("il y a 3 jours", "fr", "2024-05-14"),
        ("June 2010", "en", "2010-06-01"),
        ("2010-06", "en", "2010-06-01"),
        ("2010", "en", "2010-01-01"),
        ("Dec 25", "en", "2023-12-25"),
        ("2024-02-30", "en", REFUSED),
        ("0001-01-01", "en", REFUSED),
        ("4.99", "en", REFUSED),
        ("$12", "en", REFUSED),
        ("555-1234", "en", REFUSED),
        ("+1 212 555 1234", "en", REFUSED),
        ("30 min", "en", REFUSED),
        ("M", "en", REFUSED),
        ("Join now", "en", REFUSED),
        ("Jan4uxx", "en", REFUSED),
        ("Steven1976", "en", REFUSED),
        (True, "en", REFUSED),
        ("a long story " * 40, "en", REFUSED),
    ],
)
def test_dates(raw: Scalar, locale: str | None, expected: object) -> None:
    assert value_of(raw, "string", locale, format="date") == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2024-01-02T10:30:15Z", "2024-01-02T10:30:15+00:00"),
        ("2024-01-02 10:30:15+0530", "2024-01-02T10:30:15+05:30"),
        ("17 May 2024, 3:05 pm", "2024-05-17T15:05:00"),
        ("12:10 AM, Jan 2, 2024", "2024-01-02T00:10:00"),
        ("2 hours ago", "2024-05-17T10:30:00+00:00"),
        ("2024-01-02", "2024-01-02T00:00:00"),
        ("10:30", REFUSED),
    ],
)
def test_moments(raw: str, expected: object) -> None:
    assert value_of(raw, "string", "en", format="date-time") == expected


@pytest.mark.parametrize(
    ("raw", "derived", "warning"),
    [
        ("January 2, 2024", False, None),
        ("yesterday", True, None),
        ("1704189600", True, None),
        ("June 2010", False, "no day is given: the first of the month is used"),
        ("Dec 25", True, "no year is given: the latest is used"),
        ("2010", False, "only the year is given: January 1 is used"),
    ],
)
def test_what_is_filled_in_is_told(raw: str, derived: bool, warning: str | None) -> None:
    coerced = read(raw, "string", "en", format="date")
    assert (coerced.derived, coerced.warnings) == (derived, (warning,) if warning else ())


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("cook_time", "PT1H30M", 90),
        ("cookTime", "1 hr 30 min", 90),
        ("prep_time", "20-30 minutes", 20),
        ("total_time", "1h30", 90),
        ("total_time", "1½ Stunden", 90),
        ("total_time", "45", 45),
        ("duration_seconds", "2 minutes", 120),
        ("rest_hours", "P1D", 24),
        ("age", "35 years", 35),
    ],
)
def test_lengths_of_time_are_counted_in_the_unit_of_the_field(name: str, raw: str, expected: int) -> None:
    assert value_of(raw, "integer", "en", name=name) == expected


@pytest.mark.parametrize(
    ("raw", "name", "expected"),
    [
        (True, "x", True),
        (0, "x", False),
        (7, "x", REFUSED),
        ("Ja", "x", True),
        ("sí", "x", True),
        ("non", "x", False),
        ("1", "x", True),
        ("✓ Verified", "x", True),
        ("✗", "x", False),
        ("In stock", "x", True),
        ("Sold out", "x", False),
        ("https://schema.org/InStock", "x", True),
        ("Currently unavailable", "in_stock", False),
        ("Free shipping", "free_shipping", True),
        ("No free shipping", "freeShipping", False),
        ("Free returns: no", "free_returns", False),
        ("verified", "is_verified", True),
        ("not verified", "is_verified", False),
        ("blue", "x", REFUSED),
        ("No. 16-1014", "x", REFUSED),
        ("1 tablespoon oil", "x", REFUSED),
    ],
)
def test_booleans(raw: Scalar, name: str, expected: object) -> None:
    assert value_of(raw, "boolean", "en", name=name) == expected


@pytest.mark.parametrize(
    ("raw", "members", "expected", "derived"),
    [
        ("InStock", STOCK, "InStock", False),
        ("https://schema.org/InStock", STOCK, "InStock", True),
        ("in stock", STOCK, "InStock", True),
        ("Only 3 left in stock - order soon", STOCK, "InStock", True),
        ("nicht auf Lager", STOCK, "OutOfStock", True),
        ("Rupture de stock", STOCK, "OutOfStock", True),
        ("Add to cart", STOCK, "InStock", True),
        ("blue", STOCK, None, None),
        ("full-time", ("FULL_TIME", "PART_TIME"), "FULL_TIME", True),
        ("This is a full time role", ("FULL_TIME", "PART_TIME"), "FULL_TIME", True),
        ("full time or part time", ("FULL_TIME", "PART_TIME"), None, None),
        ("not new", ("new", "used"), None, None),
        ("3", (1, 2, 3), 3, False),
        (3, (1, 2, 3), 3, False),
        (True, (1, 2), None, None),
    ],
)
def test_enums(raw: Scalar, members: tuple[Json, ...], expected: Json, derived: bool | None) -> None:
    if derived is None:
        with pytest.raises(CoercionError):
            read(raw, "string", enum=members)
        return
    coerced = read(raw, "string", enum=members)
    assert (coerced.value, coerced.derived) == (expected, derived)


@pytest.mark.parametrize(
    ("raw", "format", "expected"),
    [
        ("  A&amp;B\n\tC  ", None, "A&B C"),
        ("<p>Fresh&nbsp;<b>bread</b></p>", None, "Fresh bread"),
        ("a < b and c > d", None, "a < b and c > d"),
        ("Cafe\u0301", None, "Café"),
        ("zero\u200bwidth\x07", None, "zerowidth"),
        ("می\u200cخواهم", None, "می\u200cخواهم"),
        ("\ud83dx", None, "x"),
        (12.5, None, "12.5"),
        (True, None, "true"),
        ("{{ product.title }}", None, REFUSED),
        ("undefined", None, REFUSED),
        ("n/a", None, REFUSED),
        (" - ", None, REFUSED),
        ("\u200b", None, REFUSED),
        ("/img/a b.jpg", "uri", "https://shop.example/img/a%20b.jpg"),
        ("//cdn.example/é.jpg", "uri", "https://cdn.example/%C3%A9.jpg"),
        ("javascript:void(0)", "uri", REFUSED),
        ("http://[bad", "uri", REFUSED),
        ("mailto:ann@example.org?subject=x", "email", "ann@example.org"),
        ("ann at example", "email", REFUSED),
        ("PT1H30M", "duration", "PT1H30M"),
        ("90 minutes", "duration", "PT1H30M"),
        ("soon", "duration", REFUSED),
    ],
)
def test_strings(raw: Scalar, format: str | None, expected: object) -> None:
    assert value_of(raw, "string", "en", format=format) == expected


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("image", "/a.jpg", "https://shop.example/a.jpg"),
        ("product_url", "b/c.png", "https://shop.example/p/b/c.png"),
        ("image", "A red shoe", "A red shoe"),
        ("name", "/a.jpg", "/a.jpg"),
    ],
)
def test_a_field_named_after_a_link_is_made_absolute(name: str, raw: str, expected: str) -> None:
    assert value_of(raw, "string", "en", name=name) == expected


TYPES: st.SearchStrategy[Type] = st.sampled_from(["string", "integer", "number", "boolean", "object"])
FORMATS = st.sampled_from([None, "date", "date-time", "uri", "email", "duration", "time", "url"])
SNIPPETS = st.sampled_from(
    ["$", "1.299,00", "-", "3", "days ago", "PT", "&#x0;", "<b", "2024-13-45", "½", "٣", "http://["]
)
RAW = st.one_of(
    st.text(max_size=60),
    st.lists(SNIPPETS, max_size=6).map("".join),
    st.integers(),
    st.floats(),
    st.booleans(),
)


@given(
    RAW,
    TYPES,
    FORMATS,
    st.sampled_from(["x", "cook_time", "image", "in_stock"]),
    st.sampled_from([None, "de", "xx"]),
)
@example("\u0661\u0662:99", "string", "date-time", "x", None)
@example("²", "integer", None, "x", None)
@example("1.Ⅷ", "number", None, "x", None)
def test_coercion_gives_a_json_value_of_the_type_or_refuses(
    raw: Scalar, kind: Type, format: str | None, name: str, locale: str | None
) -> None:
    value = value_of(raw, kind, locale, name=name, format=format)
    expected = {"string": str, "integer": int, "number": float, "boolean": bool}.get(kind, object)
    assert isinstance(value, expected) or value is REFUSED
    if value is not REFUSED:
        json.dumps(value, allow_nan=False).encode()


@given(
    st.dates(date(1900, 1, 1), date(2100, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%B %d, %Y", "%d %b %Y"]),
)
def test_a_written_date_is_read_back(day: date, notation: str) -> None:
    assert value_of(day.strftime(notation), "string", "en-GB", format="date") == day.isoformat()


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_a_written_price_is_read_back_in_both_notations(whole: int, cents: int) -> None:
    english = f"${whole:,}.{cents:02}"
    german = f"{whole:,}".replace(",", ".") + f",{cents:02} €"
    expected = float(f"{whole}.{cents:02}")
    assert value_of(english, "number", "de") == value_of(german, "number", "en") == expected
