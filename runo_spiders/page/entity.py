"""What all structured data is read as: entities with named properties, whose leaves know their place."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from math import isfinite
from typing import NamedTuple, Protocol, TypeAlias

from lxml import etree

from runo_spiders.items import Evidence, Json, Scalar
from runo_spiders.page.document import Document, collapse, json_text
from runo_spiders.schema.model import escape

MAX_DEPTH = 24
"""Values nested deeper than this are not looked at."""


class Leaf(NamedTuple):
    """A scalar and where it stands: an element or a part of it (`@content`), and the pointer if that is JSON.

    `quote` is what stands there when `value` is only a part of it, or was freed from tags.
    """

    value: Scalar
    element: etree._Element
    part: str = ""
    pointer: str | None = None
    quote: str = ""

    def evidence(self, document: Document, rung: str) -> Evidence:
        path = document.xpath_of(self.element)
        text = collapse(self.quote or json_text(self.value))
        return Evidence(rung, text, f"{path}/{self.part}" if self.part else path, self.pointer)


class Entity(Protocol):
    """A thing that the page describes. Names of properties are folded (see `fold`)."""

    @property
    def types(self) -> frozenset[str]: ...

    @property
    def id(self) -> str: ...

    @property
    def identity(self) -> int:
        """The same number for the same entity, whichever way it was come to."""

    def names(self) -> Collection[str]: ...

    def get(self, name: str) -> list[Value]:
        """All values of a property, in order; [] if it has none."""


Value: TypeAlias = Leaf | Entity


@lru_cache(maxsize=16384)
def fold(name: str) -> str:
    """A name without case, separators and prefix: `schema:datePublished` -> `datepublished`."""
    bare = name.rsplit(":", 1)[-1].rsplit("/", 1)[-1]
    return "".join(filter(str.isalnum, bare.casefold()))


def local_name(type_name: str) -> str:
    """A type without its vocabulary: `https://schema.org/Product`, `schema:Product` -> `Product`."""
    return type_name.rstrip("/#").replace("#", "/").rsplit("/", 1)[-1].rsplit(":", 1)[-1]


class Home(NamedTuple):
    """Where an object that can be referred to stands. It names no source, which would close a cycle."""

    raw: dict[str, Json]
    element: etree._Element
    part: str
    pointer: str


class References:
    """The objects of a page that have an `@id`. A page can make them refer to each other without end, so
    that only so many references are followed on one page."""

    def __init__(self) -> None:
        self.by_id: dict[str, Home] = {}
        self._left = 20_000

    def target(self, reference: JsonObject) -> Home | None:
        self._left -= 1
        return self.by_id.get(reference.id) if self._left > 0 else None


class JsonSource(NamedTuple):
    """The node that holds JSON, and what its objects may refer to."""

    element: etree._Element
    references: References
    part: str = ""


class JsonObject:
    """An object in JSON-LD or other JSON. Properties are read when they are asked for."""

    __slots__ = ("_keys", "_raw", "_source", "depth", "pointer")

    def __init__(self, raw: dict[str, Json], source: JsonSource, pointer: str, depth: int = 0) -> None:
        self._raw = raw
        self._source = source
        self.pointer = pointer
        self.depth = depth
        self._keys = {fold(key): key for key in reversed(raw) if not key.startswith("@")}

    @property
    def types(self) -> frozenset[str]:
        declared = self._raw.get("@type")
        each = declared if isinstance(declared, list) else [declared]
        return frozenset(local_name(name) for name in each if isinstance(name, str))

    @property
    def id(self) -> str:
        return str(self._raw.get("@id") or "")

    @property
    def identity(self) -> int:
        return id(self._raw)

    @property
    def is_reference(self) -> bool:
        """Whether it only names an object that stands elsewhere."""
        return "@id" in self._raw and all(key in ("@id", "@type") for key in self._raw)

    def names(self) -> Collection[str]:
        return self._keys.keys()

    def get(self, name: str) -> list[Value]:
        key = self._keys.get(name)
        return (
            [] if key is None else self._read(self._raw[key], f"{self.pointer}/{escape(key)}", self.depth + 1)
        )

    def member(self, key: str) -> list[Value]:
        """The values of a key as it is written, such as `@graph`."""
        return self._read(self._raw.get(key), f"{self.pointer}/{escape(key)}", self.depth + 1)

    def _read(self, raw: Json, pointer: str, depth: int) -> list[Value]:
        if isinstance(raw, dict):
            return self._read_object(raw, pointer, depth) if depth < MAX_DEPTH else []
        if isinstance(raw, list):
            return [
                value
                for index, each in enumerate(raw if depth < MAX_DEPTH else ())
                for value in self._read(each, f"{pointer}/{index}", depth + 1)
            ]
        return [Leaf(raw, self._source.element, self._source.part, pointer)] if _says_something(raw) else []

    def _read_object(self, raw: dict[str, Json], pointer: str, depth: int) -> list[Value]:
        for wrapper in ("@value", "@list", "@set"):
            if wrapper in raw:
                return self._read(raw[wrapper], f"{pointer}/{wrapper}", depth + 1)
        each = JsonObject(raw, self._source, pointer, depth)
        if each.is_reference:
            home = self._source.references.target(each)
            return [each if home is None else self._at(home, depth)]
        return [each]

    def _at(self, home: Home, depth: int) -> JsonObject:
        source = JsonSource(home.element, self._source.references, home.part)
        return JsonObject(home.raw, source, home.pointer, depth)

    @property
    def home(self) -> Home:
        """Where it stands, for others to refer to it."""
        return Home(self._raw, self._source.element, self._source.part, self.pointer)


def _says_something(raw: Scalar | None) -> bool:
    """Whether a scalar is a value: not null, not blank, and a number if it is one (JSON is read with NaN)."""
    if isinstance(raw, str):
        return bool(raw.strip())
    return raw is not None and not (isinstance(raw, float) and not isfinite(raw))


def roots_of(value: Json, source: JsonSource) -> list[JsonObject]:
    """The objects at the top of a JSON value, those in arrays of arrays too."""
    if isinstance(value, dict):
        return [JsonObject(value, source, "")]
    top = JsonObject({"@graph": value}, source, "")
    return [
        JsonObject(each._raw, source, each.pointer.removeprefix("/@graph"))
        for each in top.member("@graph")
        if isinstance(each, JsonObject)
    ]
