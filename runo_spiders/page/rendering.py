"""Writes a page as lines: `# heading`, `- item`, `cell | cell`; each run of characters knows its node."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from urllib.parse import urljoin

from runo_spiders.page.asked import Asked
from runo_spiders.page.beside import left_out
from runo_spiders.page.characters import seen
from runo_spiders.page.document import collapse
from runo_spiders.page.places import Element, Origin, Place, Text
from runo_spiders.page.record_blocks import groups
from runo_spiders.page.visible import HEADINGS, INLINE_TAGS, MAX_DEPTH, UNSEEN_TAGS, Visible
from runo_spiders.page.zones import CHROME, HIDDEN, STRUCK

TABLE_HEAD = 7
"""The level of a table's head among headings."""

_STRUCK = "~~"
_LEVEL = {tag: level for level, tag in enumerate(HEADINGS, 1)}
_CELLS = frozenset(("td", "th", "dd"))
_ROWS = frozenset(("tr", "dt"))
_PREFIX: dict[object, str] = {"li": "- ", **{tag: "#" * level + " " for tag, level in _LEVEL.items()}}
_SOURCES = ("data-src", "data-original", "data-lazy-src", "src")


class Gap(IntEnum):
    """What stands between two texts; the widest that was asked for since the last text wins."""

    NONE = 0
    SPACE = 1
    CELL = 2
    LINE = 3


_WRITTEN = ("", " ", " | ", "\n")


@dataclass(frozen=True, slots=True)
class Heading:
    """A line that says what the lines below it are about.

    Its level is 0 for the page's title, 1 to 6 for a heading, 7 for a table's head.
    """

    start: int
    end: int
    level: int


@dataclass(slots=True)
class Lines:
    """The text as it grows, and its runs: where each begins with its marks, and without; its origin."""

    parts: list[str] = field(default_factory=list)
    length: int = 0
    begins: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    origins: list[Origin] = field(default_factory=list)
    gap: Gap = Gap.NONE
    prefix: str = ""

    def write(self, text: str, origin: Origin) -> None:
        before = _WRITTEN[self.gap] if self.length else ""
        self.begins.append(self.length + len(before))
        self.starts.append(self.length + len(before) + len(self.prefix))
        self.origins.append(origin)
        self.add(before + self.prefix + text)
        self.gap, self.prefix = Gap.NONE, ""

    def add(self, text: str) -> None:
        """Goes on with a text that belongs to the last run."""
        self.parts.append(text)
        self.length += len(text)

    def part(self, gap: Gap) -> None:
        if gap > self.gap:
            self.gap = gap


