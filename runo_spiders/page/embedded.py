"""JSON that a page carries for its own scripts: application state, data layers."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from lxml import etree

from runo_spiders.items import Json
from runo_spiders.page.document import Document
from runo_spiders.page.entity import JsonObject, JsonSource, References, fold
from runo_spiders.schema.model import escape

_MAX_OBJECTS = 100_000
_MAX_DEPTH = 40
_SHORT = 40
_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())


class Match(NamedTuple):
    """An object in embedded JSON and how many of the wanted names its keys match."""

    entity: JsonObject
    hits: int


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects are looked for: those with at least `least` keys among the `names`.

    Only scripts are parsed that have one of the `mentions` in them, one of the keys that are `sought`, and so
    many of the names. Names and keys are folded (see `entity.fold`), mentions in lower case.
    """

    mentions: Set[str]
    sought: Set[str]
    names: Set[str]
    least: int

    def may_be_in(self, text: str) -> bool:
        """Whether a script may have such an object: a look for words, which costs less than to parse it."""
        lowered = text.casefold()
        if not any(each in lowered for each in self.mentions):
            return False
        squeezed = lowered.encode().translate(None, _MARKS)
        if not any(each.encode() in squeezed for each in self.sought):
            return False
        present = (each for each in self.names if each.encode() in squeezed)
        return len(list(islice(present, self.least))) == self.least


def matching_objects(document: Document, wanted: Wanted) -> Iterator[Match]:
    """The objects in the page's scripts that are looked for."""
    for script in document.root.iter("script"):
        if script.text and _is_data(script, script.text) and wanted.may_be_in(script.text):
            source = JsonSource(script, References())
            yield from _search(document.json_in(script.text), source, wanted.names, wanted.least)


def _is_data(script: etree._Element, text: str) -> bool:
    kind = script.get("type", "").lower()
    return len(text) >= _SHORT and "ld+json" not in kind and "template" not in kind and "{" in text


def _search(value: Json, source: JsonSource, wanted: Set[str], least: int) -> Iterator[Match]:
    """Walk the value without recursion; each object costs one look at its keys."""
    left = [(value, "", 0)]
    seen = 0
    while left and seen < _MAX_OBJECTS:
        node, pointer, depth = left.pop()
        if isinstance(node, dict):
            seen += 1
            hits = len(wanted & {fold(key) for key in node})
            if hits >= least:
                yield Match(JsonObject(node, source, pointer), hits)
            inner = [
                (each, f"{pointer}/{escape(key)}")
                for key, each in node.items()
                if isinstance(each, dict | list)
            ]
        else:
            inner = [
                (each, f"{pointer}/{index}")
                for index, each in enumerate(node)
                if isinstance(each, dict | list)
            ]
        if depth < _MAX_DEPTH:
            left += [(each, place, depth + 1) for each, place in reversed(inner)]
