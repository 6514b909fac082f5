"""A schema by name, by path or as JSON; both of its forms become the one `Schema`."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from runo_spiders.errors import SchemaError, UsageMistake
from runo_spiders.items import Json
from runo_spiders.schema.flat import read_fields
from runo_spiders.schema.json_schema import read_json_schema
from runo_spiders.schema.model import Schema

LARGEST_SCHEMA = 65_536
"""Bytes of a schema as JSON."""

_NAME = re.compile(r"\w[\w.-]*")


def load_schema(source: str | list[Json] | dict[str, Json], folder: Path = Path("schemas")) -> Schema:
    """The schema that `source` names or is.

    A name is looked up in `folder`, then among the schemas of this package; text that starts with `{` or `[`
    is JSON; other text is a path. Raises `UsageMistake` if there is no such schema, `SchemaError` for a fault
    within it.
    """
    if not isinstance(source, str):
        return _read(_dumped(source), "")
    if source.lstrip().startswith(("{", "[")):
        return _read(source, "")
    name, text = _named(source, folder)
    return _read(text, name)


def schema_names(folder: Path = Path("schemas")) -> list[str]:
    """The names that `load_schema` knows."""
    return sorted({*_names_in_folder(folder), *_names_in_package()})


def _read(text: str, name: str) -> Schema:
    if len(text.encode("utf-8", "surrogatepass")) > LARGEST_SCHEMA:
        raise SchemaError("", f"it is larger than {LARGEST_SCHEMA} bytes")
    content = _parsed(text)
    if isinstance(content, list):
        schema = read_fields(content)
    elif isinstance(content, dict):
        schema = read_json_schema(content)
    else:
        raise SchemaError("", "it is neither a list of fields nor a JSON Schema object")
    return replace(schema, name=name)


def _named(source: str, folder: Path) -> tuple[str, str]:
    if _NAME.fullmatch(source) and not source.endswith(".json"):
        for place in (folder / f"{source}.json", _package_folder() / f"{source}.json"):
            if place.is_file():
                return source, _text(place, source)
    path = Path(source)
    if path.is_file() or path.suffix == ".json" or "/" in source:
        return path.stem, _text(path, source)
    known = ", ".join(schema_names(folder)) or "none"
    raise UsageMistake(f"schema: there is no schema called {source[:80]!r} (known: {known})")


def _text(place: Path | Traversable, source: str) -> str:
    try:
        return place.read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as exc:
        reason = (
            "is not UTF-8 text" if isinstance(exc, UnicodeDecodeError) else f"cannot be read ({_why(exc)})"
        )
        raise UsageMistake(f"schema: {source[:200]!r} {reason}") from None


def _why(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc)


def _names_in_folder(folder: Path) -> Iterator[str]:
    return (path.stem for path in folder.glob("*.json"))


def _names_in_package() -> Iterator[str]:
    names = (entry.name for entry in _package_folder().iterdir())
    return (name.removesuffix(".json") for name in names if name.endswith(".json"))


def _package_folder() -> Traversable:
    """The schemas of this package: a link to the top-level folder, copied when the package is built."""
    return resources.files("runo_spiders") / "schemas"


def _dumped(content: Json) -> str:
    try:
        return json.dumps(content, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise SchemaError("", "it is not made of JSON values") from None


def _parsed(text: str) -> Json:
    try:
        content = json.loads(
            text, object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=_finite_float
        )
        text.encode()
        json.dumps(content, ensure_ascii=False).encode()
    except json.JSONDecodeError as exc:
        raise SchemaError("", f"{exc.msg} in line {exc.lineno}, column {exc.colno}") from None
    except UnicodeEncodeError:
        raise SchemaError("", "a text in it is not valid Unicode") from None
    except RecursionError:
        raise SchemaError("", "it is nested too deep") from None
    except ValueError as exc:
        raise SchemaError("", str(exc)) from None
    return content


def _unique(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f'the key "{twice[:80]}" stands twice in one object')
    return content


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no JSON number")


def _finite_float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits[:40]} is out of range")
    return number
