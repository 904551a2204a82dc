"""One rule or exception, compiled: whom it is for, when, about what, and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from math import inf
from typing import NamedTuple

from proxy.policy.model import RuleRef, Treatment
from proxy.timetable.hours import Calendar, Schedule

EVERY_LIST = "*"


class Person(NamedTuple):
    """As much of a client as rules may ask for."""

    school: str
    group: str
    classes: tuple[str, ...] = ()


class Why(StrEnum):
    """Why an entry does not hold, in the order in which it is asked."""

    REVOKED = "revoked"
    EXPIRED = "expired"
    NOT_YET = "not-yet"
    OTHER_SCHOOL = "other-school"
    OTHER_GROUP = "other-group"
    OTHER_CLASS = "other-class"
    OTHER_TIME = "other-time"


@dataclass(frozen=True, slots=True)
class Who:
    """Schools, groups and classes; an empty set is everybody."""

    schools: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    classes: frozenset[str] = frozenset()

    def misses(self, person: Person) -> Why | None:
        """Why somebody is not meant, or ``None``."""
        if self.schools and person.school not in self.schools:
            return Why.OTHER_SCHOOL
        if self.groups and person.group not in self.groups:
            return Why.OTHER_GROUP
        if self.classes and self.classes.isdisjoint(person.classes):
            return Why.OTHER_CLASS
        return None

    def __str__(self) -> str:
        parts = (self.groups, self.classes, self.schools)
        return ", ".join(" or ".join(sorted(part)) for part in parts if part) or "everybody"


@dataclass(frozen=True, slots=True)
class When:
    """In one of these schedules (none: always), and in none of those."""

    during: tuple[Schedule, ...] = ()
    unless: tuple[Schedule, ...] = ()

    def holds(self, calendar: Calendar, wall: datetime, school: str) -> bool:
        """Whether the wall clock shows such a time."""
        if self.during and not any(one.holds(calendar, wall, school) for one in self.during):
            return False
        return not any(one.holds(calendar, wall, school) for one in self.unless)

    @property
    def minutes(self) -> frozenset[int]:
        """The minutes of the day at which it may change."""
        return frozenset().union(*(one.minutes for one in (*self.during, *self.unless)))

    def __str__(self) -> str:
        text = " or ".join(one.name for one in self.during) or "always"
        less = " or ".join(one.name for one in self.unless)
        return f"{text}, not in {less}" if less else text


@dataclass(frozen=True, slots=True)
class What:
    """What an entry is about: one of these is given."""

    services: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    lists: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    def __str__(self) -> str:
        for name in ("services", "hosts", "lists", "categories"):
            if words := getattr(self, name):
                return f"{name}: {', '.join(words)}"
        return "nothing"


@dataclass(frozen=True, slots=True)
class Terms:
    """What makes an entry an exception: an end, and somebody who answers for it."""

    starts: float
    ends: float
    owner: str
    reason: str
    revoked: float = inf
    """When it was taken back; never: infinity."""

    @property
    def over(self) -> float:
        """The first instant at which it has no effect any more."""
        return min(self.ends, self.revoked)


@dataclass(frozen=True, slots=True)
class Entry:
    """A rule, or an exception when it has terms. ``treatment`` or ``blocking`` is given."""

    name: str
    who: Who
    when: When
    what: What
    ref: RuleRef
    treatment: Treatment | None = None
    blocking: bool | None = None
    """Whether lists block here; ``False`` lets pass what they name."""
    terms: Terms | None = None

    def misses(self, calendar: Calendar, person: Person, now: float) -> Why | None:
        """Why it does not hold for somebody at that moment, or ``None`` when it does."""
        terms = self.terms
        if terms is not None:
            if now >= terms.revoked:
                return Why.REVOKED
            if now >= terms.ends:
                return Why.EXPIRED
            if now < terms.starts:
                return Why.NOT_YET
        why = self.who.misses(person)
        if why is None and not self.when.holds(calendar, calendar.wall(now), person.school):
            return Why.OTHER_TIME
        return why

    @property
    def says(self) -> str:
        """What it says, in the words of the file."""
        if self.treatment is not None:
            return f"{self.what}, treatment: {self.treatment.value}"
        return f"{self.what}, blocking: {'on' if self.blocking else 'off'}"
