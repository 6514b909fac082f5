"""What a node of a JSON Schema means: references followed, `allOf` merged, alternatives side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product

from runo_spiders.errors import SchemaError
from runo_spiders.items import Json
from runo_spiders.llm.strict_merge import Flat, both
from runo_spiders.schema.model import unescape

MOST_NODES = 20_000
"""How many nodes a schema may have when all is written out; some small ones have a great many."""

_LEFT_OUT = frozenset(
    ["$schema", "$id", "$comment", "$defs", "definitions", "title", "deprecated", "readOnly", "writeOnly"]
)
# A default is no part of the page, and a model that knows it would answer with it.
_TEMPTING = frozenset({"default"})
_WRITTEN_OUT = frozenset({"$ref", "allOf", "anyOf", "oneOf", "const"})
# Keywords that only mean something together.
_GROUPS = (("if", "then", "else"), ("contains", "minContains", "maxContains"))
_REFUSED = ("patternProperties", "$dynamicRef", "$recursiveRef")


class Nodes:
    """Reads the nodes of one document; counts them, so that no document grows without end."""

    def __init__(self, document: Json) -> None:
        self._document = document
        self._read = 0

    def alternatives(self, path: str, node: Json, followed: tuple[str, ...] = ()) -> list[Flat]:
        """The schemas of which a value has to fit one; none if nothing fits.

        Raises `SchemaError` with the path of what cannot be expressed.
        """
        if node is True or node is False:
            return [{}] if node else []
        _check(path, node)
        parts = [[_own(node)], *self._parts(path, node, followed)]
        combined = parts[0]
        for part in parts[1:]:
            merged = (both(first, second) for first, second in product(combined, part))
            combined = [flat for flat in merged if flat is not None]
            self._count(path, len(combined))
        self._count(path, 1)
        return combined

    def written_out(self, path: str, value: Json, followed: tuple[str, ...] = ()) -> Json:
        """A part of a schema that is only told to the model, with what its references lead to."""
        self._count(path, 1)
        if isinstance(value, list):
            return [self.written_out(path, child, followed) for child in value]
        if not isinstance(value, dict):
            return value
        plain = {
            key: self.written_out(path, child, followed) for key, child in value.items() if key != "$ref"
        }
        if not isinstance(value.get("$ref"), str):
            return plain
        target, trail = self._referred(path, value["$ref"], followed)
        inlined = self.written_out(path, target, trail)
        return inlined | plain if isinstance(inlined, dict) else inlined

    def _parts(self, path: str, node: Flat, followed: tuple[str, ...]) -> Iterator[list[Flat]]:
        """What has to hold besides a node's own keywords, each as a list of alternatives."""
        if "const" in node:
            yield [{"enum": [node["const"]]}]
        if "$ref" in node:
            target, trail = self._referred(path, node["$ref"], followed)
            yield self.alternatives(f"{path}/$ref", target, trail)
        for place, part in enumerate(node.get("allOf", ())):
            yield self.alternatives(f"{path}/allOf/{place}", part, followed)
        for key in ("anyOf", "oneOf"):
            if key in node:
                yield [
                    flat
                    for place, part in enumerate(node[key])
                    for flat in self.alternatives(f"{path}/{key}/{place}", part, followed)
                ]

    def _referred(
        self, path: str, reference: Json, followed: tuple[str, ...]
    ) -> tuple[Json, tuple[str, ...]]:
        """What a reference leads to, and the references that were followed to come there."""
        if not isinstance(reference, str) or not (reference == "#" or reference.startswith("#/")):
            raise SchemaError(f"{path}/$ref", "only references within the document, #/..., are followed")
        if reference in followed:
            raise SchemaError(f"{path}/$ref", f"{reference[:80]} refers to itself")
        node = self._document
        for token in reference.split("/")[1:]:
            children = dict(enumerate(node)) if isinstance(node, list) else node
            key: Json = int(token) if isinstance(node, list) and token.isdecimal() else unescape(token)
            if not isinstance(children, dict) or key not in children:
                raise SchemaError(f"{path}/$ref", f"there is no {reference[:80]} in the document")
            node = children[key]
        return node, (*followed, reference)

    def _count(self, path: str, many: int) -> None:
        self._read += many
        if self._read > MOST_NODES:
            raise SchemaError(path, f"written out, the schema has more than {MOST_NODES} nodes")


def _check(path: str, node: Json) -> None:
    if not isinstance(node, dict):
        raise SchemaError(path, "a schema is an object, true or false")
    for key in _REFUSED:
        if key in node:
            raise SchemaError(f"{path}/{key}", f"{key} cannot be asked of a model")
    if isinstance(node.get("items"), list):
        raise SchemaError(f"{path}/items", "items is one schema; a list of schemas is prefixItems")


def _own(node: Mapping[str, Json]) -> Flat:
    """A node's own keywords; those that go together are set aside as one."""
    unread = _LEFT_OUT | _TEMPTING | _WRITTEN_OUT
    flat = {key: value for key, value in node.items() if key not in unread}
    if isinstance(flat.get("type"), str):
        flat["type"] = [flat["type"]]
    if not flat.get("description") and node.get("title"):
        flat["description"] = node["title"]
    groups = [{key: flat.pop(key) for key in group if key in flat} for group in _GROUPS]
    if any(groups):
        flat["allOf"] = [group for group in groups if group]
    return flat
