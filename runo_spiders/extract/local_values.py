"""How a value of each kind reads: whether a text holds one, which part of it, and what it says."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from runo_spiders.extract.labels import EVERY_LABEL, STOCK_PHRASES, Kind, words_of
from runo_spiders.items import Scalar
from runo_spiders.page.visible import fold
from runo_spiders.schema.model import Field

TEXT_LENGTH = 160
PROSE_LENGTH = 40
ITEM_LENGTH = 3000
NUMBER_LENGTH = 60
TRAIL_LENGTH = 40


_CURRENCY = (
    r"(?:US\$|CA\$|C\$|AU\$|A\$|NZ\$|HK\$|NT\$|S\$|R\$|MX\$|[$€£¥₹₽₩₺₴₫฿₪₱₦₡₲₵₸]|zł|Kč|Ft|kr\.?|Kn|lei|лв\.?|руб\.?"
    r"|грн\.?|元|円|원|Rs\.?|INR|USD|EUR|GBP|CHF|CAD|AUD|NZD|JPY|CNY|SEK|NOK|DKK|PLN|CZK|HUF|RON|BGN|HRK|TRY|RUB|UAH"
    r"|BRL|R(?=\s\d)|MXN|ZAR|SGD|HKD|TWD|KRW|THB|MYR|IDR|PHP|VND|AED|SAR|ILS)"
)
_AMOUNT = r"\d{1,3}(?:[.,'’\s\u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d+(?:[.,]\d{1,2})?"
CURRENCY = re.compile(rf"(?<![A-Za-z]){_CURRENCY}(?![A-Za-z])")
PRICE = re.compile(
    rf"(?<![A-Za-z]){_CURRENCY}\s?(?:{_AMOUNT})(?:,-|,–)?(?!\d)|(?<![\d.,])(?:{_AMOUNT})(?:,-|,–)?\s?{_CURRENCY}(?![A-Za-z])"
)
_BARE_PRICE = re.compile(rf"^\D{{0,12}}((?:{_AMOUNT})(?:,-|,–)?)(?:\D.{{0,15}})?$")
_WHOLE = re.compile(r"^\D{0,4}\d[\d.,'\s]*$")
_CENTS = re.compile(r"^[.,]?\d{2}$")
_CODE = re.compile(r"^[#:\s]*([A-Za-z0-9][\w./\-+]*(?: [\w./\-+]+){0,3})$")
_FIRST_CODE = re.compile(r"^[#:\s]*([A-Za-z0-9][\w./\-+]{2,})")
_GTIN = re.compile(r"(?<!\w)\d{8}(?:\d{4,6})?(?!\w)")
_ISBN = re.compile(r"(?<![\d-])(?:97[89][- ]?)?(?:\d[- ]?){9}[\dXx](?![\d-])")
_MONTHS = (
    r"jan|feb|mar|mär|maerz|apr|may|mai|maj|mei|jun|jul|aug|sep|set|oct|okt|ott|out|nov|dec|dez|des|dic|déc|gen"
    r"|fév|févr|avr|juin|juil|août|ene|abr|ago|fev|mag|giu|lug|янв|фев|мар|апр|ма[йя]|июн|июл|авг|сен|окт|ноя|дек"
    r"|sty|lut|kwi|cze|lip|sie|wrz|paź|lis|gru"
)
_MONTH = rf"(?:{_MONTHS})[^\W\d]{{0,8}}\.?"
_YEAR = r"(?:19|20)\d{2}"
DATE = re.compile(
    r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}(?:[T ]\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?)?"
    r"|(?<!\d)\d{1,2}[./-]\s?\d{1,2}[./-]\s?(?:19|20)?\d{2}(?!\d)"
    rf"|(?<!\d)\d{{1,2}}(?:st|nd|rd|th|\.|er|º)?[\s-](?:de\s)?{_MONTH},?[\s-](?:de\s)?{_YEAR}"
    rf"|\b{_MONTH}\s\d{{1,2}}(?:st|nd|rd|th)?,?\s{_YEAR}"
    rf"|{_YEAR}\s?[年년]\s?\d{{1,2}}\s?[月월]\s?\d{{1,2}}\s?[日일]?"
    rf"|\b{_MONTH}\s{_YEAR}",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:\d+|an?)\s\w+\sago\b|\b\d+\s\w+\s(?:fa|geleden|sedan|temu|atrás|назад)\b"
    r"|\b(?:vor|il y a|hace|há)\s(?:\d+|einem|einer|une?|una?|uma?)\s\w+|\d\s?(?:日|時間|天|小时)前"
    r"|^(?:yesterday|gestern|hier|ayer|ieri|gisteren|igår|wczoraj|ontem|вчера|昨日|昨天)$",
    re.IGNORECASE,
)
_RELATIVE_LENGTH = 40
_ISO_DURATION = re.compile(r"^P(?=.*\d)(?:\d+D)?T?(?:\d+H)?(?:\d+M)?(?:\d+S)?$")
_DURATION = re.compile(
    r"(?<![\d/])(?:\d+(?:[.,/]\d+)?|[½¼¾]|an?)(?:\s?[-–]\s?\d+)?\s*(?:h|hr|hrs|hours?|std|stunden?|stdn?|heures?|horas?|ore|ora|uur"
    r"|tim|timmar|timer|time|godz\w*|hod\w*|час\w*|ч|m|min|mins|minutes?|minuten?|minut\w*|minuti|minutos?|мин\w*|分|時間|分钟|小时|tuntia?"
    r"|d|days?|tage?|jours?|días?|giorni)\b\.?",
    re.IGNORECASE,
)
_BULLETS = " \u200b▢☐□■•·●○◦‣▪✓✔✅*–—-"
_NUMBER = re.compile(r"\d+(?:[.,\u00a0\u202f ]\d{3})*(?:[.,]\d+)?")
_BYLINE = re.compile(
    r"^(?:(?:[^\W\d_]+\s){0,3}(?:by|von|par|por|door|av|af)|di|da|autore?|autorin|auteur|author|text|著者|作者|記者|автор)\b[\s:]*",
    re.IGNORECASE,
)
_PARTICLES = frozenset(
    (
        *(
            "de",
            "da",
            "do",
            "dos",
            "das",
            "del",
            "della",
            "di",
            "du",
            "des",
            "la",
            "le",
            "van",
            "von",
            "vom",
            "zu",
            "zum",
        ),
        *(
            "der",
            "den",
            "ten",
            "ter",
            "bin",
            "al",
            "el",
            "af",
            "av",
            "and",
            "und",
            "et",
            "y",
            "e",
            "en",
            "och",
            "og",
            "i",
        ),
    )
)
_NO_NAME = re.compile(r"[\d@|<>{}=€$£]|https?:|\.com\b")


def _phrases(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")


# What says no is read first: "not in stock" holds what says yes.
_STOCK_STATES = tuple(
    (_phrases(STOCK_PHRASES[state]), state) for state in ("OutOfStock", "PreOrder", "InStock")
)


def stock_state(text: str) -> str | None:
    """What a short text says of stock, in schema.org's words."""
    folded = fold(text)
    return next((state for pattern, state in _STOCK_STATES if pattern.search(folded)), None)


