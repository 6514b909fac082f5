"""The text of a page that a reader sees, as one string."""

from __future__ import annotations

from typing import cast

from lxml import etree

from runo_spiders.page.document import Document, collapse

_texts = etree.XPath("//body//text()[not(parent::script or parent::style or parent::noscript)]")


def visible_text(document: Document) -> str:
    """The body's text without scripts and styles, white space collapsed; hidden elements count too."""
    return collapse(" ".join(cast("list[str]", _texts(document.root))))
