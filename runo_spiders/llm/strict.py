"""Compiles a client's JSON Schema to OpenAI's strict subset, with the decoder of the answers.

    optional property         nullable, and a null is dropped again
    object with free names    a list of {key, value}
    array with prefixItems    an object of item_1, item_2 ...
    a value of any form       its JSON text
    oneOf                     anyOf
    allOf, $ref               merged, written out
    const                     enum
    a root that is no record  the only property of one
    any other keyword         told in the description

What is asked is decoded to the client's own form; the client's own schema then checks it. The one loss: null
against absent where a property is both optional and nullable. As everywhere in this project, an object has no
properties but the named ones unless `additionalProperties` asks for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import reduce
from itertools import takewhile

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.llm.strict_enums import enumeration, takes_null
from runo_spiders.llm.strict_forms import (
    Compiled,
    choice,
    described,
    entries,
    json_text,
    leaf,
    listing,
    nullable,
    open_record,
    positions,
    record,
    wrapped,
)
from runo_spiders.llm.strict_keywords import kinds_of, leaf_keywords, sentence, told_of_any, told_of_kind
from runo_spiders.llm.strict_limits import DEEPEST, depth, weigh
from runo_spiders.llm.strict_merge import Flat, joint
from runo_spiders.llm.strict_nodes import Nodes
from runo_spiders.llm.strict_split import cut
from runo_spiders.schema.model import escape

__all__ = ["Compiled", "compile_strict", "join"]


def compile_strict(document: Json) -> tuple[Compiled, ...]:
    """The strict form of a JSON Schema; several if it is over-wide: ask each, and `join` the answers.

    Raises `SchemaError` with the path of what the strict subset cannot express: a recursive schema, one that
    nothing fits, `patternProperties`, a record of a list that alone is beyond OpenAI's limits.
    """
    return tuple(map(_rooted, _parts(document)))


def join(parts: Sequence[Json]) -> Json:
    """The decoded answers to the parts of one schema, put together."""
    return reduce(_joined, parts)


def _joined(first: Json, second: Json) -> Json:
    if isinstance(first, dict) and isinstance(second, dict):
        both = {name: _joined(first[name], second[name]) for name in first if name in second}
        return first | second | both
    return first if second is None else second


def _parts(document: Json) -> Iterator[Compiled]:
    """The whole if it fits OpenAI's limits, else parts of it that do."""
    rest = document
    while True:
        form = _Compiler(document).form("", rest)
        if depth(form.schema) > DEEPEST:
            raise SchemaError("", f"in the strict subset it is nested deeper than {DEEPEST} levels")
        if not weigh(form.schema).fault:
            yield form
            return
        head, rest = cut(Nodes(document), rest, form.schema)
        yield _Compiler(document).form("", head)


def _rooted(form: Compiled) -> Compiled:
    """The form as the root of a schema, which has to be an object."""
    kind = form.schema.get("type")
    if kind == "object":
        return form
    return wrapped("items" if kind == "array" else "value", form)


