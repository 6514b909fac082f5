"""Pages of one template with their true values, and what is done to them: blocks taken out, a new layout."""

from __future__ import annotations

import gzip
import json
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from lxml import etree, html
from scrapy.http import HtmlResponse

from benchmarks.scoring import plain
from runo_spiders.items import Json
from runo_spiders.schema.model import Field

BIG = ("book-booksamillion", "camera-amazon", "books.toscrape.com")
COURTS = "pacer-attachment-page"
_COURT_FIELDS = ("page_count", "file_size_str", "document_number")
_RECIPE_FIELDS = ("title", "author", "description", "ingredients", "instructions_list")
_STANDING = ("node", "visible")
_LEAST_STANDING = 0.9
_ROW = 40
"""A block taken out has at most so many characters beside the value."""


@dataclass(frozen=True, slots=True)
class TemplatePage:
    """One page: its HTML, and the true value of each field, None where there is none."""

    id: str
    url: str
    html: str
    truth: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Template:
    """Pages that one program made, and the fields asked of them."""

    name: str
    fields: tuple[Field, ...]
    pages: tuple[TemplatePage, ...]


@lru_cache(maxsize=4)
def _records(data: Path) -> dict[str, list[dict[str, Json]]]:
    found: defaultdict[str, list[dict[str, Json]]] = defaultdict(list)
    with (data / "truth.jsonl").open(encoding="utf8") as lines:
        for line in lines:
            record = json.loads(line)
            for task in ("wrapper", "drift"):
                if task in record["tasks"]:
                    found[f"{task} {record['source']} {record['template']}"].append(record)
    return dict(found)


def names(data: Path, task: str, source: str) -> list[str]:
    """The templates of a task and a source."""
    start = f"{task} {source} "
    return sorted(key.removeprefix(start) for key in _records(data) if key.startswith(start))


def template(data: Path, task: str, source: str, name: str) -> Template:
    """One template; only fields that stand on nine of ten pages that have them."""
    records = _records(data)[f"{task} {source} {name}"]
    if task == "drift":
        records = sorted(records, key=lambda record: str(record["fields"].get("date_published")))
    fields = tuple(_fields(records, source))
    pages = tuple(_page(data, record, name, fields) for record in records)
    return Template(name, fields, pages)


def _fields(records: Sequence[Mapping[str, Json]], source: str) -> Iterator[Field]:
    for name in dict.fromkeys(name for record in records for name in record["fields"]):
        if source == "recipe-scrapers" and name not in _RECIPE_FIELDS:
            continue
        if source == "fundus" and name not in ("title", "authors", "date_published"):
            continue
        if source == "juriscraper" and name not in _COURT_FIELDS:
            continue
        told = [record for record in records if record["fields"].get(name) is not None]
        standing = [record for record in told if record["where"].get(name) in _STANDING]
        if told and len(standing) >= _LEAST_STANDING * len(told):
            yield _field(name, told[0]["fields"][name])


def _field(name: str, value: Json) -> Field:
    if name == "date_published":
        return Field(name, "string", format="date")
    if isinstance(value, list):
        return Field(name, "array", items=Field(name, "string"))
    return Field(name, "integer" if isinstance(value, int) else "string")


def _page(data: Path, record: Mapping[str, Json], name: str, fields: Sequence[Field]) -> TemplatePage:
    packed = data / record["html_path"]
    body = gzip.decompress(packed.read_bytes()) if packed.exists() else packed.with_suffix("").read_bytes()
    url = f"https://{sha256(name.encode()).hexdigest()[:12]}.example/{record['id']}"
    truth = {field.name: record["fields"].get(field.name) or None for field in fields}
    return TemplatePage(record["id"], url, HtmlResponse(url, body=body).text, truth)


def without_blocks(page: TemplatePage, fields: Sequence[Field], chance: random.Random) -> TemplatePage:
    """The page with the block of each field taken out in one of three cases, where nothing of it stays."""
    text = page.html
    for field in fields:
        value = page.truth[field.name]
        if chance.random() < 1 / 3 and isinstance(value, str | int):
            text = _cut_out(text, str(value)) or text
    if text == page.html:
        return page
    # A block may have held other fields' values too.
    seen = plain(_visible(_parsed(text)))
    return replace(page, html=text, truth={name: _left(value, seen) for name, value in page.truth.items()})


def _left(value: Json, seen: str) -> Json:
    values = value if isinstance(value, list) else [value]
    return value if all(plain(str(each)) in seen for each in values) else None


def _cut_out(text: str, value: str) -> str | None:
    root = _parsed(text)
    sought = plain(value)
    holders = [each for each in root.iter(etree.Element) if _has_text(each, sought)]
    for holder in holders:
        block = _block(holder, value)
        if block is None:
            return None
        block.drop_tree()
    left = html.tostring(root, encoding="unicode")
    return left if holders and sought not in plain(_visible(root)) else None


def _has_text(element: etree._Element, sought: str) -> bool:
    texts = [element.text, *(child.tail for child in element)]
    return any(text and sought in plain(text) for text in texts)


def _block(holder: html.HtmlElement, value: str) -> html.HtmlElement | None:
    """The largest element around the value that holds little else."""
    block = None
    current: html.HtmlElement | None = holder
    while current is not None and current.tag != "body":
        if len(" ".join("".join(current.itertext()).split())) > len(value) + _ROW:
            break
        block, current = current, current.getparent()
    return block


def _visible(root: html.HtmlElement) -> str:
    return " ".join(root.itertext())


def _parsed(text: str) -> html.HtmlElement:
    parser = html.HTMLParser(encoding="utf8", huge_tree=True)
    return html.document_fromstring(text.strip().replace("\x00", "").encode("utf8"), parser=parser)


def laid_out_anew(page: TemplatePage) -> TemplatePage:
    """The same content in another template: other names, labels spelled otherwise, tables as boxes,
    boxes in boxes, a new block on top, the parts of the page in another order."""
    root = _parsed(page.html)
    for element in list(root.iter(etree.Element)):
        for attribute in ("class", "id"):
            if element.get(attribute):
                digest = sha256(f"{attribute}{element.get(attribute)}".encode()).hexdigest()
                element.set(attribute, f"n-{''.join(filter(str.isalpha, digest))[:8]}")
        if element.text and element.text.rstrip().endswith(":"):
            element.text = element.text.rstrip().removesuffix(":").upper()
        element.tag = _TAGS.get(str(element.tag), element.tag)
    body = root.find("body")
    if body is not None:
        _stir(body)
    return replace(page, html=html.tostring(root, encoding="unicode"))


_TAGS = {
    "table": "section",
    "tbody": "div",
    "tr": "div",
    "td": "div",
    "th": "strong",
    "b": "strong",
    "ul": "div",
    "li": "p",
}


def _stir(body: html.HtmlElement) -> None:
    """Wraps the page, and turns round the order of its largest run of blocks."""
    widest = max(body.iter(etree.Element), key=lambda each: sum(len(child) > 0 for child in each))
    children = list(widest)
    for child in children:
        widest.remove(child)
    widest.extend(reversed(children))
    outer = html.fromstring(
        "<div class='shell'><p>Welcome to our new pages</p><div class='inner'></div></div>"
    )
    inner = outer[1]
    inner.text = body.text
    body.text = None
    inner.extend(list(body))
    body.append(outer)
