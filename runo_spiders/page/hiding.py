"""Elements that a reader does not see: hidden by attribute, by their own style, or by the page's style sheet.

Only what stands in the page is read; what linked style sheets and scripts hide is not known here.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import lru_cache
from typing import cast

from lxml import etree

from runo_spiders.page.document import Document
from runo_spiders.page.places import Element

_NIL = r"\s*:\s*0*(?:\.0+)?(?:px|pt|r?em|%|vh|vw)?\s*(?:!|;|$)"
_HIDING = re.compile(
    r"(?i)display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)|content-visibility\s*:\s*hidden"
    rf"|(?:^|[;\s])font-size{_NIL}"
    r"|(?:left|right|top|bottom|text-indent)\s*:\s*-\s*(?:\d{4,}|999)|translate[xy3d]*\([^)]{0,80}-\d{4,}"
    r"|clip\s*:\s*rect\(\s*[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01](?:px)?[\s,]+[01]|clip-path\s*:\s*inset\(\s*(?:50|100)%"
    r"|(?:^|[;\s])color\s*:\s*transparent|scale\(\s*0\s*\)"
)
_NO_OPACITY = re.compile(rf"(?i)(?:^|[;\s])opacity{_NIL}")
_NO_SIZE = re.compile(rf"(?i)(?:^|[;\s])(?:max-)?(?:width|height){_NIL}")
_CLIPPED = re.compile(r"(?i)overflow\s*:\s*(?:hidden|clip)")
_MOVING = re.compile(r"(?i)transition|animation|transform|will-change")
_SIMPLE = re.compile(r"\s*([.#])([\w-]+)\s*")
_PIVOTS = ("none", "visibility", "-999", "opacity:0", "opacity: 0", "font-size:0", "font-size: 0")
"""A rule of a sheet is read only if it has one of these: sheets are long, and few rules hide."""

_CONTROLLED = etree.XPath(
    "//@aria-controls|//@onclick|//@data-target|//@data-bs-target|//@data-tab|//@data-tab-target|//@data-panel"
    "|//@data-toggle|//label/@for|//a/@rel|//a/@href[contains(., '#')]"
)
_NAME = re.compile(r"[\w-]+")
_MARK = re.compile(r"[{};/]")
_LONGEST_SELECTOR = 500
_LONGEST = 10_000
"""A longer style or rule is cut."""


def hidden_elements(
    document: Document, telling: Iterable[Element], with_text: Collection[Element]
) -> set[Element]:
    """The elements that are hidden themselves, with or without text; what they contain is hidden too.

    `telling` are those that an attribute may hide. What a control of the page opens (a tab, an accordion) is
    for readers and isn't hidden.
    """
    hidden = {element for element in telling if _is_told(element)} | set(_by_sheet(document, with_text))
    panels = [element for element in hidden if element.get("id") and element in with_text]
    opened = _opened(document) if panels else frozenset()
    return hidden.difference(panel for panel in panels if panel.get("id") in opened)


def _opened(document: Document) -> frozenset[str]:
    """The ids of what controls of the page open."""
    named = cast("list[str]", _CONTROLLED(document.root))
    return frozenset(name for names in named for name in _NAME.findall(names.rpartition("#")[2]))


def _is_told(element: Element) -> bool:
    if element.get("hidden") is not None or element.get("aria-hidden") == "true":
        return True
    return _hides((element.get("style") or "")[:_LONGEST])


@lru_cache(maxsize=1024)
def _hides(style: str) -> bool:
    if not style:
        return False
    if _HIDING.search(style) or (_NO_SIZE.search(style) and _CLIPPED.search(style)):
        return True
    # What is faded in as the reader scrolls starts with opacity 0 too.
    return bool(_NO_OPACITY.search(style) and not _MOVING.search(style))


def _by_sheet(document: Document, elements: Iterable[Element]) -> Iterator[Element]:
    hidden = _hidden_names(document)
    for element in elements if hidden else ():
        names = {f".{name}" for name in (element.get("class") or "").split()}
        if not hidden.isdisjoint(names | {f"#{element.get('id')}"}):
            yield element


def _hidden_names(document: Document) -> set[str]:
    """Classes and ids that a rule of a style sheet hides by themselves; rules within `@media` don't count."""
    names: set[str] = set()
    for sheet in document.root.iter("style"):
        for selectors in _hiding_rules(sheet.text or ""):
            names.update(_simple_selectors(selectors))
    return names


def _hiding_rules(sheet: str) -> Iterator[str]:
    """The selectors of the rules outside of blocks that hide what they select."""
    depth, counted = 0, 0
    for start in sorted({sheet.rfind("{", 0, pivot) for pivot in _pivots_in(sheet)}):
        depth += sheet.count("{", counted, start) - sheet.count("}", counted, start)
        counted = start
        if start >= 0 and depth == 0 and _hides(sheet[start + 1 : sheet.find("}", start)][:_LONGEST]):
            yield _MARK.split(sheet[max(0, start - _LONGEST_SELECTOR) : start])[-1]


def _pivots_in(sheet: str) -> Iterator[int]:
    for pivot in _PIVOTS:
        at = sheet.find(pivot)
        while at >= 0:
            yield at
            at = sheet.find(pivot, at + 1)


def _simple_selectors(selectors: str) -> Iterator[str]:
    for selector in selectors.split(","):
        simple = _SIMPLE.fullmatch(selector)
        if simple:
            yield simple[1] + simple[2]
