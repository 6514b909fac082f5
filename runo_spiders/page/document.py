"""One HTML page, parsed once, and how evidence is read from it again."""

from __future__ import annotations

import json
import re
from functools import cached_property
from typing import Any, cast
from urllib.parse import urljoin

from lxml import etree

from runo_spiders.items import Evidence, Json
from runo_spiders.page.scripts import json_in
from runo_spiders.schema.model import unescape

_SPACE = re.compile(r"\s+")


class Document:
    """A page's HTML and its tree. The tree is made at first use and lives as long as the document."""

    def __init__(self, text: str, url: str) -> None:
        self.text = text
        self.url = url
        self._json: dict[str, Json] = {}

    @cached_property
    def root(self) -> etree._Element:
        """The `html` element, parsed as parsel does it, so that XPaths hold in a Scrapy shell too.

        Its elements are plain ones: those of `lxml.html` ask Python for their class one by one.
        """
        parser = etree.HTMLParser(recover=True, encoding="utf8", huge_tree=True)
        body = self.text.strip().replace("\x00", "").encode("utf8") or b"<html/>"
        root = etree.fromstring(body, parser=parser, base_url=self.url)
        if root is None:
            root = etree.fromstring(b"<html/>", parser=parser, base_url=self.url)
        return root

    @cached_property
    def tree(self) -> etree._ElementTree:
        return self.root.getroottree()

    @cached_property
    def base_url(self) -> str:
        """What relative links are relative to: `<base href>`, else the URL of the page."""
        href = next(filter(None, (base.get("href") for base in self.root.iter("base"))), None)
        return urljoin(self.url, href.strip()) if href else self.url

    @cached_property
    def lang(self) -> str | None:
        """The language tag that the page declares for itself."""
        value = str(self.root.get("lang") or self.root.get("xml:lang") or "").strip()
        return value or None

    def xpath_of(self, element: etree._Element) -> str:
        """The absolute XPath of an element; append `/@name` or `/text()[n]` for a part of it."""
        return str(self.tree.getpath(element))

    def read(self, evidence: Evidence) -> str | None:
        """The text at the place that evidence names, found again from scratch; None if nothing is there."""
        nodes = cast("list[Any]", self.root.xpath(evidence.xpath))
        if not nodes:
            return None
        text = string_value(nodes[0])
        return text if evidence.pointer is None else self._leaf(text, evidence.pointer)

    def json_in(self, text: str) -> Json:
        """The JSON of a script of this page (see `scripts.json_in`), read once for the page."""
        if text not in self._json:
            self._json[text] = json_in(text)
        return self._json[text]

    def holds(self, evidence: Evidence) -> bool:
        """Whether the text of the evidence stands where it says; white space does not count."""
        text = self.read(evidence)
        return text is not None and _squeeze(evidence.text) in _squeeze(text)

    def _leaf(self, text: str, pointer: str) -> str | None:
        leaf = _follow(self.json_in(text), pointer)
        return None if leaf is None or isinstance(leaf, dict | list) else json_text(leaf)


def string_value(node: Any) -> str:
    """The text of an element, attribute or text node, as XPath's `string()` gives it."""
    if isinstance(node, str):
        return str(node)
    return "".join(node.itertext())


def collapse(text: str) -> str:
    """White space collapsed to single spaces, none at the ends."""
    return " ".join(text.split())


def json_text(leaf: Json) -> str:
    """A JSON leaf as evidence shows it: strings bare, `true` and numbers as JSON writes them."""
    return leaf if isinstance(leaf, str) else json.dumps(leaf)


def _follow(value: Json, pointer: str) -> Json:
    for token in pointer.split("/")[1:]:
        name = unescape(token)
        if isinstance(value, dict) and name in value:
            value = value[name]
        elif isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def _squeeze(text: str) -> str:
    return _SPACE.sub("", text)
