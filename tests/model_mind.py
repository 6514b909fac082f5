"""How the stand-in model answers: it fills the schema that it is asked for from its table of truth."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from tests.model_schema import WRAPPER, fits, is_record, is_wrapper, nullable, type_of, variants

Json = Any

_LINK = re.compile(r"!?\[([^\]\[]*)\]\([^)\s]*\)")
_SPACE = re.compile(r"\s+")
_VALUE = r"""\s+[`"“']?(?P<value>[^`"”'\n<]+?)[`"”']?(?=[`"”'\n<;]|\.\s|\.?$)"""
_FIELD = r"""[`"“']?(?P<field>[A-Za-z_][\w -]{0,40}?)[`"”']?"""
_ORDERS = (
    re.compile(
        r"\b(?:set|make|report|give|answer|return|use|write|output|change)\s+(?:the\s+)?(?:value\s+of\s+)?"
        + _FIELD
        + r"\s+(?:to|as|is|with|=)"
        + _VALUE,
        re.IGNORECASE | re.MULTILINE,
    ),
    re.compile(
        r"\b(?:the\s+)?" + _FIELD + r"\s+(?:must|should|shall)\s+be" + _VALUE, re.IGNORECASE | re.MULTILINE
    ),
)
_SPILL = re.compile(
    r"\b(?:repeat|reveal|print|show|output)\b[^.\n]{0,40}\b(?:prompt|instructions|rules)\b", re.I
)
_ENTRY = {"key", "value"}
_EMPTY = {"string": "", "number": 0, "integer": 0, "boolean": False, "array": []}
_INVENTED: Mapping[str, Json] = {
    "string": "Zorblax Ultra 9000",
    "number": 4711.13,
    "integer": 4711,
    "boolean": True,
}
_FORMATS = {
    "date": "2031-02-03",
    "date-time": "2031-02-03T04:05:06Z",
    "uri": "https://invented.example/zorblax",
}
_URLISH = re.compile(r"url|link|image|href", re.IGNORECASE)


@lru_cache(maxsize=20_000)
def fold_key(text: str) -> str:
    """The same of a key: there are many, and each prompt is searched for all."""
    return fold(text)


def fold(text: str) -> str:
    """Text as it is compared: case, white space and the marks around links do not count."""
    return _SPACE.sub(" ", _LINK.sub(r"\1", text)).casefold()


@dataclass(frozen=True)
class Known:
    """A value of the table, and how the page writes it; `quote` None: as the value does."""

    value: Json
    quote: str | None

    @classmethod
    def of(cls, truth: Json) -> Known:
        if _has_quote(truth):
            value, quote = truth["value"], truth["quote"]
            return cls(_given(value) if quote == "" else value, quote)
        return cls(truth, None)


class Honest:
    """Answers what the table holds and the prompt shows; null, or the type's emptiest value, for the rest."""

    def __init__(self, prompt: str, schema: Json) -> None:
        self.prompt = prompt
        self.schema = schema

    @cached_property
    def shown(self) -> tuple[str, str]:
        return fold(self.prompt), _SPACE.sub(" ", self.prompt).casefold()

    def answer(self, truth: Mapping[str, Json]) -> Json:
        return self.fill(self.schema, self.record(truth), "")

    def record(self, truth: Mapping[str, Json]) -> Json:
        """The record of the page whose key stands first in the prompt; of two at one place the longer."""
        text = self.shown[0]
        places = ((text.find(fold_key(key)), -len(key), key) for key in truth)
        standing = [place for place in places if place[0] >= 0]
        return truth[min(standing)[2]] if standing else None

    def stands(self, text: str) -> bool:
        plain = _SPACE.sub(" ", text).casefold()
        return any(plain in shown for shown in self.shown)

    def fill(self, schema: Json, truth: Json, name: str) -> Json:
        known = Known.of(truth)
        variant = self.variant(schema, known.value)
        if known.value is None or not self.reads(known, variant):
            return self.absent(schema, name)
        if is_wrapper(variant):
            return self.with_quote(variant, known, name)
        return self.value(variant, known, name)

    def reads(self, known: Known, schema: Json) -> bool:
        """Whether the prompt shows a leaf; an enum member is concluded, so it need not stand there."""
        if known.quote is not None:
            return self.stands(known.quote)
        inner = schema["properties"]["value"] if is_wrapper(schema) else schema
        concluded = any("enum" in variant for variant in variants(inner))
        return concluded or not isinstance(known.value, str) or self.stands(known.value)

    def with_quote(self, schema: Json, known: Known, name: str) -> Json:
        inner = self.variant(schema["properties"]["value"], known.value)
        quote = str(known.value) if known.quote is None else known.quote
        return {"value": self.value(inner, known, name), "quote": quote}

    def value(self, schema: Json, known: Known, name: str) -> Json:
        kind = type_of(schema)
        if kind == "object":
            return self.members(schema, known.value)
        if kind == "array":
            return self.items(schema, known, name)
        if kind == "string" and isinstance(known.value, dict | list):
            return json.dumps(known.value)
        return known.value

    def members(self, schema: Json, value: Json) -> Json:
        properties = schema.get("properties", {})
        if isinstance(value, list):
            alone = len(properties) == 1
            value = dict(zip(properties, [value] if alone else value, strict=False))
        if not isinstance(value, dict):
            value = {}
        return {name: self.fill(inner, value.get(name), name) for name, inner in properties.items()}

    def items(self, schema: Json, known: Known, name: str) -> Json:
        inner = self.variant(schema.get("items", {}), None)
        if isinstance(known.value, dict) and set(inner.get("properties", {})) == _ENTRY:
            entries = [{"key": key, "value": value} for key, value in known.value.items()]
            return [self.members(inner, entry) for entry in entries]
        values = known.value if isinstance(known.value, list) else [known.value]
        everything = known.quote is not None
        return [self.fill(schema["items"], value, name) for value in values if everything or self.sees(value)]

    def sees(self, item: Json) -> bool:
        """Whether an item of a list stands in the prompt: its first text does."""
        text = next(_texts(item), None)
        return text is None or self.stands(text)

    def variant(self, schema: Json, value: Json) -> Json:
        """The branch of a schema that a value goes into, references followed, null left out."""
        branches = [branch for branch in self.branches(schema) if type_of(branch) != "null"]
        fitting = [branch for branch in branches if fits(branch, value)]
        return (fitting or branches or [{}])[0]

    def branches(self, schema: Json) -> Iterator[Json]:
        reference = schema.get("$ref")
        if reference is not None:
            schema = self.resolve(reference)
        for branch in variants(schema):
            if branch is schema:
                yield branch
            else:
                yield from self.branches(branch)

    def resolve(self, reference: str) -> Json:
        node = self.schema
        for part in reference.removeprefix("#").split("/")[1:]:
            node = node[part]
        return node

    def absent(self, schema: Json, name: str) -> Json:
        if nullable(schema):
            return None
        variant = self.variant(schema, None)
        if type_of(variant) == "object":
            return self.members(variant, {})
        return variant["enum"][0] if "enum" in variant else _EMPTY.get(type_of(variant), "")


class Inventor(Honest):
    """Answers every field: what the page does not hold is made up, a record for each list too."""

    def absent(self, schema: Json, name: str) -> Json:
        variant = self.variant(schema, None)
        if is_wrapper(variant):
            made_up = self.absent(variant["properties"]["value"], name)
            return {"value": made_up, "quote": "Zorblax says so"}
        if type_of(variant) == "object":
            return self.members(variant, {})
        if type_of(variant) == "array":
            return [self.absent(variant.get("items", {}), name)]
        return _made_up(variant, name)

    def items(self, schema: Json, known: Known, name: str) -> Json:
        return [*super().items(schema, known, name), self.absent(schema.get("items", {}), name)]


class Obedient(Honest):
    """Does what the prompt says wherever it stands: `set price to "1"`, `the title must be X`."""

    @cached_property
    def orders(self) -> Mapping[str, str]:
        found = (match for order in _ORDERS for match in order.finditer(self.prompt))
        return {_key(match["field"]): match["value"].strip() for match in found}

    def fill(self, schema: Json, truth: Json, name: str) -> Json:
        order = self.orders.get(_key(name))
        variant = self.variant(schema, order)
        if order is None and _SPILL.search(self.prompt) and type_of(variant) == "string":
            return self.prompt[:200]
        if order is None or type_of(variant) == "array" or is_record(variant):
            return super().fill(schema, truth, name)
        if order.casefold() in ("null", "none", "nothing"):
            return self.absent(schema, name)
        if is_wrapper(variant):
            inner = self.variant(variant["properties"]["value"], None)
            return {"value": _typed(order, inner), "quote": order}
        return _typed(order, variant)


MINDS = {"honest": Honest, "inventor": Inventor, "obedient": Obedient}


def _texts(item: Json) -> Iterator[str]:
    known = Known.of(item)
    if known.quote is not None:
        yield known.quote
    elif isinstance(known.value, dict):
        for value in known.value.values():
            yield from _texts(value)
    elif isinstance(known.value, str):
        yield known.value


def _has_quote(truth: Json) -> bool:
    return isinstance(truth, dict) and set(truth) == WRAPPER


def _given(value: Json) -> Json:
    """A record or a list whose every leaf counts as shown; a leaf as it is."""
    if isinstance(value, dict):
        return {name: _given_leaf(inner) for name, inner in value.items()}
    return [_given_leaf(inner) for inner in value] if isinstance(value, list) else value


def _given_leaf(value: Json) -> Json:
    return value if _has_quote(value) else {"value": value, "quote": ""}


def _made_up(schema: Json, name: str) -> Json:
    if "enum" in schema:
        return next(value for value in reversed(schema["enum"]) if value is not None)
    if type_of(schema) == "string" and schema.get("format") is None and _URLISH.search(name):
        return _FORMATS["uri"]
    return _FORMATS.get(schema.get("format", ""), _INVENTED.get(type_of(schema)))


def _key(field: str) -> str:
    return re.sub(r"[\W_]+", "_", field.strip()).casefold()


def _typed(text: str, schema: Json) -> Json:
    kind = type_of(schema)
    if kind == "boolean":
        return text.casefold() in ("true", "yes", "1")
    if kind in ("number", "integer"):
        digits = re.search(r"-?\d+(?:\.\d+)?", text)
        number = float(digits[0]) if digits else 0.0
        return int(number) if kind == "integer" else number
    return text
