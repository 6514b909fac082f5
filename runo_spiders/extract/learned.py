"""The rung `learned`: what the model told of earlier pages of a site, read without asking it again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from scrapy.exceptions import NotConfigured

from runo_spiders.config import Config
from runo_spiders.extract.protocol import Answered, Lesson, Question
from runo_spiders.extract.taken import within
from runo_spiders.extract.vocabulary import names_of
from runo_spiders.items import Evidence, Finding, Found, Page
from runo_spiders.learn.audits import is_audit
from runo_spiders.learn.judge import Guess
from runo_spiders.learn.memory import Course, Memory, topic_of
from runo_spiders.learn.page_index import PageIndex, Piece
from runo_spiders.learn.values import Subject, Told
from runo_spiders.learn.witness import second_opinion
from runo_spiders.schema.model import Slot

if TYPE_CHECKING:
    from scrapy.crawler import Crawler

_OVERRULING = 4
"""Labels in a row that have to agree with what was learned before it counts for more than the teacher."""


class LearnedExtractor:
    """Answers what is sure, leaves open what is not, and learns from the rungs after it.

    A sure value is left open now and then all the same, so that a site that changes is noticed.
    """

    name = "learned"

    def __init__(self, memory: Memory | None = None, salt: str = "") -> None:
        self._memory = memory or Memory()
        self._salt = salt or secrets.token_hex(8)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The rung of a crawl; it is off where no model is there to learn from."""
        if Config.from_settings(crawler.settings).model is None:
            raise NotConfigured
        return cls()

    async def extract(self, page: Page, question: Question) -> Answered:
        found: dict[str, Found] = {}
        absent: set[str] = set()
        for slot, guess in self.guesses(page, question):
            lessons = self._course(page, slot).lessons
            if not guess.trusted or is_audit(self._salt, page.url, slot.pointer, lessons.wrapper.track.sure):
                continue
            lessons.spare()
            if guess.sight is None:
                absent.add(slot.pointer)
            found |= self._found(slot, guess, page)
        return Answered(found, absent=frozenset(absent))

    def guesses(self, page: Page, question: Question) -> Iterator[tuple[Slot, Guess]]:
        """What was learned of each open slot says of the page, sure or not."""
        index = PageIndex(page.document)
        for slot in question.open:
            subject = Subject(slot.field, question.reading)
            yield slot, self._course(page, slot).lessons.guess(index, subject)

    def learn(self, page: Page, question: Question, lesson: Lesson) -> Answered:
        """Learns the values of the slots that were left open; what is surer than the teacher is kept."""
        index = PageIndex(page.document)
        found: dict[str, Found] = {}
        warnings: list[str] = []
        for slot in lesson.taught:
            course = self._course(page, slot)
            subject = Subject(slot.field, question.reading)
            told = _told(slot, lesson.told)
            guess = course.lessons.guess(index, subject)
            if told.raws and _overrules(course, guess, subject, told):
                found |= self._found(slot, guess, page)
            course.lessons.learn(index, subject, told)
            warnings += _odd(slot, course, subject, told, index)
        index.slim()
        self._memory.tidy()
        return Answered(found, warnings=tuple(warnings))

    def _course(self, page: Page, slot: Slot) -> Course:
        site = urlsplit(page.final_url).hostname or ""
        return self._memory.course(site, topic_of(slot.pointer, slot.field))

    def _found(self, slot: Slot, guess: Guess, page: Page) -> dict[str, Found]:
        leaves = guess.sight.leaves if guess.sight else ()
        confidence = round(guess.confidence, 3)
        return {
            slot.pointer + leaf.pointer: Found(
                leaf.raw, self._evidence(leaf.raw, leaf.piece, page, confidence)
            )
            for leaf in leaves
        }

    def _evidence(self, raw: str, piece: Piece, page: Page, confidence: float) -> Evidence:
        xpath = piece.place.xpath(page.document)
        return Evidence(self.name, raw, xpath, piece.pointer, confidence=confidence)


def _told(slot: Slot, told: Mapping[str, Finding]) -> Told:
    """What the teacher told of a slot, as it stands on the page where that is known."""
    inside = {pointer: finding for pointer, finding in told.items() if within(pointer, slot)}
    return Told({pointer[len(slot.pointer) :]: _raw(finding) for pointer, finding in inside.items()})


def _raw(finding: Finding) -> str:
    return finding.value if isinstance(finding.value, str) else str(finding.value)


def _overrules(course: Course, guess: Guess, subject: Subject, told: Told) -> bool:
    steady = course.lessons.wrapper.track.steady
    return (
        guess.trusted
        and guess.sight is not None
        and steady >= _OVERRULING
        and guess.key != subject.key(told.raws)
    )


def _odd(slot: Slot, course: Course, subject: Subject, told: Told, index: PageIndex) -> Iterator[str]:
    """A warning if the pages of the site call something else by the field's name, again and again."""
    reader = subject.reader("")
    key = subject.key(told.raws)
    if reader is None or key is None:
        return
    opinion = second_opinion(key, names_of(slot.field), reader, index)
    if opinion is None:
        return
    course.opinion = course.opinion.heard(told.text, None if opinion is True else str(opinion))
    if course.opinion.warning:
        yield f"{slot.pointer}: {course.opinion.warning}"
