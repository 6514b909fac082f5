"""Values that are known by their shape and by where they stand: prices, dates, titles, pictures, stock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import chain, islice

from runo_spiders.extract.labels import STOCK_PHRASES, Kind, words_of
from runo_spiders.extract.local_candidates import Candidate, standing
from runo_spiders.extract.local_targets import Target
from runo_spiders.extract.local_values import CURRENCY, DATE, PRICE, read, stock_state
from runo_spiders.page.document import collapse
from runo_spiders.page.places import Element, Place
from runo_spiders.page.visible import Visible, fold

_NEAR = 160
"""How many texts around the title are searched for shapes."""

_PRICE = 2.9
_DATE = 2.6
_TITLE = 4.5
_STOCK = 3.4
_TRAIL = 3.8
_STOCK_LENGTH = 60
_STOCK_PHRASES = frozenset(chain.from_iterable(STOCK_PHRASES.values()))
_DIGIT = re.compile(r"\d")
_PICTURES = 60
_NO_PICTURE = re.compile(r"(?i)^data:|logo|icon|sprite|pixel|blank|placeholder|avatar|\.svg|\.gif")
_SOURCES = ("data-src", "data-lazy-src", "data-original", "src")


class Shapes:
    """What of a page is known by its shape."""

    def __init__(self, page: Visible) -> None:
        self.page = page

    def candidates(self, target: Target) -> Iterable[Candidate]:
        """Candidates for a target that are known by their shape."""
        finder = _FINDERS.get(target.kind)
        return finder(self, target) if finder is not None else ()

    @cached_property
    def prices(self) -> tuple[Candidate, ...]:
        """Searched once for amount and currency."""
        return tuple(_prices(self.page))


def _near_title(page: Visible) -> range:
    start, end = page.title or (0, 0)
    return range(max(0, start - 60), min(len(page.texts), end + _NEAR))


def _prices(page: Visible) -> Iterator[Candidate]:
    for index in _near_title(page):
        raw = page.texts[index].raw
        if len(raw) < 80 and _DIGIT.search(raw):
            found = PRICE.search(page.texts[index].text)
            if found:
                alone = 0.4 if len(found[0]) == len(page.texts[index].text) else 0.0
                yield _whole(page, index, found[0], _PRICE + alone)


def _whole(page: Visible, index: int, quote: str, score: float) -> Candidate:
    return Candidate(quote, quote, page.place_of(index, index + 1), score + standing(page, index))


def _currencies(prices: Iterable[Candidate]) -> Iterator[Candidate]:
    for candidate in prices:
        found = CURRENCY.search(candidate.quote)
        if found:
            yield Candidate(found[0], found[0], candidate.place, candidate.score)


def _dates(page: Visible) -> Iterator[Candidate]:
    start, end = page.title or (0, 0)
    for index in range(max(0, start - 30), min(len(page.texts), end + 60)):
        text = page.texts[index]
        if 6 <= len(text.raw) <= 120 and _DIGIT.search(text.raw):
            found = DATE.search(text.text)
            if found:
                yield _whole(page, index, found[0], _DATE + (0.3 if len(text.text) < 40 else 0.0))
    yield from _times(page)


def _times(page: Visible) -> Iterator[Candidate]:
    for element in page.document.root.iter("time"):
        value = " ".join((element.get("datetime") or "").split())
        span = page.spans.get(element)
        if value[:4].isdigit():
            score = 3.4 + standing(page, span[0]) if span else 2.0
            yield Candidate(value, value, Place(element, "datetime"), score)


def _titles(page: Visible, target: Target) -> Iterator[Candidate]:
    if page.title is not None and target.pointer.count("/") == 1:
        first, last = page.title
        text = page.read(first, last)
        yield Candidate(text, text, page.place_of(first, last), _TITLE)


def _stock(page: Visible) -> Iterator[Candidate]:
    for phrase in sorted(page.lines.keys() & _STOCK_PHRASES):
        for index in page.lines[phrase]:
            text = page.texts[index].text
            if (
                len(text) <= _STOCK_LENGTH
                and fold(text).startswith(phrase)
                and _is_open(page.texts[index].holder)
            ):
                yield _whole(page, index, text, _STOCK + (0.4 if stock_state(text) == "OutOfStock" else 0.0))
    yield from _buttons(page)


def _is_open(element: Element) -> bool:
    """Whether an element isn't, and isn't in, a button that is switched off."""
    buttons = (element, *element.iterancestors("button"))
    return all(button.get("disabled") is None for button in buttons)


def _buttons(page: Visible) -> Iterator[Candidate]:
    """Buttons that sell: their text may stand in pieces, or in an attribute."""
    for element in page.document.root.iter("button", "input"):
        span = page.spans.get(element)
        if _is_open(element) and span is not None and span[1] - span[0] < 5:
            text = page.read(*span)
            if stock_state(text):
                yield Candidate(text, text, page.place_of(*span), _STOCK + standing(page, span[0]))
        elif element.get("type") == "submit" and stock_state(element.get("value") or ""):
            text = collapse(str(element.get("value")))
            yield Candidate(text, text, Place(element, "value"), _STOCK - 0.3)


def _images(page: Visible) -> Iterator[Candidate]:
    title = set(words_of(page.read(*page.title))) if page.title else set()
    for order, element in enumerate(islice(page.document.root.iter("img"), _PICTURES)):
        alt = element.get("alt")
        shared = len(title.intersection(words_of(alt))) if alt else 0
        # Without a word of the title no picture gets as far as to be an answer.
        attribute = (
            next((name for name in _SOURCES if _is_picture(element.get(name))), None) if shared else None
        )
        if attribute is not None:
            yield _image(element, attribute, shared / len(title), order)


def _is_picture(source: str | None) -> bool:
    return bool(source) and not _NO_PICTURE.search(source or "")


def _image(element: Element, attribute: str, likeness: float, order: int) -> Candidate:
    """A picture whose description has the share `likeness` of the title's words."""
    score = 1.2 + 1.6 * likeness - min(order, 40) * 0.03
    if next(element.iterancestors("figure", "picture"), None) is not None:
        score += 0.4
    if next(element.iterancestors("nav", "footer", "aside"), None) is not None:
        score -= 2
    value = " ".join(str(element.get(attribute)).split())
    return Candidate(value, value, Place(element, attribute), score + _size(element))


