"""Meta tags: OpenGraph, Twitter cards, plain `name`s, the canonical link and the language, as one entity."""

from __future__ import annotations

from collections.abc import Collection

from runo_spiders.page.document import Document
from runo_spiders.page.entity import Leaf, Value, fold


class Tags:
    """The page's meta tags. Names are the tags' own, in lower case: `og:title`, `article:published_time`."""

    types: frozenset[str] = frozenset()
    id = ""

    def __init__(self, document: Document) -> None:
        self._leaves: dict[str, list[Leaf]] = {}
        for meta in document.root.iter("meta"):
            name = meta.get("property") or meta.get("name")
            content = meta.get("content")
            if name and content and content.strip():
                self._add(name, Leaf(content, meta, "@content"))
        for link in document.root.iter("link"):
            if link.get("rel", "").lower() == "canonical" and link.get("href"):
                self._add("canonical", Leaf(link.get("href", ""), link, "@href"))
        self._add_labelled()

    @property
    def identity(self) -> int:
        return id(self)

    def names(self) -> Collection[str]:
        return self._leaves.keys()

    def get(self, name: str) -> list[Value]:
        return list(self._leaves.get(name, ()))

    def text(self, name: str) -> str:
        """The first value of a tag as text; empty if it has none."""
        leaves = self._leaves.get(name)
        return str(leaves[0].value).strip() if leaves else ""

    def _add(self, name: str, leaf: Leaf) -> None:
        self._leaves.setdefault(name.strip().lower(), []).append(leaf)

    def _add_labelled(self) -> None:
        """Twitter cards give pairs: `twitter:label1` names what `twitter:data1` holds."""
        for number in ("1", "2", "3", "4"):
            label, data = self.text(f"twitter:label{number}"), self._leaves.get(f"twitter:data{number}")
            if label and data:
                self._add(f"label:{fold(label)}", data[0])
