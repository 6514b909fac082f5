"""A rung that learns: what it is told after a climb, what its corrections and its nothing do."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from runo_spiders.errors import PageFailure
from runo_spiders.extract.ground import Grounded
from runo_spiders.extract.ladder import Climb, climb
from runo_spiders.extract.model_answer import MOST_TOLD, settled
from runo_spiders.extract.protocol import Answered, Lesson, Question
from runo_spiders.extract.verdicts import explain
from runo_spiders.items import Evidence, Finding, Found, Page, Scalar
from runo_spiders.schema.load import load_schema
from tests.test_ladder import FLAT, PAGE, READING, Down, Rung


def found(values: Mapping[str, Scalar], rung: str = "pupil") -> dict[str, Found]:
    return {leaf: Found(value, Evidence(rung, str(value), "/html/body/p")) for leaf, value in values.items()}


@dataclass
class Pupil:
    """Answers and corrects what it is told to, and remembers its questions and its lessons."""

    says: Answered = field(default_factory=lambda: Answered({}))
    corrects: Answered = field(default_factory=lambda: Answered({}))
    asked: list[list[str]] = field(default_factory=list)
    lessons: list[Lesson] = field(default_factory=list)

    name = "pupil"

    async def extract(self, page: Page, question: Question) -> Answered:
        self.asked.append([slot.pointer for slot in question.open])
        return self.says

    def learn(self, page: Page, question: Question, lesson: Lesson) -> Answered:
        self.lessons.append(lesson)
        return self.corrects

    def heard(self) -> tuple[list[str], dict[str, Scalar]]:
        """The slots and the values of its one lesson."""
        (lesson,) = self.lessons
        told = {leaf: finding.value for leaf, finding in lesson.told.items()}
        return [slot.pointer for slot in lesson.taught], told


@dataclass
class Teacher:
    says: Answered

    name = "teacher"
    costs = True

    async def extract(self, page: Page, question: Question) -> Answered:
        return self.says


def climbed(*rungs: Any) -> Climb:
    return asyncio.run(climb(PAGE, FLAT, READING, rungs))


def test_a_lesson_is_what_later_rungs_found_for_what_was_left_open() -> None:
    pupil = Pupil(Answered(found({"/name": "Kettle"})))
    climbed(pupil, Rung("second", {"/price": "7"}))
    assert pupil.heard() == (["/price", "/tags"], {"/price": 7.0})


def test_a_slot_of_which_something_was_not_believed_is_no_part_of_a_lesson() -> None:
    said = Answered(
        found({"/tags/0": "a"}), refused={"/price": "is not there"}, untold=frozenset({"/tags/1"})
    )
    pupil = Pupil()
    climbed(pupil, Teacher(said))
    assert pupil.heard() == (["/name"], {})


def test_a_value_that_does_not_fit_is_no_part_of_a_lesson() -> None:
    pupil = Pupil()
    climbed(pupil, Rung("second", {"/price": "call us", "/name": "Kettle"}))
    assert pupil.heard() == (["/name", "/tags"], {"/name": "Kettle"})


def test_a_correction_takes_the_place_of_the_whole_slot_and_its_warnings_go_to_the_row() -> None:
    pupil = Pupil(corrects=Answered(found({"/tags/0": "c"}), warnings=("/tags: is odd",)))
    came = climbed(pupil, Rung("second", {"/tags/0": "a", "/tags/1": "b", "/name": "Kettle"}))
    values = {leaf: (finding.value, finding.evidence.rung) for leaf, finding in came.findings.items()}
    assert values == {"/tags/0": ("c", "pupil"), "/name": ("Kettle", "second")}
    assert came.warnings == ("/tags: is odd",)


def test_a_correction_of_what_was_not_taught_counts_for_nothing() -> None:
    pupil = Pupil(Answered(found({"/name": "Kettle"})), Answered(found({"/name": "Pot"})))
    came = climbed(pupil, Rung("second", {"/price": "7"}))
    assert came.findings["/name"].value == "Kettle"


def test_nothing_is_taught_when_a_rung_fails() -> None:
    pupil = Pupil()
    climbed(pupil, Rung("second", {"/name": "Kettle"}), Down())
    assert pupil.lessons == []


def test_no_later_rung_is_asked_for_what_is_absent() -> None:
    last = Rung("last", {"/price": "7"})
    came = climbed(Pupil(Answered({}, absent=frozenset({"/price"}))), last)
    assert last.asked == ["/name", "/tags"]
    assert came.findings == {}


def test_explain_asks_a_rung_that_learns_once_and_teaches_it_nothing() -> None:
    pupil = Pupil(Answered(found({"/price": "7"}), absent=frozenset({"/tags"})))
    rungs: list[Any] = [Rung("first", {"/name": "Kettle"}), pupil, Teacher(Answered({}))]
    verdicts, came = asyncio.run(explain(PAGE, FLAT, READING, rungs))
    told = {(verdict.rung, verdict.pointer): verdict.outcome for verdict in verdicts}
    assert pupil.asked == [["/price", "/tags"]]
    assert pupil.lessons == []
    assert told["pupil", "/name"] == "not asked: first was first"
    assert told["pupil", "/price"] == "won"
    assert told["pupil", "/tags"] == "won: there is none"
    assert told["teacher", "/tags"] == "not asked: pupil was first"
    assert came.findings.keys() == {"/name", "/price"}


RECORDS = load_schema(
    {
        "type": "object",
        "properties": {
            "rows": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
                },
            }
        },
    }
)


def test_all_that_is_not_believed_of_an_answer_is_named_even_where_the_row_only_counts_it() -> None:
    finding = Finding("x", Evidence("llm", "x", "/html/body/p"))
    kept = range(1, MOST_TOLD + 3)
    grounded = Grounded(
        {f"/rows/{number}/a": finding for number in kept},
        {"/rows/0/a": "gone"} | {f"/rows/{number}/b": "not there" for number in kept},
    )
    answer = settled(grounded, RECORDS)
    assert len(answer.refused) == MOST_TOLD
    assert answer.untold == {"/rows/0/a", f"/rows/{MOST_TOLD}/b", f"/rows/{MOST_TOLD + 1}/b"}
    assert not answer.untold & answer.refused.keys()


def test_a_failure_of_the_learner_itself_ends_the_climb() -> None:
    pupil = Pupil(Answered({}, failure=PageFailure("TIMEOUT").info))
    last = Rung("last", {"/name": "Kettle"})
    assert climbed(pupil, last).failure is not None
    assert (last.asked, pupil.lessons) == ([], [])
