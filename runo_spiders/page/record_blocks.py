"""The blocks of a page that repeat: table rows, list items, cards."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice

from runo_spiders.page.places import Element
from runo_spiders.page.visible import Visible
from runo_spiders.page.zones import BESIDE, CHROME

MIN_BLOCKS = 2
MAX_BLOCKS = 10_000
"""More blocks of one kind than this are not read."""

LINES_OF_A_BLOCK = 60
"""How many texts of a block are read."""

_GROUPS_TRIED = 8
_ABOVE = 4
_ROW_TAGS = frozenset(("tr", "li", "dt", "dd"))
_VARIANTS = re.compile(r"\b(?:odd|even|first|last|active|alt|selected|\w*\d\w*)\b")


def groups(page: Visible, skipped: int = CHROME | BESIDE) -> Iterator[Sequence[Element]]:
    """Elements that look alike and hold text, the groups with most text first; none of the skipped zones."""
    alike: dict[object, list[Element]] = {}
    for element, span in page.spans.items():
        if not page.zones[span[0]] & skipped:
            alike.setdefault(_signature(element), []).append(element)
    groups = [_outermost(page, group) for group in alike.values() if len(group) >= MIN_BLOCKS]
    weighed = sorted(groups, key=lambda group: -_weight(page, group))
    yield from (group[:MAX_BLOCKS] for group in weighed[:_GROUPS_TRIED] if len(group) >= MIN_BLOCKS)


def _signature(element: Element) -> object:
    parent = element.getparent()
    if element.tag in _ROW_TAGS:
        return element.tag, *(
            f"{each.tag}.{kind_of_class(each)}" for each in islice(element.iterancestors(), _ABOVE)
        )
    above = ("", "") if parent is None else (parent.tag, kind_of_class(parent))
    own = kind_of_class(element)
    return (element.tag, own, *above) if own else (element.tag, parent)


def kind_of_class(element: Element) -> str:
    return _VARIANTS.sub("", element.get("class") or "").strip()


def _outermost(page: Visible, group: Sequence[Element]) -> list[Element]:
    kept: list[Element] = []
    for element in sorted(group, key=lambda each: (page.spans[each][0], -page.spans[each][1])):
        if not kept or page.spans[element][0] >= page.spans[kept[-1]][1]:
            kept.append(element)
    return kept


def _weight(page: Visible, group: Sequence[Element]) -> int:
    return sum(min(page.spans[element][1] - page.spans[element][0], LINES_OF_A_BLOCK) for element in group)
