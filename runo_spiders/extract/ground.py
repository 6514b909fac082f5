"""Grounding: a value that was not read from a known place counts only if it stands on the page.

What counts as standing there is decided after typed normalisation: `19.99` stands where the page says
"$19.99", and a string where its words do, whatever the white space, the case and the markup within. What was
concluded and not read, a boolean or a member of an enumeration, stands where its quote does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from runo_spiders.extract.ground_means import read
from runo_spiders.extract.ground_places import Places, Stand
from runo_spiders.extract.ladder import Climb
from runo_spiders.items import Evidence, Finding, Page, Scalar
from runo_spiders.page.asked import words_of
from runo_spiders.page.standing import Standing
from runo_spiders.schema.assemble import leaves
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.links import means_link
from runo_spiders.schema.model import Field, Schema, field_at

RUNG = "spider"

_ADDRESSES = ("iri", "uri", "uri-reference", "url")
_LONGEST_SHOWN = 60
_MOST_WORDS = 3
"""A quote of so few words says itself what it means."""

_ITEM = re.compile(r"^(.*/\d+)(?:/[^/\d][^/]*)*$")


@dataclass(frozen=True, slots=True)
class Claim:
    """A value that somebody says the page holds. `quote` is what it rests on, where it was concluded."""

    pointer: str
    value: Scalar
    quote: str | None = None


@dataclass(slots=True)
class Grounded:
    """What came of some claims: findings, why others were refused, and whose evidence no reader sees."""

    findings: dict[str, Finding] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unseen: list[str] = field(default_factory=list)


def ground(page: Page, schema: Schema, reading: Reading) -> Climb:
    """The leaves of `page.given` that the schema knows, each with the place where it stands on the page."""
    claims = [Claim(pointer, value) for pointer, value in leaves(page.given)]
    grounded = Ground(Standing(page.document), reading, RUNG).check(claims, schema)
    return Climb(grounded.findings, grounded.refused)


class Ground:
    """One page, as claims about it are checked. `rung` is who made them."""

    def __init__(self, standing: Standing, reading: Reading, rung: str) -> None:
        self._document = standing.document
        self._reading = reading
        self._rung = rung
        self._places = Places(standing, reading)
        self._grounded = Grounded()

    def check(self, claims: Iterable[Claim], schema: Schema) -> Grounded:
        """Which claims about leaves of the schema hold; those about other places are ignored."""
        for item, record in _by_item(claims):
            if item:
                self._places.go_to(_name_of(record))
            for claim in record:
                target = field_at(schema.root, claim.pointer)
                if target is not None and target.is_leaf:
                    self._check(claim, target)
        return self._grounded

    def _check(self, claim: Claim, target: Field) -> None:
        try:
            value = coerce(claim.value, target, self._reading).value
        except CoercionError as misfit:
            self._refuse(claim, str(misfit))
            return
        if _is_address(target, value):
            self._check_link(claim, str(value))
        elif target.enum or isinstance(value, bool):
            self._check_conclusion(claim, value, target)
        else:
            self._check_reading(claim, value, target)

    def _check_link(self, claim: Claim, url: str) -> None:
        link = self._places.of_link(url)
        if link is None:
            self._refuse(claim, f"{_short(url)} is no link of the page")
        else:
            self._keep(claim, url, Stand(link.raw, link.place, not link.hidden), derived=False)

    def _check_conclusion(self, claim: Claim, value: Scalar, target: Field) -> None:
        stand = self._stand_of_conclusion(claim, value, target)
        if stand is None:
            self._refuse(claim, f"{_short(claim.quote or value)} does not stand on the page")
        elif self._is_contradicted(stand, value, target):
            self._refuse(claim, f"{_short(value)} is not what {_short(stand.text)} says")
        else:
            self._keep(claim, value, stand, derived=True)

    def _stand_of_conclusion(self, claim: Claim, value: Scalar, target: Field) -> Stand | None:
        if claim.quote is not None:
            return self._places.of_words(claim.quote)
        literal = self._places.of_words(value) if isinstance(value, str) else None
        return literal or self._places.of_meaning(value, target)

    def _is_contradicted(self, stand: Stand, value: Scalar, target: Field) -> bool:
        """Whether a quote says something else. Longer ones are for their reader to judge: "no animals" means
        yes for `vegan`."""
        words = set(words_of(stand.text))
        if len(words) > _MOST_WORDS and not set(words_of(target.name)) <= words:
            return False
        said = read(stand.text, target, self._reading)
        return said is not None and said.value != value

    def _check_reading(self, claim: Claim, value: Scalar, target: Field) -> None:
        stand = self._places.of_value(value, target)
        if stand is None:
            self._refuse(claim, f"{_short(claim.value)} does not stand on the page")
            return
        said = read(stand.text, target, self._reading)
        self._keep(claim, value, stand, derived=said is not None and said.derived and said.value == value)

    def _keep(self, claim: Claim, value: Scalar, stand: Stand, *, derived: bool) -> None:
        xpath = stand.place.xpath(self._document)
        evidence = Evidence(self._rung, stand.text, xpath, derived=derived and stand.text != value)
        self._grounded.findings[claim.pointer] = Finding(value, evidence)
        if not stand.seen:
            self._grounded.unseen.append(claim.pointer)

    def _refuse(self, claim: Claim, why: str) -> None:
        self._grounded.refused[claim.pointer] = why


def _by_item(claims: Iterable[Claim]) -> Iterator[tuple[str, list[Claim]]]:
    """Claims about the same item of an array together, with its pointer, in the order of their first ones."""
    items: dict[str, list[Claim]] = {}
    for claim in claims:
        items.setdefault(item_of(claim.pointer), []).append(claim)
    yield from items.items()


def item_of(pointer: str) -> str:
    """The pointer of the innermost item of an array that a leaf belongs to; empty if there is none."""
    item = _ITEM.match(pointer)
    return item[1] if item else ""


def _name_of(claims: list[Claim]) -> str:
    """The longest text of a record: it stands in fewer places than others."""
    return max((str(claim.value) for claim in claims), key=len)


def _is_address(target: Field, value: Scalar) -> bool:
    if not isinstance(value, str):
        return False
    return target.format in _ADDRESSES or (target.format is None and means_link(target.name, value))


def _short(value: object) -> str:
    text = str(value)
    return repr(text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "...")