class Rendering:
    """One walk over a page. What it found is in its attributes afterwards (see `PageText`)."""

    def __init__(self, page: Visible, asked: Asked) -> None:
        document = page.document
        self.lines = Lines()
        self.headings: list[Heading] = []
        self.borders: list[int] = []
        self.left_out: Counter[str] = Counter()
        self._document = document
        self._asked = asked
        self._spans = page.spans
        self._out = left_out(page, asked)
        self._struck = _struck(page)
        self._records = _records(page) if asked.many else {}
        self._at_border = self._in_record = self._in_cell = self._in_pre = self._seam = False
        self._row_start = 0
        self._write_title()
        body = document.root.find("body")
        self._walk(document.root if body is None else body, 0)

    def _write_title(self) -> None:
        element = self._document.root.find("head/title")
        title = "" if element is None else seen(collapse(element.text or ""))
        if element is not None and title:
            self.lines.prefix = "Title: "
            self.lines.write(title, Place(element))
            self.lines.gap = Gap.LINE
            self.headings.append(Heading(0, self.lines.length, 0))

    def _walk(self, element: Element, depth: int) -> None:
        kind = self._out.get(element)
        if kind is not None:
            self.left_out[kind] += 1
            self._part_blocks(element.tag)
            return
        lines = self.lines
        first, prefix = len(lines.starts), lines.prefix
        self._open(element)
        if element.text:
            self._write(element.text, element, False)
        for child in element:
            if child in self._spans and depth < MAX_DEPTH:
                self._walk(child, depth + 1)
            elif child.tag not in UNSEEN_TAGS:
                self._pass(child)
            if child.tail:
                self._write(child.tail, child, True)
        if len(lines.starts) > first:
            self._finish(element, first)
        else:
            lines.prefix = prefix
        self._close(element)

    def _pass(self, element: Element) -> None:
        """An element without text: a line break, a picture, or what parts two blocks."""
        self._part_blocks(element.tag)
        if self._asked.images:
            for image in element.iter("img"):
                self._write_image(image)

    def _part_blocks(self, tag: object) -> None:
        if tag not in INLINE_TAGS and tag != "img" and not self._in_cell:
            self.lines.part(Gap.LINE)

    def _open(self, element: Element) -> None:
        lines, tag = self.lines, element.tag
        if element in self._records:
            self._at_border, self._in_record = True, True
        if tag in INLINE_TAGS:
            self._open_inline(element)
        elif tag in _CELLS and lines.length > self._row_start:
            lines.gap, self._in_cell = Gap.CELL, True
        else:
            self._part_blocks(tag)
            lines.prefix = _PREFIX.get(tag, lines.prefix)
        if tag in _ROWS:
            self._row_start = lines.length
        elif tag == "pre":
            self._in_pre = True
        if element in self._struck:
            lines.prefix += _STRUCK

    def _open_inline(self, element: Element) -> None:
        if element.tag == "span" and self._seam:
            # Style sheets set such texts apart; without them a label would run into its value.
            self.lines.part(Gap.SPACE)
        if element.tag == "a" and self._asked.links and element.get("href"):
            self.lines.prefix += "["

    def _finish(self, element: Element, first: int) -> None:
        """What follows the text of an element that has some; `first` is its first run."""
        lines, tag = self.lines, element.tag
        if element in self._struck:
            lines.add(_STRUCK)
        if tag == "a" and self._asked.links and element.get("href"):
            self._write_target(Place(element, "href"), "](")
        level = _LEVEL.get(tag) or (TABLE_HEAD if _is_table_head(element) else 0)
        # A heading within a record is no context for the next one.
        if level and not (self._in_record and level < TABLE_HEAD):
            self.headings.append(Heading(lines.begins[first], lines.length, level))
        self._seam = tag == "span" and lines.parts[-1][-1:].isalnum()

    def _close(self, element: Element) -> None:
        if element in self._records:
            self._at_border, self._in_record = self._records[element], False
        if element.tag in _CELLS:
            self.lines.gap, self._in_cell = Gap.CELL, False
        else:
            self._part_blocks(element.tag)
        if element.tag == "pre":
            self._in_pre = False

    def _write_image(self, image: Element) -> None:
        name = next((name for name in _SOURCES if _is_source(image.get(name))), None)
        if name is not None:
            alt = seen(collapse(image.get("alt") or ""))
            self.lines.prefix += "!["
            self._write_run(alt, Place(image, "alt"))
            self._write_target(Place(image, name), "](")

    def _write_target(self, place: Place, mark: str) -> None:
        """A URL in its brackets, which belongs to the text before it."""
        gap, self.lines.gap = self.lines.gap, Gap.NONE
        self.lines.prefix = mark
        self.lines.write(self._resolved(place.element.get(place.attribute) or ""), place)
        self.lines.add(")")
        self.lines.gap = gap

    def _resolved(self, address: str) -> str:
        try:
            return seen(urljoin(self._document.base_url, address.strip()))
        except ValueError:
            return seen(address.strip())

    def _write(self, raw: str, owner: Element, tail: bool) -> None:
        if raw.isspace():
            self.lines.part(self._edge(raw))
            return
        text = seen(_kept_lines(raw) if self._in_pre else " ".join(raw.split()))
        if not text:
            return
        if raw[0].isspace():
            self.lines.part(self._edge(raw[: -len(raw.lstrip())]))
        self._write_run(text, Text(raw, owner, tail))
        if raw[-1].isspace():
            self.lines.gap = self._edge(raw[len(raw.rstrip()) :])

    def _write_run(self, text: str, origin: Origin) -> None:
        self.lines.write(text, origin)
        self._in_cell = self._seam = False
        if self._at_border:
            self.borders.append(self.lines.begins[-1])
            self._at_border = False

    def _edge(self, space: str) -> Gap:
        """What the white space at the end of a text stands for."""
        return Gap.LINE if self._in_pre and "\n" in space else Gap.SPACE


def _kept_lines(raw: str) -> str:
    return "\n".join(filter(None, (" ".join(line.split()) for line in raw.splitlines())))


def _is_table_head(element: Element) -> bool:
    return element.tag == "thead" or (element.tag == "tr" and all(cell.tag == "th" for cell in element))


def _is_source(address: str | None) -> bool:
    return bool(address) and not str(address).startswith("data:")


def _struck(page: Visible) -> frozenset[Element]:
    """The outermost elements whose text is struck through."""
    struck = {element for element, zone in page.parts if zone & STRUCK}
    return frozenset(each for each in struck if struck.isdisjoint(each.iterancestors()))


def _records(page: Visible) -> dict[Element, bool]:
    """The repeated blocks, of the kinds with most text of which none contains another.

    True for the last one of a kind: what follows it is no longer a part of it, while what stands between two
    of them may be.
    """
    taken = bytearray(len(page.texts))
    chosen: dict[Element, bool] = {}
    for blocks in groups(page, CHROME | HIDDEN):
        spans = [page.spans[block] for block in blocks]
        if not any(any(taken[first:last]) for first, last in spans):
            chosen |= dict.fromkeys(blocks, False) | {blocks[-1]: True}
            first, last = spans[0][0], spans[-1][1]
            taken[first:last] = b"\x01" * (last - first)
    return chosen
