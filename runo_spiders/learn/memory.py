"""All that was learned, by site and field, and how much of it is kept."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import NamedTuple

from runo_spiders.learn.lessons import Lessons
from runo_spiders.learn.witness import Opinion
from runo_spiders.schema.model import Field

MOST_SITES = 1_000
"""Sites beyond these are forgotten, those first that were not met for the longest time."""

MOST_PAGED = 8
"""So many sites keep the pages that they were learned from: at most 16 for each field, a page takes a
megabyte or two."""


class Topic(NamedTuple):
    """A field as lessons are filed: a schema with more fields forgets nothing of the others."""

    pointer: str
    type: str
    format: str
    hint: str


def topic_of(pointer: str, asked: Field) -> Topic:
    return Topic(pointer, asked.type, asked.format or "", asked.hint)


@dataclass(slots=True)
class Course:
    """The lessons of one field on one site, and what its pages say of the teacher."""

    lessons: Lessons = field(default_factory=Lessons)
    opinion: Opinion = field(default_factory=Opinion)


class Memory:
    """The courses of one crawl. Nothing of it is written down, and no other crawl sees it."""

    def __init__(self) -> None:
        self._sites: OrderedDict[str, dict[Topic, Course]] = OrderedDict()

    def course(self, site: str, topic: Topic) -> Course:
        """The course of a field on a site; a new one where nothing was learned."""
        if site not in self._sites and len(self._sites) >= MOST_SITES:
            self._sites.popitem(last=False)
        courses = self._sites.setdefault(site, {})
        self._sites.move_to_end(site)
        return courses.setdefault(topic, Course())

    def tidy(self) -> None:
        """Lets go of the pages of sites that were not met lately; what was learned of them stays."""
        paged = [
            courses
            for courses in self._sites.values()
            if any(each.lessons.pages for each in courses.values())
        ]
        for courses in paged[:-MOST_PAGED]:
            for course in courses.values():
                course.lessons.drop_pages()