class _Compiler:
    """Reads a document from its root to the leaves."""

    def __init__(self, document: Json) -> None:
        self._nodes = Nodes(document)

    def form(self, path: str, node: Json, level: int = 0) -> Compiled:
        """The form of a node, of which some value has to fit."""
        form = self._possible(path, node, level)
        if form is None:
            raise SchemaError(path, "no value fits it")
        return form

    def _possible(self, path: str, node: Json, level: int) -> Compiled | None:
        """The form of a node, or None if no value fits it."""
        flats = self._nodes.alternatives(path, node)
        forms: list[Compiled] = []
        for flat in flats:
            form = self._flat_form(path, flat, level)
            if form is not None and all(form.schema != other.schema for other in forms):
                forms.append(form)
        null_fits = any(map(takes_null, flats))
        if not forms:
            return leaf({"type": "null"}) if null_fits else None
        form = choice(forms) if len(forms) > 1 else forms[0]
        return nullable(form) if null_fits else form

    def _flat_form(self, path: str, flat: Flat, level: int) -> Compiled | None:
        form = enumeration(flat) if "enum" in flat else self._typed_form(path, flat, level)
        if form is None:
            return None
        told = self._nodes.written_out(path, told_of_any(flat))
        return described(described(form, sentence(told)), flat.get("description", ""))

    def _typed_form(self, path: str, flat: Flat, level: int) -> Compiled | None:
        forms = [self._kind_form(path, kind, flat, level) for kind in kinds_of(flat)]
        return choice(forms) if len(forms) > 1 else next(iter(forms), None)

    def _kind_form(self, path: str, kind: str, flat: Flat, level: int) -> Compiled:
        if kind in ("object", "array") and level > DEEPEST:
            raise SchemaError(path, f"it is nested deeper than {DEEPEST} levels, or a $ref leads back")
        if kind == "object":
            form = self._object(path, flat, level + 1)
        elif kind == "array":
            form = self._array(path, flat, level + 1)
        elif kind == "any":
            form = json_text("value")
        else:
            form = leaf({"type": kind, **leaf_keywords(kind, flat)})
        told = self._nodes.written_out(path, told_of_kind(kind, flat, form.schema))
        return described(form, sentence(told))

    def _object(self, path: str, flat: Flat, level: int) -> Compiled:
        others = flat.get("additionalProperties")
        properties = self._properties(path, flat, level)
        optional = frozenset(properties).difference(flat.get("required", ()))
        if not properties and others in (None, True):
            return json_text("object")
        if others in (None, False):
            return record(properties, optional)
        form = self._entries(path, flat, level)
        return open_record(properties, optional, form) if properties else form

    def _properties(self, path: str, flat: Flat, level: int) -> dict[str, Compiled]:
        named, required = flat.get("properties", {}), flat.get("required", [])
        unnamed = {name: flat.get("additionalProperties", True) for name in required if name not in named}
        forms: dict[str, Compiled] = {}
        for name, child in (named | unnamed).items():
            place = f"{path}/properties/{escape(name)}"
            form = self._possible(place, child, level)
            if form is not None:
                forms[name] = form
            elif name in required:
                raise SchemaError(place, "it is required, and no value fits it")
        return forms

    def _entries(self, path: str, flat: Flat, level: int) -> Compiled:
        names = joint({"type": "string"}, flat.get("propertyNames", True))
        key = self.form(f"{path}/propertyNames", names, level)
        return entries(key, self.form(f"{path}/additionalProperties", flat["additionalProperties"], level))

    def _array(self, path: str, flat: Flat, level: int) -> Compiled:
        if flat.get("prefixItems"):
            return self._positions(path, flat, level)
        return self._listing(path, flat.get("items", True), level, flat)

    def _listing(self, path: str, items: Json, level: int, bounds: Flat) -> Compiled:
        form = self._possible(f"{path}/items", items, level)
        shown = {key: bounds[key] for key in ("minItems", "maxItems") if key in bounds}
        if form is None:
            form, shown = json_text("value"), {"maxItems": 0}
        many = listing(form)
        return replace(many, schema=many.schema | shown)

    def _positions(self, path: str, flat: Flat, level: int) -> Compiled:
        least = flat.get("minItems", 0)
        prefix = enumerate(flat["prefixItems"][: flat.get("maxItems")])
        possible = (self._possible(f"{path}/prefixItems/{place}", child, level) for place, child in prefix)
        forms = [form for form in takewhile(lambda form: form is not None, possible) if form is not None]
        shorter = [positions(forms[:many], None) for many in range(least, len(forms))]
        longest = positions(forms, self._further(path, flat, len(forms), level))
        return choice([longest, *shorter]) if shorter else longest

    def _further(self, path: str, flat: Flat, named: int, level: int) -> Compiled | None:
        """The form of the items after those that have their own schema, None if there are none."""
        least, most = max(0, flat.get("minItems", 0) - named), flat.get("maxItems")
        items = flat.get("items", least > 0)
        if items is False or most == named:
            return None
        bounds = {"minItems": least} | ({} if most is None else {"maxItems": most - named})
        return self._listing(path, items, level, bounds)
