"""JSON that a page carries for its own scripts: application state, data layers."""

from __future__ import annotations

from collections.abc import Iterator, Set
from typing import NamedTuple

from lxml import etree

from runo_spiders.items import Json
from runo_spiders.page.document import Document
from runo_spiders.page.entity import JsonObject, JsonSource, References, fold
from runo_spiders.schema.model import escape

_MAX_OBJECTS = 100_000
_MAX_DEPTH = 40
_SHORT = 40


class Match(NamedTuple):
    """An object in embedded JSON and how many of the wanted names its keys match."""

    entity: JsonObject
    hits: int


def matching_objects(document: Document, mentions: Set[str], wanted: Set[str], least: int) -> Iterator[Match]:
    """The objects with at least `least` keys among the wanted names (folded, see `entity.fold`).

    Only scripts with one of the `mentions` in them are parsed; these are in lower case.
    """
    for script in document.root.iter("script"):
        if script.text and _may_hold(script, script.text, mentions):
            source = JsonSource(script, References())
            yield from _search(document.json_in(script.text), source, wanted, least)


def _may_hold(script: etree._Element, text: str, mentions: Set[str]) -> bool:
    kind = script.get("type", "").lower()
    if len(text) < _SHORT or "ld+json" in kind or "template" in kind or "{" not in text:
        return False
    lowered = text.lower()
    return any(each in lowered for each in mentions)


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
