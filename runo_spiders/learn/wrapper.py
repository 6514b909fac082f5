"""What was learned of one field on one site: plain data, small, and readable as JSON."""

from __future__ import annotations

from dataclasses import dataclass

from runo_spiders.learn.ways import Way


@dataclass(frozen=True, slots=True)
class Member:
    """A way and how it did on what a teacher told.

    `right`, `wrong`: pages whose value it found, or for which it found another one. `missed`: pages whose
    value it did not find. `alarms`: pages without a value for which it found one. `idle`: pages without a
    value where it found the place to start from and nothing there. `evidence`: the right ones by how much
    each of them proves: a value met before, or a short one, proves little.
    """

    way: Way
    right: int
    wrong: int
    missed: int
    alarms: int
    idle: int
    evidence: float


@dataclass(frozen=True, slots=True)
class Pattern:
    """Which members of a rank find the value (`+`), another one (`-`), none (`.`); how often it was right."""

    signs: str
    right: int
    wrong: int


@dataclass(frozen=True, slots=True)
class Rank:
    """Members that speak for the same pages of a site: those of one variant of its template."""

    members: tuple[Member, ...]
    patterns: tuple[Pattern, ...] = ()


@dataclass(frozen=True, slots=True)
class Track:
    """How guesses did that were made before the teacher was asked.

    `right`, `wrong`: of values; `null_right`, `null_wrong`: of guesses that the page has none, the last
    `null_run` of which were right. `steady`: how
    many labels in a row agreed with what was learned. `sure`: guesses that were given without asking.
    """

    right: int = 0
    wrong: int = 0
    null_right: int = 0
    null_wrong: int = 0
    null_run: int = 0
    steady: int = 0
    sure: int = 0


@dataclass(frozen=True, slots=True)
class Wrapper:
    """The ranks are asked in order: a later one speaks where the earlier ones find nothing.

    `shortest`, `longest`: lengths of the values that were told. `looks`: what all of them had, see
    `looks_of`.
    """

    ranks: tuple[Rank, ...] = ()
    track: Track = Track()
    labels: int = 0
    shortest: int = 0
    longest: int = 0
    looks: frozenset[str] = frozenset()


NOTHING_LEARNED = Wrapper()