def stock_value(text: str, field: Field) -> Scalar | None:
    """What a text says of stock as a boolean, as a member of the field's enum, or as it stands."""
    state = stock_state(text)
    if state is None or field.type == "boolean":
        return None if state is None else state != "OutOfStock"
    if not field.enum:
        return text
    members = {"".join(words_of(str(member))): str(member) for member in field.enum}
    return members.get(state.lower())


def split_price(parts: Sequence[str]) -> str | None:
    """`$`, `12`, `99` in texts of their own, as shops set small cents: the price with its point."""
    for place, (whole, cents) in enumerate(pairwise(parts)):
        if _CENTS.match(cents) and _WHOLE.match(whole):
            currency = "".join(part for part in parts[:place] if CURRENCY.fullmatch(part))
            return f"{currency}{whole.rstrip('.,')}.{cents.strip('.,')}"
    return None


def read(kind: Kind, text: str) -> str | None:
    """The part of a text that is a value of the kind; None if it holds none."""
    return _READERS[kind](text) if kind == "prose" or len(text) <= ITEM_LENGTH else None


def relative_date(text: str) -> str | None:
    """A short text that counts from today. Without a label it may be anyone's: of a teaser, of a comment."""
    return text if len(text) <= _RELATIVE_LENGTH and _RELATIVE.search(text) else None


