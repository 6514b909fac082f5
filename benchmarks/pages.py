"""The real pages with their true values, as the benchmarks read them."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Literal, cast

from lxml import etree, html
from scrapy.http import HtmlResponse

from runo_spiders.items import Json

Half = Literal["all", "develop", "held"]

_MARKUP_ATTRIBUTES = ("itemprop", "itemscope", "itemtype", "itemid", "itemref", "typeof", "vocab", "property")
_STRUCTURED_META = ("og:", "product:", "article:", "twitter:", "book:", "recipe:", "dc.", "dcterms.")
_STRUCTURED_SCRIPTS = ("ld+json", "application/json", "__next_data__", "window.", "datalayer")

_META_VALUE = re.compile(r"(<meta\b[^<>]*\s)value=")
_META_NAME = re.compile(r"(<meta\b[^<>]*\s)name=(?=\"(?:og|article|fb|product):)")


@dataclass(frozen=True, slots=True)
class Record:
    """One page of the set and what is true of it; `fields` is as `truth.jsonl` has it."""

    id: str
    source: str
    site: str
    url: str
    html_path: str
    fields: Mapping[str, Json]
    markup: Mapping[str, Json]

    @property
    def half(self) -> Half:
        """Which half of the sites this page belongs to: what one may look at, or what is held back."""
        return "develop" if sha256(self.site.encode()).digest()[0] % 2 else "held"


def records(data: Path, sources: tuple[str, ...], half: Half = "all") -> Iterator[Record]:
    """The pages of these sources that have values for single fields."""
    with (data / "truth.jsonl").open(encoding="utf8") as lines:
        for line in lines:
            raw = json.loads(line)
            if raw["source"] in sources and "schema" in raw["tasks"]:
                record = Record(
                    id=raw["id"],
                    source=raw["source"],
                    site=raw["site"],
                    url=_absolute(raw["url"]),
                    html_path=raw["html_path"],
                    fields=raw["fields"],
                    markup=raw["markup"],
                )
                if half in ("all", record.half):
                    yield record


def html_of(data: Path, record: Record) -> str:
    """The page as Scrapy would decode it; the pages are stored packed, or bare as in a solid archive.

    Mercury's pages were saved with `value` for `content` and `name` for `property` in their meta tags; that
    is undone.
    """
    packed = data / record.html_path
    body = gzip.decompress(packed.read_bytes()) if packed.exists() else packed.with_suffix("").read_bytes()
    text = HtmlResponse(record.url, body=body).text
    return _repaired(text) if record.source == "mercury-parser" else text


def _repaired(text: str) -> str:
    return _META_NAME.sub(r"\1property=", _META_VALUE.sub(r"\1content=", text))


def without_structured_data(text: str) -> str:
    """The page with its JSON-LD, microdata, RDFa, social meta tags and embedded JSON taken out."""
    parser = html.HTMLParser(encoding="utf8", huge_tree=True)
    root = html.document_fromstring(text.replace("\x00", "").encode("utf8"), parser=parser)
    for element in list(root.iter("script", "meta")):
        if _is_structured_script(element) or _is_structured_meta(element):
            cast(html.HtmlElement, element).drop_tree()
    etree.strip_attributes(root, *_MARKUP_ATTRIBUTES)
    return str(html.tostring(root, encoding="unicode"))


def _is_structured_script(element: etree._Element) -> bool:
    marks = f"{element.get('type')} {element.get('id')} {element.text or ''}".lower()
    return element.tag == "script" and any(mark in marks for mark in _STRUCTURED_SCRIPTS)


def _is_structured_meta(element: etree._Element) -> bool:
    name = str(element.get("property") or element.get("name") or "").lower()
    return element.tag == "meta" and (
        name.startswith(_STRUCTURED_META) or element.get("itemprop") is not None
    )


def _absolute(url: str | None) -> str:
    url = url or "https://example.invalid/"
    return url if "://" in url else f"https://{url}"
