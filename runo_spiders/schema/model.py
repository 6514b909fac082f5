"""What a client asks for, as a tree of typed fields; both forms of a schema become this one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from runo_spiders.items import Json

Type = Literal["string", "integer", "number", "boolean", "object", "array"]


@dataclass(frozen=True, slots=True)
class Field:
    """One node of a schema, in JSON Schema's terms.

    `format` is JSON Schema's (`date`, `date-time`, `uri`, `email` …). `hint` is the description, `example` a
    typical value. A node that allows several types keeps the first that is not null; the client's own
    document decides in the end whether a value is valid.
    """

    name: str
    type: Type
    hint: str = ""
    example: Json = None
    format: str | None = None
    enum: tuple[Json, ...] = ()
    required: bool = False
    properties: tuple[Field, ...] = ()
    items: Field | None = None

    @property
    def is_leaf(self) -> bool:
        return self.type not in ("object", "array")


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of the answer that one rung fills as a whole: a leaf, or an array with all that it holds."""

    pointer: str
    field: Field


@dataclass(frozen=True, slots=True)
class Schema:
    """A checked schema: the field tree, and the JSON Schema document that rows are validated with.

    `document` is what the client gave, or what its flat field list means in JSON Schema. `flat` tells which
    of the two forms it was.
    """

    root: Field
    document: Json
    flat: bool = False
    name: str = ""
    slots: tuple[Slot, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "slots", tuple(_slots("", self.root)))

    @property
    def many(self) -> bool:
        """Whether a page gives a list of records instead of one."""
        return self.root.type == "array"

    @property
    def record(self) -> Field:
        """The field of one record: the root, or the items of a root that is an array."""
        return self.root.items if self.root.items is not None else self.root


def escape(name: str) -> str:
    """A property name as a token of a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def unescape(token: str) -> str:
    """The property name behind a token of a JSON pointer (RFC 6901)."""
    return token.replace("~1", "/").replace("~0", "~")


def slots_of(node: Field) -> tuple[Slot, ...]:
    """The slots of a part of a schema; their pointers start at that part."""
    return tuple(_slots("", node))


def _slots(pointer: str, node: Field) -> Iterator[Slot]:
    if node.type == "object":
        for child in node.properties:
            yield from _slots(f"{pointer}/{escape(child.name)}", child)
    else:
        yield Slot(pointer, node)


def field_at(root: Field, pointer: str) -> Field | None:
    """The field that a JSON pointer into the data leads to, or None if the schema has no such place."""
    node: Field | None = root
    for token in pointer.split("/")[1:]:
        if node is None:
            return None
        if node.type == "array":
            node = node.items if token.isdigit() else None
        else:
            name = unescape(token)
            node = next((child for child in node.properties if child.name == name), None)
    return node
