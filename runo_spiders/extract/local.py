"""The rung `local`: values from what a reader sees, without a model, a key, or knowledge of a site."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from runo_spiders.extract.labels import Kind
from runo_spiders.extract.local_beside import beside
from runo_spiders.extract.local_candidates import Candidate
from runo_spiders.extract.local_lists import listings, parts_of
from runo_spiders.extract.local_named import in_data, named
from runo_spiders.extract.local_plan import Plan, Spoken
from runo_spiders.extract.local_shaped import Shapes
from runo_spiders.extract.local_targets import Target
from runo_spiders.extract.local_values import stock_value
from runo_spiders.extract.protocol import Question
from runo_spiders.extract.records import records
from runo_spiders.items import Evidence, Extraction, Found, Page
from runo_spiders.page.document import string_value
from runo_spiders.page.visible import Visible
from runo_spiders.schema.coerce import CoercionError, Reading, coerce
from runo_spiders.schema.model import Schema

_ENOUGH = 2.5
"""A candidate with less than this to speak for it is no answer."""

_MORE_FOR: Mapping[Kind, float] = {"prose": 0.5, "trail": 1.2}
"""What such a candidate needs on top: its shape says next to nothing, so that a name alone misleads."""

_TRIED = 4
"""How many of the best candidates are tried on the field's type."""

_KEPT_PLANS = 256


class LocalExtractor:
    """Finds values beside their labels, in elements that are named for them, and by shape and place.

    An array of objects is filled from the blocks that repeat on the page. Values are raw; a candidate that
    does not fit its field's type is passed over for the next one.
    """

    name = "local"

    def __init__(self) -> None:
        self._schema: Schema | None = None
        self._plans: dict[tuple[str, ...], Plan] = {}

    async def extract(self, page: Page, question: Question) -> Extraction:
        """What the visible page holds for the open slots."""
        if not question.open:
            return {}
        visible = question.visible(page)
        if not visible.texts:
            return {}
        return dict(_Search(visible, self._plan(question), question.reading).answers())

    def _plan(self, question: Question) -> Plan:
        """The plan for these open slots; the pages of a job mostly leave the same ones open."""
        if self._schema is not question.schema or len(self._plans) > _KEPT_PLANS:
            self._schema, self._plans = question.schema, {}
        pointers = tuple(slot.pointer for slot in question.open)
        if pointers not in self._plans:
            self._plans[pointers] = Plan(question.open)
        return self._plans[pointers]


@dataclass(slots=True)
class _Search:
    """The search for the targets of one plan on one page."""

    page: Visible
    plan: Plan
    reading: Reading
    _shapes: Shapes = field(init=False)

    def __post_init__(self) -> None:
        self._shapes = Shapes(self.page)

    def answers(self) -> Iterator[tuple[str, Found]]:
        spoken = self.plan.spoken(self.page)
        stored: list[list[Candidate]] = [[] for _ in self.plan.targets]
        for number, candidate in in_data(self.page, self.plan):
            stored[number].append(candidate)
        for number, target in enumerate(self.plan.targets):
            if target.field.type != "array":
                found = [*stored[number], *self._candidates(target, spoken[number])]
                yield from self._one(target, found)
            elif target.leaf.is_leaf:
                yield from self._list(target, spoken[number])
            else:
                yield from self._records(target, self.plan.within(number))

    def _candidates(self, target: Target, spoken: Spoken) -> list[Candidate]:
        page = self.page
        return [*named(page, target, spoken), *beside(page, target), *self._shapes.candidates(target)]

    def _one(self, target: Target, candidates: Iterable[Candidate]) -> Iterator[tuple[str, Found]]:
        best = self._best(target, candidates)
        if best is not None:
            yield target.pointer, self._found(best)

    def _list(self, target: Target, spoken: Spoken) -> Iterator[tuple[str, Found]]:
        """A list under a heading or in elements of one name, else a line that names all of them."""
        best = max(listings(self.page, target, spoken), key=lambda each: each.score, default=None)
        items: Iterable[Candidate] = ()
        if best is not None and best.score >= _ENOUGH:
            items = best.items
        elif target.kind_of_items in ("person", "item"):
            items = self._parts_of_a_line(target, spoken)
        kept = [item for item in items if self._fits(target, item)]
        for place, item in enumerate(kept):
            yield f"{target.pointer}/{place}", self._found(item)

    def _parts_of_a_line(self, target: Target, spoken: Spoken) -> Iterable[Candidate]:
        single = replace(target, kind="person" if target.kind_of_items == "person" else "text")
        line = self._best(single, self._candidates(single, spoken))
        parts = () if line is None else parts_of(line, single.kind)
        return parts if len(parts) > 1 or single.kind == "person" else ()

    def _records(self, target: Target, inner: Plan) -> Iterator[tuple[str, Found]]:
        """The repeated blocks of the page, a record each, in order."""
        place = 0
        for record in records(self.page, inner):
            fitting = self._fitting(record, inner)
            for pointer, candidate in fitting.items():
                yield f"{target.pointer}/{place}{pointer}", self._found(candidate)
            place += bool(fitting)

    def _fitting(self, record: Mapping[int, Candidate], plan: Plan) -> dict[str, Candidate]:
        targets = plan.targets
        return {
            targets[number].pointer: candidate
            for number, candidate in record.items()
            if self._fits(targets[number], candidate)
        }

    def _best(self, target: Target, candidates: Iterable[Candidate]) -> Candidate | None:
        if target.kind == "stock":
            candidates = _concluded(candidates, target)
        enough = _ENOUGH + _MORE_FOR.get(target.kind, 0.0)
        likely = sorted((each for each in candidates if each.score >= enough), key=lambda each: -each.score)
        return next((each for each in islice(likely, _TRIED) if self._fits(target, each)), None)

    def _fits(self, target: Target, candidate: Candidate) -> bool:
        """Whether the value is of the field's type, and stands where it says."""
        try:
            coerce(candidate.value, target.leaf, self.reading)
        except CoercionError:
            return False
        return _stands(candidate)

    def _found(self, candidate: Candidate) -> Found:
        xpath = candidate.place.xpath(self.page.document)
        evidence = Evidence(LocalExtractor.name, candidate.quote, xpath, derived=candidate.derived)
        return Found(candidate.value, evidence)


def _concluded(candidates: Iterable[Candidate], target: Target) -> Iterator[Candidate]:
    """What the candidates say of stock, in the field's own words."""
    for candidate in candidates:
        value = stock_value(str(candidate.value), target.field)
        if value is not None:
            yield replace(candidate, value=value, derived=value != candidate.quote)


def _stands(candidate: Candidate) -> bool:
    """Whether the quote is all there: a script, say, may stand between the texts of an element."""
    if not candidate.place.is_element:
        return True
    return "".join(candidate.quote.split()) in "".join(string_value(candidate.place.element).split())