def _size(element: Element) -> float:
    width = str(element.get("width") or "")
    if not width.isdigit():
        return 0.0
    return 0.6 if int(width) >= 300 else (-0.8 if int(width) < 120 else 0.0)


def _trails(page: Visible) -> Iterator[Candidate]:
    """The last step of the breadcrumbs before the page itself."""
    title = fold(page.read(*page.title)) if page.title else ""
    for name, spots in page.named.items():
        if "breadcrumb" in name.lower():
            links = [page.spans[link] for link in spots[0].element.iter("a") if link in page.spans]
            steps = [(page.read(*span), span) for span in links]
            above = [(text, span) for text, span in steps[1:] if read("trail", text) and fold(text) != title]
            if above:
                text, span = above[-1]
                yield Candidate(text, text, page.place_of(*span), _TRAIL)


_FINDERS: Mapping[Kind, Callable[[Shapes, Target], Iterable[Candidate]]] = {
    "price": lambda shapes, _: shapes.prices,
    "currency": lambda shapes, _: _currencies(shapes.prices),
    "date": lambda shapes, _: _dates(shapes.page),
    "title": lambda shapes, target: _titles(shapes.page, target),
    "stock": lambda shapes, _: _stock(shapes.page),
    "image": lambda shapes, _: _images(shapes.page),
    "trail": lambda shapes, _: _trails(shapes.page),
}