def is_label(text: str) -> bool:
    """Whether a text is itself the name of something."""
    return text.rstrip().endswith((":", "：")) or fold(text) in EVERY_LABEL


def _price(text: str) -> str | None:
    found = PRICE.search(text)
    if found:
        return found[0]
    bare = _BARE_PRICE.match(text)
    if bare is None or len(text) > 30 or "%" in text or sum(c.isdigit() for c in bare[1]) < 2:
        return None
    return bare[1]


def _currency(text: str) -> str | None:
    found = CURRENCY.search(text)
    return found[0] if found else None


def _code(text: str) -> str | None:
    found = _CODE.match(text)
    code = found[1] if found else None
    if code is None or len(code) > 40 or not (any(c.isdigit() for c in code)):
        return _first_code(text)
    return code


def _first_code(text: str) -> str | None:
    found = _FIRST_CODE.match(text)
    code = found[1].rstrip(".-") if found else ""
    return code if sum(c.isdigit() for c in code) >= 2 else None


def _gtin(text: str) -> str | None:
    found = _GTIN.search(text)
    return found[0] if found else None


def _isbn(text: str) -> str | None:
    found = _ISBN.search(text)
    return found[0] if found else None


def _number(text: str) -> str | None:
    """The whole text if it holds one number, else the first of its numbers."""
    numbers = _NUMBER.findall(text)
    if not numbers or len(text) > NUMBER_LENGTH:
        return None
    return text if len(numbers) == 1 else numbers[0]


def _date(text: str) -> str | None:
    found = DATE.search(text)
    return found[0] if found else None


def _duration(text: str) -> str | None:
    if _ISO_DURATION.match(text):
        return text
    parts = list(_DURATION.finditer(text))
    if not parts or len(text) > 80:
        return None
    first, last = parts[0], parts[0]
    for part in parts[1:]:
        if len(text[last.end() : part.start()].strip(" ,")) <= 3:
            last = part
    return text[first.start() : last.end()]


def _person(text: str) -> str | None:
    name = _BYLINE.sub("", text).strip(" ,|·•-–—:")
    if not 2 < len(name) <= 60 or len(name.split()) > 6 or _NO_NAME.search(name) or is_label(name):
        return None
    return name if _is_called_so(name.split()) and not name.endswith((".", "!", "?")) else None


def _is_called_so(words: Sequence[str]) -> bool:
    """Names have capitals, but for their particles and for what a single user calls herself."""
    return len(words) == 1 or not any(word[0].islower() and word not in _PARTICLES for word in words)


def _text(text: str) -> str | None:
    return text if 0 < len(text) <= TEXT_LENGTH and not is_label(text) and text.strip(" -–—:|/•·*") else None


def _trail(text: str) -> str | None:
    return _text(text) if len(text) <= TRAIL_LENGTH and len(text.split()) <= 5 else None


def _item(text: str) -> str | None:
    item = text.lstrip(_BULLETS)
    return item if any(c.isalnum() for c in item) and len(item) <= ITEM_LENGTH else None


def _prose(text: str) -> str | None:
    return text if len(text) >= PROSE_LENGTH else None


def _stock(text: str) -> str | None:
    return text if len(text) <= 80 and stock_state(text) else None


def _flag(text: str) -> str | None:
    return text if len(text) <= 40 else None


def _link(text: str) -> str | None:
    return text if text.startswith(("http://", "https://", "/")) else None


_READERS: Mapping[Kind, Callable[[str], str | None]] = {
    "text": _text,
    "title": _text,
    "prose": _prose,
    "person": _person,
    "price": _price,
    "currency": _currency,
    "code": _code,
    "gtin": _gtin,
    "isbn": _isbn,
    "number": _number,
    "date": _date,
    "duration": _duration,
    "stock": _stock,
    "image": _link,
    "link": _link,
    "list": _text,
    "item": _item,
    "flag": _flag,
    "trail": _trail,
}
