"""The ladder and the answers made of what it found."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from runo_spiders.answer import Answer, Answers, Rules
from runo_spiders.errors import PageFailure
from runo_spiders.extract.ladder import Climb, climb
from runo_spiders.extract.protocol import Answered, Question
from runo_spiders.extract.verdicts import explain
from runo_spiders.items import NOTHING_FOUND, Evidence, Extraction, Found, Page, Scalar, Usage
from runo_spiders.job import DateFilter
from runo_spiders.page.document import Document
from runo_spiders.schema.coerce import Reading
from runo_spiders.schema.load import load_schema
from runo_spiders.schema.model import Schema

NOW = datetime(2026, 11, 23, tzinfo=UTC)
READING = Reading("en", "https://a.example/", NOW)
PAGE = Page(
    "https://a.example/", 0, "https://a.example/", 200, NOW, Document("<p>page</p>", "https://a.example/")
)
FLAT = load_schema(
    [
        {"field": "name", "type": "string"},
        {"field": "price", "type": "float"},
        {"field": "tags", "type": "array<string>"},
    ]
)


class Rung:
    """A rung that finds what it is told to, and remembers which slots it was asked for."""

    def __init__(self, name: str, found: Mapping[str, Scalar]) -> None:
        self.name = name
        self.found = found
        self.asked: list[str] = []

    async def extract(self, page: Page, question: Question) -> Extraction:
        self.asked = [slot.pointer for slot in question.open]
        return {pointer: self._place(value) for pointer, value in self.found.items()}

    def _place(self, value: Scalar) -> Found:
        return Found(value, Evidence(self.name, str(value), "/html/body/p"))


class Down:
    name = "down"

    async def extract(self, page: Page, question: Question) -> Extraction:
        raise PageFailure("TIMEOUT", "the model is down")


def climbed(schema: Schema, *rungs: Any) -> Climb:
    return asyncio.run(climb(PAGE, schema, READING, rungs))


def answered(schema: Schema, found: Mapping[str, Scalar], rules: Rules | None = None) -> Answer:
    came = climbed(schema, Rung("first", found))
    return Answers(schema, rules or Rules()).answer(came.findings, came.rejected)


def test_a_rung_is_asked_only_for_what_is_still_open() -> None:
    second = Rung("second", {"/price": "2", "/tags/0": "x"})
    came = climbed(FLAT, Rung("first", {"/name": "Kettle", "/price": "$1"}), second, Rung("third", {}))
    assert second.asked == ["/tags"]
    assert {pointer: finding.value for pointer, finding in came.findings.items()} == {
        "/name": "Kettle",
        "/price": 1.0,
        "/tags/0": "x",
    }
    assert came.findings["/price"].evidence.rung == "first"


def test_no_rung_is_asked_once_everything_is_found() -> None:
    last = Rung("last", {})
    climbed(FLAT, Rung("first", {"/name": "a", "/price": 1, "/tags/0": "b"}), last)
    assert last.asked == []


def test_a_candidate_that_does_not_fit_leaves_the_slot_to_the_next_rung() -> None:
    came = climbed(FLAT, Rung("first", {"/price": "call us"}), Rung("second", {"/price": "7"}))
    assert came.findings["/price"].value == 7.0
    assert came.rejected == {}
    alone = climbed(FLAT, Rung("first", {"/price": "call us"}))
    assert "/price" in alone.rejected


def test_places_that_the_schema_does_not_have_are_ignored() -> None:
    assert climbed(FLAT, Rung("first", {"/colour": "red", "/tags": "no", "/name/0": "x"})).findings == {}


def test_a_rung_that_fails_keeps_what_was_found_before() -> None:
    came = climbed(FLAT, Rung("first", {"/name": "Kettle"}), Down())
    assert came.findings["/name"].value == "Kettle"
    assert came.failure is not None
    assert (came.failure.code, came.failure.retryable) == ("TIMEOUT", True)


class Costly:
    """A rung that costs, warns, and fails after it has found something."""

    name = "costly"

    async def extract(self, page: Page, question: Question) -> Answered:
        found = {"/price": Found("$7", Evidence("costly", "$7", "/html/body/p"))}
        failure = PageFailure("TIMEOUT").info
        return Answered(found, Usage(llm_calls=2, input_tokens=30), ("/name: is unsure",), failure)


def test_what_a_rung_costs_and_warns_of_is_kept_and_a_failure_ends_the_climb_with_what_it_found() -> None:
    last = Rung("last", {"/name": "late"})
    came = climbed(FLAT, Costly(), last)
    assert {pointer: finding.value for pointer, finding in came.findings.items()} == {"/price": 7.0}
    assert came.usage == Usage(llm_calls=2, input_tokens=30)
    assert came.warnings == ("/name: is unsure",)
    assert came.failure is not None
    assert last.asked == []


def test_explain_tells_of_every_rung_why_it_won_or_lost() -> None:
    rungs = [
        Rung("first", {"/price": "call us"}),
        Rung("second", {"/price": "7"}),
        Rung("third", {"/price": 8}),
    ]
    verdicts, _ = asyncio.run(explain(PAGE, FLAT, READING, rungs))
    outcomes = [verdict.outcome for verdict in verdicts if verdict.pointer == "/price"]
    assert outcomes[0].startswith("does not fit: ")
    assert outcomes[1:] == ["won", "lost: second was first"]
    assert [v.outcome for v in verdicts if v.pointer == "/name"] == ["found nothing"] * 3


def test_every_key_is_there_and_what_is_missing_is_null_with_a_warning() -> None:
    answer = answered(FLAT, {"/price": "3"})
    assert answer.data == {"name": None, "price": 3.0, "tags": []}
    assert answer.warnings == ("/name: not found", "/tags: not found")


def test_a_value_that_the_schema_forbids_is_told_once() -> None:
    code = {"type": "object", "properties": {"code": {"type": "string", "pattern": "^[0-9]+$"}}}
    (warning,) = (w for w in answered(load_schema(code), {"/code": "K-1"}).warnings if w.startswith("/code"))
    assert "K-1" in warning


def test_nothing_found_is_a_success_with_a_warning() -> None:
    assert answered(FLAT, {}).warnings[0] == NOTHING_FOUND


def test_values_for_every_field_and_none_that_fits_is_a_failure() -> None:
    schema = load_schema([{"field": "price", "type": "float"}, {"field": "count", "type": "integer"}])
    with pytest.raises(PageFailure, match="TYPE_COERCION_FAILED"):
        answered(schema, {"/price": "call us", "/count": "many"})
    assert answered(schema, {"/price": "call us"}).data == {"price": None, "count": None}


def test_a_value_that_the_clients_schema_forbids_becomes_null_with_a_warning() -> None:
    schema = load_schema(
        {
            "type": "object",
            "properties": {
                "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
                "stars": {"type": "integer", "maximum": 5},
                "nested": {"type": "object", "properties": {"colour": {"enum": ["red", "blue"]}}},
            },
        }
    )
    answer = answered(schema, {"/code": "abc", "/stars": "9", "/nested/colour": "red"})
    assert answer.data == {"code": None, "stars": None, "nested": {"colour": "red"}}
    assert [warning.split(":")[0] for warning in answer.warnings[:2]] == ["/code", "/stars"]
    assert set(answer.evidence) == {"/nested/colour"}


def test_a_required_field_without_a_value_is_a_failure_that_names_it() -> None:
    with pytest.raises(PageFailure, match=r"REQUIRED_MISSING: name"):
        answered(FLAT, {"/price": "3"}, Rules(require=("/name", "/price")))


DATED = load_schema(
    {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"title": {"type": "string"}, "date": {"type": "string", "format": "date"}},
        },
    }
)


def test_a_date_filter_keeps_what_is_within_its_bounds_and_comes_before_the_cap() -> None:
    found: dict[str, Scalar] = {}
    for index, day in enumerate(["2026-01-01", "2026-01-02", "", "2026-01-03", "2026-01-04"]):
        found[f"/{index}/title"] = f"t{index}"
        if day:
            found[f"/{index}/date"] = day
    wanted = DateFilter.model_validate({"field": "date", "after": "2026-01-02", "before": "2026-01-04"})
    answer = answered(DATED, found, Rules(date_filter=wanted, max_items=2))
    assert [item["title"] for item in answer.data] == ["t1", "t3"]
    assert answer.evidence["/1/title"].text == "t3"
    assert "1 items without a readable date were left out" in answer.warnings
    assert "max_items_per_url was reached: 1 items were left out" in answer.warnings


def test_an_element_of_an_array_that_is_forbidden_leaves_no_hole() -> None:
    schema = load_schema(
        {
            "type": "object",
            "properties": {"tags": {"type": "array", "items": {"type": "string", "maxLength": 3}}},
        }
    )
    answer = answered(schema, {"/tags/0": "one", "/tags/1": "three", "/tags/2": "two"})
    assert answer.data == {"tags": ["one", "two"]}
    assert {pointer: found.text for pointer, found in answer.evidence.items()} == {
        "/tags/0": "one",
        "/tags/1": "two",
    }
