"""A wrapper as JSON that a person can read, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Literal, TypeVar

from runo_spiders.items import Json
from runo_spiders.learn.list_ways import ListWay
from runo_spiders.learn.locators import JsonLeaf, Locator, Walk
from runo_spiders.learn.row_ways import Cell, RowsWay
from runo_spiders.learn.transforms import WHOLE, Between, Outside, Part, Shaped, Transform, Whole
from runo_spiders.learn.ways import LeafWay, Way
from runo_spiders.learn.wrapper import Member, Pattern, Rank, Track, Wrapper
from runo_spiders.learn.xpath import read, read_steps, write, write_steps

VERSION = 1
MOST_MEMBERS, MOST_RANKS, MOST_CELLS = 20, 8, 200
"""A wrapper from elsewhere with more of these is refused: applying it has to stay cheap."""

_COUNTS = ("right", "wrong", "missed", "alarms", "idle")
_T = TypeVar("_T")


class WrapperError(ValueError):
    """A record is no wrapper; the message says where and why."""


def to_json(wrapper: Wrapper) -> dict[str, Json]:
    """The wrapper as an object; each member with its XPath, what is cut, and its record."""
    return {
        "version": VERSION,
        "labels": wrapper.labels,
        "shortest": wrapper.shortest,
        "longest": wrapper.longest,
        "looks": sorted(wrapper.looks),
        "track": asdict(wrapper.track),
        "ranks": [
            {
                "members": [_member_to_json(member) for member in rank.members],
                "patterns": [asdict(pattern) for pattern in rank.patterns],
            }
            for rank in wrapper.ranks
        ],
    }


def from_json(record: Json) -> Wrapper:
    """What `to_json` wrote. Raises `WrapperError`."""
    if not isinstance(record, dict) or record.get("version") != VERSION:
        raise WrapperError(f"this is no wrapper of version {VERSION}")
    ranks = _at("/ranks", lambda: tuple(record["ranks"]))
    if len(ranks) > MOST_RANKS:
        raise WrapperError(f"/ranks: {len(ranks)} of them, at most {MOST_RANKS}")
    return Wrapper(
        tuple(_rank_from_json(rank, f"/ranks/{number}") for number, rank in enumerate(ranks)),
        _at("/track", lambda: Track(**{name: int(count) for name, count in record["track"].items()})),
        _at("/labels", lambda: int(record["labels"])),
        _at("/shortest", lambda: int(record["shortest"])),
        _at("/longest", lambda: int(record["longest"])),
        _at("/looks", lambda: frozenset(map(str, record["looks"]))),
    )


def _at(place: str, read_it: Callable[[], _T]) -> _T:
    try:
        return read_it()
    except WrapperError:
        raise
    except (KeyError, TypeError, ValueError, AttributeError) as fault:
        raise WrapperError(f"{place}: {type(fault).__name__}: {fault}") from fault


def _rank_from_json(record: Json, place: str) -> Rank:
    members = _at(f"{place}/members", lambda: tuple(record["members"]))
    if not 0 < len(members) <= MOST_MEMBERS:
        raise WrapperError(f"{place}/members: {len(members)} of them, at least 1 and at most {MOST_MEMBERS}")
    return Rank(
        tuple(
            _at(f"{place}/members/{number}", partial(_member_from_json, each))
            for number, each in enumerate(members)
        ),
        _at(f"{place}/patterns", lambda: tuple(Pattern(**each) for each in record["patterns"])),
    )


def _member_to_json(member: Member) -> dict[str, Json]:
    counts = {name: getattr(member, name) for name in (*_COUNTS, "evidence")}
    return {**way_to_json(member.way), **counts}


def _member_from_json(record: Mapping[str, Json]) -> Member:
    right, wrong, missed, alarms, idle = (int(record[name]) for name in _COUNTS)
    return Member(_way_from_json(record), right, wrong, missed, alarms, idle, float(record["evidence"]))


def way_to_json(way: Way) -> dict[str, Json]:
    """Where a way looks, and what it cuts."""
    match way:
        case LeafWay(locate, cut):
            return {"xpath": write(locate), **_pointer(locate), **_cut_to_json(cut)}
        case ListWay(locate, cut, sign):
            parted = {"parted_by": sign} if sign else {}
            return {"items": write(locate), **_pointer(locate), **_cut_to_json(cut), **parted}
        case RowsWay(rows, cells, least):
            return {"rows": write(rows), "least": least, "cells": [_cell_to_json(cell) for cell in cells]}


def _way_from_json(record: Mapping[str, Json]) -> Way:
    pointer = record.get("pointer")
    if "rows" in record:
        rows = read(record["rows"])
        cells = tuple(_cell_from_json(cell) for cell in record["cells"][:MOST_CELLS])
        if not isinstance(rows, Walk):
            raise ValueError("rows are found by a walk from a named element")
        return RowsWay(rows, cells, int(record["least"]))
    if "items" in record:
        return ListWay(read(record["items"], pointer), _cut_from_json(record), record.get("parted_by", ""))
    return LeafWay(read(record["xpath"], pointer), _cut_from_json(record))


def _pointer(locator: Locator) -> dict[str, Json]:
    return {"pointer": locator.pointer} if isinstance(locator, JsonLeaf) else {}


def _cell_to_json(cell: Cell) -> dict[str, Json]:
    return {"field": cell.pointer, "xpath": write_steps(cell.steps, cell.end), **_cut_to_json(cell.cut)}


def _cell_from_json(record: Mapping[str, Json]) -> Cell:
    return Cell(str(record["field"]), *read_steps(record["xpath"]), _cut_from_json(record))


def _cut_to_json(cut: Transform) -> dict[str, Json]:
    match cut:
        case Whole():
            return {}
        case Between(after, before):
            return {"between": [after, before]}
        case Part(sign, number):
            return {"part": [sign, number]}
        case Shaped(shape):
            return {"shaped": shape}
        case Outside(side):
            return {"outside_digits": side}


def _cut_from_json(record: Mapping[str, Json]) -> Transform:
    if "between" in record:
        after, before = map(str, record["between"])
        return Between(after, before)
    if "part" in record:
        sign, number = record["part"]
        return Part(_sign(sign), int(number))
    if "outside_digits" in record:
        return Outside(_side(record["outside_digits"]))
    return Shaped(str(record["shaped"])) if "shaped" in record else WHOLE


def _side(text: Json) -> Literal["before", "after"]:
    if text not in ("before", "after"):
        raise ValueError(f"what stands {text!r} digits is not known, only before or after")
    return "before" if text == "before" else "after"


def _sign(text: str) -> str:
    if not text:
        raise ValueError("a part needs a sign")
    return str(text)
