"""A page as a model reads it: faithful, small, and with a way back from every character to its place.

What a reader does not see is left out, and so are navigation, footers and what stands beside the main thing,
unless the fields ask for it; it is counted, so that nothing is cut in silence.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from runo_spiders.items import Evidence
from runo_spiders.page.asked import Asked
from runo_spiders.page.document import Document, collapse, string_value
from runo_spiders.page.places import Element, Origin, Place, place_of
from runo_spiders.page.rendering import Heading, Rendering
from runo_spiders.page.visible import Visible

_NOTHING_SPECIAL = Asked()


@dataclass(frozen=True, slots=True)
class PageText:
    """`borders` are the offsets at which a repeated record starts, or what follows the last one. `left_out`
    counts blocks by their kind.

    Each run of characters that begins at one of `starts` comes from the node in `origins`.
    """

    text: str
    document: Document
    headings: tuple[Heading, ...] = ()
    borders: tuple[int, ...] = ()
    left_out: Mapping[str, int] = field(default_factory=dict)
    starts: tuple[int, ...] = ()
    origins: tuple[Origin, ...] = ()

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of this text to one who reads it: what was left out."""
        kinds = (f"{count} x {kind}" for kind, count in self.left_out.items())
        return (f"Left out of the page: {', '.join(kinds)}.",) if self.left_out else ()

    def evidence(self, rung: str, start: int, end: int) -> Evidence:
        """What stands between two offsets, in the smallest node that holds all of it.

        The evidence's text is these words, or the whole text of the node where they do not stand so in it.
        """
        place = self.place(start, end)
        whole = _text_at(place)
        quote = collapse(self.text[start:end])
        text = quote if "".join(quote.split()) in "".join(whole.split()) else whole
        return Evidence(rung, text, place.xpath(self.document))

    def place(self, start: int, end: int) -> Place:
        """The smallest node of the tree that holds what stands between two offsets; the text isn't empty."""
        first, last = self._run(start), self._run(max(start, end - 1))
        if first == last:
            return place_of(self.origins[first])
        lineages = [_lineage(origin) for origin in self.origins[first : last + 1]]
        shared = set(lineages[0]).intersection(*lineages[1:])
        return Place(next(each for each in lineages[0] if each in shared))

    def find(self, quote: str) -> tuple[int, int] | None:
        """The offsets of the first place where these words stand, whatever the case and the white space."""
        words = [re.escape(word) for word in quote.split()]
        found = re.search(r"\s+".join(words), self.text, re.IGNORECASE) if words else None
        return found.span() if found else None

    def _run(self, offset: int) -> int:
        return max(0, bisect_right(self.starts, offset) - 1)


def page_text(
    document: Document, asked: Asked = _NOTHING_SPECIAL, visible: Visible | None = None
) -> PageText:
    """The text of a page for the fields that ask for it; empty for a page without text.

    `visible` is the page's index, for those who have made it already.
    """
    rendering = Rendering(visible or Visible(document), asked)
    return PageText(
        text="".join(rendering.lines.parts),
        document=document,
        headings=tuple(rendering.headings),
        borders=tuple(rendering.borders),
        left_out=dict(rendering.left_out),
        starts=tuple(rendering.lines.starts),
        origins=tuple(rendering.lines.origins),
    )


def _lineage(origin: Origin) -> list[Element]:
    """The element of a run and those around it, the innermost first."""
    element = place_of(origin).element
    return [element, *element.iterancestors()]


def _text_at(place: Place) -> str:
    if place.text is not None:
        return place.text.text
    return collapse(
        place.element.get(place.attribute, "") if place.attribute else string_value(place.element)
    )
