"""Locators as XPath, and back: what a person can read, try in a Scrapy shell, and share.

Only the few forms that locators have can be read. So an expression from elsewhere cannot cost more time than
a look-up, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from runo_spiders.learn.locators import (
    EVERY,
    After,
    Beside,
    Chain,
    End,
    JsonLeaf,
    Label,
    Link,
    Locator,
    Starting,
    Step,
    Walk,
)

LONGEST = 4_000

_NAME = r"[\w:.-]+"
_VALUE = r'"([^"]*)"'
_COUNT = r"(?:\[(\d+|last\(\)|last\(\)=1)\])?"
_STEPS = rf"((?:/{_NAME}(?:\[\d+\])?)*)"
_END = rf"(?:/@({_NAME})|/text\(\)\[(\d+)\])?"
_LABEL = rf"\(//text\(\)\[normalize-space\(\)={_VALUE}\]\){_COUNT}"
_STEP = re.compile(rf"/({_NAME})(?:\[(\d+)\])?")
_LINK = re.compile(rf'/({_NAME})(?:\[@({_NAME})="([^"]*)"\])?')
_ROOT = re.compile(rf"/html{_STEPS}{_END}")
_CHAIN = re.compile(rf'\(/((?:/{_NAME}(?:\[@{_NAME}="[^"]*"\])?)+)\){_COUNT}{_STEPS}{_END}')
_BESIDE = re.compile(rf"{_LABEL}((?:/\.\.)+)(?:/following-sibling::\*\[(\d+)\])?{_STEPS}{_END}")
_AFTER = re.compile(rf"{_LABEL}/(following|preceding)::text\(\)\[normalize-space\(\)\]\[(\d+)\]")
_STARTING = re.compile(rf"\(//text\(\)\[starts-with\(normalize-space\(\), {_VALUE}\)\]\)\[last\(\)=1\]")
_SCRIPT = re.compile(rf"\(//script\[@type={_VALUE}\]\)\[(\d+)\]")
_RELATIVE = re.compile(rf"\.{_STEPS}{_END}")


def write(locator: Locator) -> str:
    """The XPath of a locator; that of a JSON leaf leads to its script."""
    match locator:
        case Walk(chain, steps, end):
            start = "/html" if chain is None else _chained(chain)
            return f"{start}{_path(steps)}{_ending(end)}"
        case Beside(label, up, over, steps, end):
            aside = f"/following-sibling::*[{over}]" if over else ""
            return f"{_label(label)}{'/..' * (up + 1)}{aside}{_path(steps)}{_ending(end)}"
        case After(label, count):
            axis = "following" if count > 0 else "preceding"
            return f"{_label(label)}/{axis}::text()[normalize-space()][{abs(count)}]"
        case Starting(words):
            return f'(//text()[starts-with(normalize-space(), "{words}")])[last()=1]'
        case JsonLeaf(script, number, _):
            return f'(//script[@type="{script}"])[{number}]'


def read(text: str, pointer: str | None = None) -> Locator:
    """The locator that was written; `pointer` is that of a JSON leaf. Raises `ValueError` for other XPath."""
    if len(text) <= LONGEST:
        for form, make in _FORMS:
            match = form.fullmatch(text)
            if match is not None:
                return make(match.groups(default=""), pointer)
    raise ValueError(f"{text[:80]!r} is no XPath of a form that is learned")


def write_steps(steps: Sequence[Step], end: End) -> str:
    """A path that starts at an element."""
    return f".{_path(steps)}{_ending(end)}"


def read_steps(text: str) -> tuple[tuple[Step, ...], End]:
    """What `write_steps` wrote. Raises `ValueError`."""
    match = _RELATIVE.fullmatch(text) if len(text) <= LONGEST else None
    if match is None:
        raise ValueError(f"{text[:80]!r} is no path from an element")
    steps, attribute, number = match.groups(default="")
    return _read_path(steps), _read_end(attribute, number)


def _path(steps: Sequence[Step]) -> str:
    return "".join(f"/{step.tag}[{step.number}]" if step.number else f"/{step.tag}" for step in steps)


def _ending(end: End) -> str:
    if end.attribute:
        return f"/@{end.attribute}"
    return f"/text()[{end.number}]" if end.number else ""


def _chained(chain: Chain) -> str:
    return f"(/{''.join(map(_link, chain.links))}){_count(chain.number)}"


def _link(link: Link) -> str:
    return f'/{link.tag}[@{link.attribute}="{link.value}"]' if link.attribute else f"/{link.tag}"


def _label(label: Label) -> str:
    return f'(//text()[normalize-space()="{label.text}"]){_count(label.number)}'


def _count(number: int) -> str:
    return {EVERY: "", 0: "[last()=1]", -1: "[last()]"}.get(number, f"[{number}]")


def _read_count(text: str) -> int:
    return int(text) if text.isdigit() else {"": EVERY, "last()=1": 0, "last()": -1}[text]


def _read_path(text: str) -> tuple[Step, ...]:
    return tuple(Step(tag, int(number or 0)) for tag, number in _STEP.findall(text))


def _read_end(attribute: str, number: str) -> End:
    return End(attribute, int(number or 0))


def _read_links(text: str) -> Iterator[Link]:
    yield from (Link(*found) for found in _LINK.findall(text))


_Groups = Sequence[str]


def _root(groups: _Groups, pointer: str | None) -> Locator:
    steps, attribute, number = groups
    return Walk(None, _read_path(steps), _read_end(attribute, number))


def _chain(groups: _Groups, pointer: str | None) -> Locator:
    links, count, steps, attribute, number = groups
    chain = Chain(tuple(_read_links(links)), _read_count(count))
    return Walk(chain, _read_path(steps), _read_end(attribute, number))


def _beside(groups: _Groups, pointer: str | None) -> Locator:
    words, count, up, over, steps, attribute, number = groups
    label = Label(words, _read_count(count))
    return Beside(label, len(up) // 3 - 1, int(over or 0), _read_path(steps), _read_end(attribute, number))


def _after(groups: _Groups, pointer: str | None) -> Locator:
    words, count, axis, number = groups
    return After(Label(words, _read_count(count)), int(number) if axis == "following" else -int(number))


def _starting(groups: _Groups, pointer: str | None) -> Locator:
    return Starting(groups[0])


def _script(groups: _Groups, pointer: str | None) -> Locator:
    if pointer is None:
        raise ValueError("a script needs the pointer of a leaf in it")
    return JsonLeaf(groups[0], int(groups[1]), pointer)


_FORMS: Sequence[tuple[re.Pattern[str], Callable[[_Groups, str | None], Locator]]] = (
    (_ROOT, _root),
    (_AFTER, _after),
    (_BESIDE, _beside),
    (_STARTING, _starting),
    (_SCRIPT, _script),
    (_CHAIN, _chain),
)
