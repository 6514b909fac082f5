"""The main content of a page as Markdown: headings, tables, links, lists and code stay what they are."""

from __future__ import annotations

from copy import deepcopy
from urllib.parse import urljoin

import html_to_markdown
from html_to_markdown import ConversionOptions
from lxml import etree

from runo_spiders.page.document import Document
from runo_spiders.page.places import Element
from runo_spiders.page.visible import UNSEEN_TAGS
from runo_spiders.page.zones import BESIDE, CHROME, HIDDEN, ZONE_OF_TAG, zone_of_name, zone_of_style

_LEFT_OUT = HIDDEN | CHROME | BESIDE
_FORM_TAGS = frozenset(("button", "input", "select", "textarea"))
_PARTS = frozenset(("div", "section", "main", "article", "td", "center", "form"))
_ON_THE_WAY = _PARTS | {"table", "tbody", "tr"}
"""Old pages are laid out in tables: the content may be one cell, but is no table without its head."""

_LINKS = (("href", ("a", "area")), ("src", ("img", "video", "audio", "source")))

_MOST = 0.5
"""An element with more than this share of the page's prose is not beside the content, whatever its name."""

_NEARLY_ALL = 0.7
"""The content is the smallest element that holds this share of the prose."""

_OPTIONS = ConversionOptions(
    extract_metadata=False, bullets="-", compact_tables=True, inline_data_media="alt_text_only"
)


def markdown(document: Document) -> str:
    """The page's main content as Markdown, links made absolute; empty where the page has no text.

    Navigation, footers, what stands beside the content and what is hidden are left out. The document's own
    tree is not changed.
    """
    body = document.root.find("body")
    if body is None:
        return ""
    copied = deepcopy(body)
    _drop_unseen(copied)
    weights = _prose(copied)
    _drop_chrome(copied, weights)
    _resolve_links(copied, document.base_url)
    content = _main(copied, _prose(copied))
    parts = (_converted(part) for part in (*_title_outside(copied, content), content))
    return "\n\n".join(part for part in parts if part)


def _converted(element: Element) -> str:
    source = etree.tostring(element, encoding="unicode", method="html", with_tail=False)
    return (html_to_markdown.convert(source, _OPTIONS).content or "").strip()


def _title_outside(root: Element, content: Element) -> list[Element]:
    """The page's main heading, where it stands above the content and not in it."""
    heading = root.find(".//h1")
    if heading is None or content is heading or content in heading.iterancestors():
        return []
    return [heading]


def _drop_unseen(root: Element) -> None:
    for element in list(root.iter()):
        if element.tag in UNSEEN_TAGS or element.tag in _FORM_TAGS:
            _drop(element)


def _drop_chrome(root: Element, weights: dict[Element, int]) -> None:
    most = _MOST * weights[root]
    for element in list(root.iter()):
        if element is not root and weights[element] <= most and _zone(element) & _LEFT_OUT:
            _drop(element)


def _zone(element: Element) -> int:
    zone = ZONE_OF_TAG.get(element.tag, 0) | (HIDDEN if "hidden" in element.attrib else 0)
    for name in ("class", "id"):
        zone |= zone_of_name(element.get(name) or "")
    return zone | zone_of_style(element.get("style") or "")


def _drop(element: Element) -> None:
    """Take an element out and leave the text behind it."""
    parent = element.getparent()
    if parent is None:
        return
    tail = element.tail or ""
    before = element.getprevious()
    if before is None:
        parent.text = (parent.text or "") + tail
    else:
        before.tail = (before.tail or "") + tail
    parent.remove(element)


def _prose(root: Element) -> dict[Element, int]:
    """How many characters of text that is no link each element holds."""
    weights: dict[Element, int] = {}
    for _, element in etree.iterwalk(root, events=("end",)):
        own = 0 if element.tag == "a" else len((element.text or "").strip())
        for child in element:
            own += weights[child] + len((child.tail or "").strip())
        weights[element] = 0 if element.tag == "a" else own
    return weights


def _main(root: Element, weights: dict[Element, int]) -> Element:
    """The smallest part of the page that holds nearly all of its prose."""
    enough = _NEARLY_ALL * weights[root]
    content = element = root
    while True:
        inner = next((child for child in element if weights[child] >= enough), None)
        if inner is None or inner.tag not in _ON_THE_WAY:
            return content
        element = inner
        content = inner if inner.tag in _PARTS else content


def _resolve_links(root: Element, base: str) -> None:
    for name, tags in _LINKS:
        for element in root.iter(*tags):
            target = element.get(name)
            if target:
                element.set(name, _absolute(base, target.strip()))


def _absolute(base: str, link: str) -> str:
    try:
        return urljoin(base, link)
    except ValueError:
        return link
