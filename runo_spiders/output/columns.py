"""The columns of rows in a table; CSV, Parquet, Excel and the terminal lay them out alike.

    index, url, [item], <columns of the input>, status, <fields>, error_code, error_message, warnings

`item` is there when the schema asks for a list: then each record is a line of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from runo_spiders.items import Evidence, Json, Row
from runo_spiders.schema.model import Field, Schema


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table: a row, or one record of a row whose data is a list; `item` counts from 0."""

    row: Row
    item: int | None
    record: Json
    evidence: Mapping[str, Evidence]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, the type of its values, and how a line is read for it (None: an empty cell)."""

    name: str
    field: Field
    read: Callable[[Line], Json]


def layout(schema: Schema | None, extra: Iterable[str] = ()) -> tuple[Column, ...]:
    """The columns for rows of this schema; `extra` names the columns that were carried from the input.

    A field with the name of a column that is always there becomes `data.<name>`, an input column with a
    name that is taken `extra.<name>`. Without a schema the data is one column.
    """
    many = schema is not None and schema.many
    before, after = _before(many), _after()
    taken = {column.name for column in (*before, *after, _STATUS)}
    fields = _data_columns(schema, taken)
    extras = [_extra_column(_free("extra", name, taken), name) for name in extra]
    return (*before, *extras, _STATUS, *fields, *after)


def lines(row: Row, schema: Schema | None) -> Iterator[Line]:
    """The lines of a row: one, or one for each record of a list; an empty list still gives a line."""
    records = row.data if schema is not None and schema.many else None
    if not records:
        yield Line(row, None, None if records == [] else row.data, row.evidence)
        return
    evidence = _by_item(row.evidence)
    for number, record in enumerate(records):
        yield Line(row, number, record, evidence.get(str(number), {}))


def _before(many: bool) -> tuple[Column, ...]:
    index = Column("index", Field("index", "integer"), lambda line: line.row.index)
    url = Column("url", Field("url", "string"), lambda line: line.row.url)
    item = Column("item", Field("item", "integer"), lambda line: line.item)
    return (index, url, item) if many else (index, url)


_STATUS = Column("status", Field("status", "string"), lambda line: line.row.status)


def _after() -> tuple[Column, ...]:
    warnings = Field("warnings", "array", items=Field("warning", "string"))
    return (
        Column("error_code", Field("error_code", "string"), _error_code),
        Column("error_message", Field("error_message", "string"), _error_message),
        Column("warnings", warnings, lambda line: list(line.row.warnings) or None),
    )


def _error_code(line: Line) -> str | None:
    return line.row.error.code if line.row.error else None


def _error_message(line: Line) -> str | None:
    return line.row.error.message if line.row.error else None


def _data_columns(schema: Schema | None, taken: set[str]) -> list[Column]:
    record = schema.record if schema else Field("data", "object")
    if not record.properties:
        return [Column(_free("data", "data", taken), record, lambda line: line.record)]
    return [_property_column(_free("data", field.name, taken), field) for field in record.properties]


def _property_column(name: str, field: Field) -> Column:
    return Column(name, field, lambda line: line.record and line.record.get(field.name))


def _extra_column(name: str, key: str) -> Column:
    return Column(name, Field(name, "string"), lambda line: line.row.extra.get(key))


def _free(prefix: str, name: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{prefix}.{name}"
    taken.add(name)
    return name


def _by_item(evidence: Mapping[str, Evidence]) -> Mapping[str, dict[str, Evidence]]:
    items: defaultdict[str, dict[str, Evidence]] = defaultdict(dict)
    for pointer, found in evidence.items():
        items[pointer.removeprefix("/").partition("/")[0]][pointer] = found
    return items
