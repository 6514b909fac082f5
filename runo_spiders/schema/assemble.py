"""Builds data in the schema's shape from what was found, and takes data apart into leaves again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from runo_spiders.items import Finding, Json, Scalar
from runo_spiders.schema.model import Field, Schema, escape, unescape

Leaf = TypeVar("Leaf")
_Tree: TypeAlias = dict[str, Any]
"""Property names and numbers of items to trees, and at the end to leaves."""


def assemble(schema: Schema, findings: Mapping[str, Finding]) -> Json:
    """Data with every key of the schema: null where nothing was found, `[]` for an array.

    Findings outside the schema are left out. Items of an array stand in the order of their numbers; gaps
    close, so that the pointers of data are those of the findings only if these are numbered from 0.
    """
    return _built(schema.root, _tree(findings))


def leaves(data: Json, pointer: str = "") -> Iterator[tuple[str, Scalar]]:
    """Every value of data that is not null, with its JSON pointer."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield from leaves(value, f"{pointer}/{escape(name)}")
    elif isinstance(data, list):
        for place, value in enumerate(data):
            yield from leaves(value, f"{pointer}/{place}")
    elif data is not None:
        yield pointer, data


def _tree(findings: Mapping[str, Leaf]) -> _Tree:
    root: _Tree = {}
    for pointer, finding in findings.items():
        *way, last = pointer.split("/")[1:] or [""]
        node = root
        for token in way:
            child = node.setdefault(unescape(token), {})
            if not isinstance(child, dict):
                break
            node = child
        else:
            node[unescape(last)] = finding
    return root


def _built(field: Field, found: Any) -> Json:
    if field.is_leaf:
        return found.value if isinstance(found, Finding) else None
    tree = found if isinstance(found, dict) else {}
    if field.items is None:
        return {child.name: _built(child, tree.get(child.name)) for child in field.properties}
    places = sorted((token for token in tree if token.isdigit()), key=int)
    return [_built(field.items, tree[place]) for place in places]


def close_gaps(schema: Schema, findings: Mapping[str, Leaf]) -> dict[str, Leaf]:
    """The findings with the items of each array numbered from 0, so that pointers are those of the data."""
    numbered: dict[str, Leaf] = {}
    _number(schema.root, _tree(findings), "", numbered)
    return numbered


def _number(field: Field, found: _Tree | Leaf, pointer: str, numbered: dict[str, Leaf]) -> None:
    if not isinstance(found, dict):
        if field.is_leaf:
            numbered[pointer] = found
    elif field.items is None:
        for child in field.properties:
            if child.name in found:
                _number(child, found[child.name], f"{pointer}/{escape(child.name)}", numbered)
    else:
        places = sorted((token for token in found if token.isdigit()), key=int)
        for number, place in enumerate(places):
            _number(field.items, found[place], f"{pointer}/{number}", numbered)
