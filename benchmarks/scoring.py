"""When an answer is right, and how right and wrong answers add up to precision, recall and F1."""

from __future__ import annotations

import html
import random
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from runo_spiders.items import Json

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_SIGNS = {
    "$": ("USD", "AUD", "CAD", "NZD", "SGD", "HKD", "MXN", "CLP", "ARS", "TWD"),
    "nt$": ("TWD",),
    "£": ("GBP",),
    "€": ("EUR",),
    "¥": ("JPY", "CNY"),
    "₹": ("INR",),
    "zł": ("PLN",),
    "kr": ("SEK", "NOK", "DKK"),
    "r$": ("BRL",),
    "₽": ("RUB",),
    "руб": ("RUB",),
    "kč": ("CZK",),
    "ft": ("HUF",),
    "₺": ("TRY",),
    "₩": ("KRW",),
    "元": ("TWD", "CNY"),
    "lei": ("RON",),
    "rm": ("MYR",),
    "rp": ("IDR",),
    "฿": ("THB",),
    "₫": ("VND",),
}

Same = Callable[[Json, Json], bool]
"""Whether one accepted value and one answer mean the same."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How one answer for one field of one page did.

    `answered_right` is the right share of what was answered, `true_found` the found share of what is true:
    0 or 1 for a scalar, a fraction for a list; None when nothing was answered, or nothing is true.
    """

    answered_right: float | None
    true_found: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall and F1 of one field over pages; `pages` counts those where the field has a value."""

    pages: int
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def mark(truth: Json, answer: Json, same: Same) -> Mark:
    """Compare an answer with the truth; None on either side means that there is no value."""
    if isinstance(truth, list) or isinstance(answer, list):
        return _mark_list(_listed(truth), _listed(answer), same)
    right = truth is not None and answer is not None and any(same(t, answer) for t in accepted(truth))
    return Mark(
        answered_right=None if answer is None else float(right),
        true_found=None if truth is None else float(right),
    )


def score(marks: Iterable[Mark]) -> Score:
    """Precision over the answers, recall over the values there are; null against null counts nowhere."""
    answered, found = [], []
    for each in marks:
        if each.answered_right is not None:
            answered.append(each.answered_right)
        if each.true_found is not None:
            found.append(each.true_found)
    return Score(len(found), _mean(answered), _mean(found))


def difference_interval(
    ours: Sequence[Mark], theirs: Sequence[Mark], rounds: int = 1000, seed: int = 7
) -> tuple[float, float]:
    """The 95 % interval of our F1 less theirs, by a bootstrap over pages (both answered the same pages)."""
    chance = random.Random(seed)
    pages = range(len(ours))
    differences = []
    for _ in range(rounds):
        drawn = chance.choices(pages, k=len(pages))
        differences.append(score(ours[i] for i in drawn).f1 - score(theirs[i] for i in drawn).f1)
    differences.sort()
    return differences[int(rounds * 0.025)], differences[int(rounds * 0.975) - 1]


def accepted(truth: Json) -> list[Json]:
    """The values that are all right: the alternatives of an `any_of`, else the one value."""
    return list(truth["any_of"]) if isinstance(truth, dict) and "any_of" in truth else [truth]


def same_text(truth: Json, answer: Json) -> bool:
    return plain(truth) == plain(answer)


def same_number(truth: Json, answer: Json) -> bool:
    """Equal numbers; a text counts as its first number."""
    left, right = first_number(truth), first_number(answer)
    return left is not None and right is not None and abs(left - right) <= 1e-6 * max(1.0, abs(left))


def same_day(truth: Json, answer: Json) -> bool:
    """The same day, or the next one when either side tells a time of day (which may be in another zone)."""
    left, right = day(truth), day(answer)
    if left is None or right is None:
        return False
    timed = ":" in str(truth) or ":" in str(answer)
    return abs(left - right) <= timedelta(days=1 if timed else 0)


def same_link(truth: Json, answer: Json) -> bool:
    """The same host and path; pictures are served with changing sizes in the query."""
    left, right = urlsplit(html.unescape(str(truth))), urlsplit(html.unescape(str(answer)))
    return (left.netloc, left.path) == (right.netloc, right.path)


def same_currency(truth: Json, answer: Json) -> bool:
    """The same sign or code, or a sign and a code that it stands for."""
    left, right = plain_sign(truth), plain_sign(answer)
    return left == right or right.upper() in _SIGNS.get(left, ()) or left.upper() in _SIGNS.get(right, ())


def plain(value: Json) -> str:
    """Text without what does not count: entities, width, white space, case, outer punctuation."""
    text = unicodedata.normalize("NFKC", html.unescape(str(value)))
    return _trim(" ".join(text.split()).casefold())


def plain_sign(value: Json) -> str:
    return unicodedata.normalize("NFKC", html.unescape(str(value))).strip(" .").casefold()


def first_number(value: Json) -> float | None:
    """The first number of a text; the last separator is the decimal one unless three digits follow it."""
    if isinstance(value, int | float):
        return float(value)
    found = _NUMBER.search(unicodedata.normalize("NFKC", str(value)))
    if found is None:
        return None
    whole, separator, rest = _split_last(found[0])
    if not separator or (len(rest) == 3 and separator == "," and whole != "0"):
        return float(re.sub(r"[.,]", "", found[0]))
    return float(re.sub(r"[.,]", "", whole) + "." + rest)


def day(value: Json) -> date | None:
    """The day of an ISO date or date-time, as it is written."""
    try:
        return datetime.fromisoformat(str(value).strip().replace(" UTC", "+00:00")).date()
    except ValueError:
        found = re.match(r"(\d{4})-(\d\d)-(\d\d)", str(value).strip())
        return date(*map(int, found.groups())) if found else None


def _mark_list(truth: list[Json] | None, answer: list[Json] | None, same: Same) -> Mark:
    matched = _matches(truth or [], answer or [], same)
    return Mark(
        answered_right=matched / len(answer) if answer else None,
        true_found=matched / len(truth) if truth else None,
    )


def _matches(truth: list[Json], answer: list[Json], same: Same) -> int:
    """How many values of two lists can be paired, each with one equal to it."""
    if same is same_text:
        return (Counter(map(plain, truth)) & Counter(map(plain, answer))).total()
    left = list(answer)
    for value in truth:
        partner = next((i for i, other in enumerate(left) if same(value, other)), None)
        if partner is not None:
            del left[partner]
    return len(answer) - len(left)


def _listed(value: Json) -> list[Json] | None:
    return None if value is None else value if isinstance(value, list) else [value]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _split_last(number: str) -> tuple[str, str, str]:
    cut = max(number.rfind("."), number.rfind(","))
    return (number[:cut], number[cut], number[cut + 1 :]) if cut >= 0 else (number, "", "")


def _trim(text: str) -> str:
    start, end = 0, len(text)
    while start < end and _is_edge(text[start]):
        start += 1
    while end > start and _is_edge(text[end - 1]):
        end -= 1
    return text[start:end]


def _is_edge(char: str) -> bool:
    return char.isspace() or unicodedata.category(char).startswith("P")
