"""What of a page is left out of the text for a model, and under which name that is told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from itertools import accumulate

from runo_spiders.page.asked import Asked
from runo_spiders.page.places import Element
from runo_spiders.page.visible import Visible, fold
from runo_spiders.page.zones import BESIDE, CHROME, word_of_name

_MARKS = str.maketrans(dict.fromkeys(":;,.!?()[]/\"'", " "))
_ITEMS = frozenset(("teaser", "popular", "trending", "bundle", "carousel", "similar", "accessor", "article"))
"""Words of things beside the main thing, of which a page of many records may be made."""

HIDDEN_KIND = "hidden"

_LEAST_ALIKE = 3
"""So many blocks of one class are a list of things beside the main one."""

_COLUMNS = ("sidebar", "aside")
_RATED = ("review", "comment")
_NOTED = ("aside", "nav", "comment", "toolbar", "social")
_END = 0.9
_NEAR, _NOTE_TEXTS, _NOTE_LENGTH = 40, 12, 300

_LONG_PAGE = 4_000
"""Repeated long blocks are left out only of a page with more characters than this."""

_REPEATING_TAGS = frozenset(("div", "section", "article", "details"))
_LONG_BLOCK = 120
_LEAST_REPEATED = 6
_SHOWN = 5
"""So many blocks of a kind stay, as examples."""


def left_out(page: Visible, asked: Asked) -> dict[Element, str]:
    """The elements that the text goes without, with the name of their kind. They may contain each other."""
    out = _Beside(page, asked).unwanted()
    out |= dict(_repeated(page, asked, out))
    out |= {element: HIDDEN_KIND for element in page.hidden if page.is_part(element)}
    return out


class _Beside:
    """What the markup calls navigation, footer, or beside the main thing, and what of it is wanted."""

    def __init__(self, page: Visible, asked: Asked) -> None:
        self._page = page
        self._asked = asked
        self._words = {
            element: _word(element)
            for element, zone in page.parts
            if zone & (CHROME | BESIDE) or element.tag == "dialog"
        }
        self._asked_for = {word for word in set(self._words.values()) if _is_asked_for(word, asked)}
        self._alike = Counter(element.get("class") for element in self._words)
        self._title = page.title[1] if page.title else 0

    def unwanted(self) -> dict[Element, str]:
        wanted = {element for element in self._words if self._is_wanted(element)}
        spans = self._page.spans
        around = {spans[element] for element in wanted}
        return {
            element: word
            for element, word in self._words.items()
            if element not in wanted and (word == HIDDEN_KIND or spans[element] not in around)
        }

    def _is_wanted(self, element: Element) -> bool:
        word = self._words[element]
        if word == HIDDEN_KIND:
            return False
        if word in self._asked_for:
            return True
        if "footer" in word or word == "copyright":
            return not self._is_at_the_end(element)
        if word in _COLUMNS and self._has_label(element):
            return True
        if self._alike[element.get("class")] >= _LEAST_ALIKE:
            return False
        return (self._asked.rating and word.startswith(_RATED)) or (
            word.startswith(_NOTED) and self._is_note(element)
        )

    def _has_label(self, element: Element) -> bool:
        """Whether a line in it is a field's name: some pages set their main matter in a side column."""
        texts = self._page.texts[slice(*self._page.spans[element])]
        return any(fold(text.raw) in self._asked.names for text in texts)

    def _is_at_the_end(self, element: Element) -> bool:
        """Whether little of the page comes after: the footer of an article stands above the end."""
        return self._page.spans[element][1] >= _END * len(self._page.texts)

    def _is_note(self, element: Element) -> bool:
        """Whether it is a short block below the title: a byline may stand among buttons and in an aside."""
        first, last = self._page.spans[element]
        if element.tag == "nav" or last - first > _NOTE_TEXTS:
            return False
        near = 0 <= first - self._title <= _NEAR
        return near and sum(len(text.raw) for text in self._page.texts[first:last]) <= _NOTE_LENGTH


def _word(element: Element) -> str:
    if element.tag == "dialog":
        return HIDDEN_KIND
    named = word_of_name(element.get("class") or "") or word_of_name(element.get("id") or "")
    return named or str(element.tag)


def _is_asked_for(word: str, asked: Asked) -> bool:
    return word != HIDDEN_KIND and (asked.wants(word) or (asked.many and word in _ITEMS))


def _repeated(page: Visible, asked: Asked, out: Container[Element]) -> Iterator[tuple[Element, str]]:
    """Long blocks of one kind side by side, if one record is asked for and no field is long text."""
    if asked.many or asked.prose:
        return
    ends = [0, *accumulate(len(text.raw) for text in page.texts)]
    if ends[-1] > _LONG_PAGE:
        blocks = (each for each in _long_blocks(page, ends) if each not in out)
        for alike in _siblings_alike(blocks):
            silent = (block for block in alike[_SHOWN:] if not _speaks(page, block, asked))
            yield from ((block, str(block.tag)) for block in silent)


def _long_blocks(page: Visible, ends: Sequence[int]) -> Iterator[Element]:
    """Blocks with so much text that some of a kind are too much; `ends` has the length before each text."""
    for element, (first, last) in page.spans.items():
        is_long = element.tag in _REPEATING_TAGS and ends[last] - ends[first] >= _LONG_BLOCK
        if is_long and page.is_part(element):
            yield element


def _siblings_alike(blocks: Iterable[Element]) -> Iterator[list[Element]]:
    alike: dict[tuple[object, object, object], list[Element]] = {}
    for block in blocks:
        alike.setdefault((block.getparent(), block.tag, block.get("class")), []).append(block)
    return (blocks for blocks in alike.values() if len(blocks) >= _LEAST_REPEATED)


def _speaks(page: Visible, block: Element, asked: Asked) -> bool:
    """Whether a block has a word of a field's name or hint."""
    text = " ".join(text.raw for text in page.texts[slice(*page.spans[block])]).lower()
    # Most blocks hold none of the words, not even within others: a look is less than to take them apart.
    near = any(word in text for word in asked.words)
    return near and not asked.words.isdisjoint(text.translate(_MARKS).split())
