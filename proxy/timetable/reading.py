"""The three files of the timetable, checked and compiled: every mistake with its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import Final
from zoneinfo import ZoneInfo

from proxy.policy.document import Document, Location, parse_document
from proxy.policy.model import RuleRef, Service
from proxy.policy.problems import Problem, did_you_mean
from proxy.policy.validation import validate
from proxy.timetable.entries import Entry, Terms, What, When, Who
from proxy.timetable.hours import Calendar, Holiday, Schedule, Slot
from proxy.timetable.moments import instant
from proxy.timetable.plan import Timetable
from proxy.timetable.schema import (
    CalendarFile,
    EntryFile,
    ExceptionFile,
    ExceptionsFile,
    RuleFile,
    RulesFile,
    Switch,
)

CALENDAR: Final = "calendar.yaml"
RULES: Final = "rules.yaml"
EXCEPTIONS: Final = "exceptions.yaml"
FILES: Final = (CALENDAR, RULES, EXCEPTIONS)

LONGEST: Final = 366 * 86_400
"""Seconds: what should hold for longer than a year is a rule."""


@dataclass(slots=True)
class Read:
    """What the files say; ``timetable`` is whole only when there are no problems."""

    timetable: Timetable
    problems: list[Problem] = field(default_factory=list)


def empty() -> Timetable:
    """The timetable of a site that has none of the files."""
    return Timetable(Calendar(ZoneInfo("UTC")), ())


def read_timetable(sources: Mapping[str, bytes], services: Mapping[str, Service]) -> Read:
    """Check and compile the files of a site that are there."""
    return _Reader(sources, services).read()


class _Reader:
    def __init__(self, sources: Mapping[str, bytes], services: Mapping[str, Service]) -> None:
        self.sources = sources
        self.services = services
        self.problems: list[Problem] = []
        self.schedules: dict[str, Schedule] = {}
        self.names: dict[str, str] = {}
        self.zone = ZoneInfo("UTC")

    def read(self) -> Read:
        calendar = self._calendar()
        entries = [*self._rules(), *self._exceptions()]
        return Read(Timetable(calendar, entries), self.problems)

    def _document(self, file: str) -> Document:
        return parse_document(self.sources.get(file, b""), file)

    def _calendar(self) -> Calendar:
        document = self._document(CALENDAR)
        written = validate(document, CalendarFile)
        self.problems += document.problems
        if written is None:
            return Calendar(self.zone)
        try:
            self.zone = ZoneInfo(written.timezone)
        except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
            message = (
                "this time zone is not known here; expected a name such as Europe/Paris (if it "
                "is one, install the system's tzdata)"
            )
            self.problems.append(document.problem(("timezone",), message))
        for name, schedule in written.schedules.items():
            slots = tuple(Slot(slot.days, slot.start, slot.end) for slot in schedule.slots)
            self.schedules[name] = Schedule(name, slots, schedule.in_holidays)
        return Calendar(
            self.zone,
            tuple(
                Holiday(one.name, one.first, one.last, frozenset(one.schools))
                for one in written.holidays
            ),
        )

    def _rules(self) -> list[Entry]:
        document = self._document(RULES)
        written = validate(document, RulesFile)
        self.problems += document.problems
        found = []
        for index, rule in enumerate(written.rules if written else ()):
            place: Location = ("rules", index)
            self._check_name(document, (*place, "rule"), rule.rule)
            found.append(self._rule(document, place, rule))
        return found

    def _exceptions(self) -> list[Entry]:
        document = self._document(EXCEPTIONS)
        written = validate(document, ExceptionsFile)
        self.problems += document.problems
        found = []
        for index, one in enumerate(written.exceptions if written else ()):
            place: Location = ("exceptions", index)
            self._check_name(document, (*place, "id"), one.id)
            terms = self._terms(document, place, one)
            found.append(self._entry(document, place, one, one.id, When(), terms))
        return found

    def _check_name(self, document: Document, place: Location, name: str) -> None:
        if name in self.names:
            message = f"the name {name!r} is taken ({self.names[name]}), choose another one"
            self.problems.append(document.problem(place, message))
        self.names.setdefault(name, f"{document.file}:{document.mark(place).line}")

    def _rule(self, document: Document, place: Location, rule: RuleFile) -> Entry:
        when = When(
            self._named(document, (*place, "when"), rule.when),
            self._named(document, (*place, "unless"), rule.unless),
        )
        return self._entry(document, place, rule, rule.rule, when, None)

    def _named(
        self, document: Document, place: Location, names: Sequence[str]
    ) -> tuple[Schedule, ...]:
        for index, name in enumerate(names):
            if name not in self.schedules:
                known = did_you_mean(name, self.schedules) if self.schedules else "there is none"
                message = f"calendar.yaml has no schedule {name!r}, {known}"
                self.problems.append(document.problem((*place, index), message))
        return tuple(self.schedules[name] for name in names if name in self.schedules)

    def _terms(self, document: Document, place: Location, one: ExceptionFile) -> Terms:
        starts = self._instant(document, (*place, "from"), one.starts)
        ends = self._instant(document, (*place, "until"), one.ends)
        revoked = self._instant(document, (*place, "revoked"), one.revoked) if one.revoked else inf
        if ends <= starts:
            self.problems.append(document.problem((*place, "until"), "'until' is not after 'from'"))
        elif ends - starts > LONGEST:
            message = "more than a year: an exception ends, write a rule instead (rules.yaml)"
            self.problems.append(document.problem((*place, "until"), message))
        return Terms(starts, ends, one.owner, one.reason, revoked)

    def _instant(self, document: Document, place: Location, text: str) -> float:
        try:
            return instant(text, self.zone)
        except (ValueError, OverflowError) as error:
            self.problems.append(document.problem(place, str(error)))
            return 0.0

    def _entry(
        self,
        document: Document,
        place: Location,
        written: EntryFile,
        name: str,
        when: When,
        terms: Terms | None,
    ) -> Entry:
        for index, service in enumerate(written.services):
            if service not in self.services:
                message = f"there is no service {service!r}, {_known(service, self.services)}"
                self.problems.append(document.problem((*place, "services", index), message))
        who = written.who
        blocking = None if written.blocking is None else written.blocking is Switch.ON
        return Entry(
            name=name,
            who=Who(
                frozenset(who.schools), frozenset(map(str, who.groups)), frozenset(who.classes)
            ),
            when=when,
            what=self._what(written, blocking),
            ref=RuleRef(document.file, document.mark(place).line, name),
            treatment=written.treatment,
            blocking=blocking,
            terms=terms,
        )

    def _what(self, written: EntryFile, blocking: bool | None) -> What:
        if blocking is not None and written.services:  # lists know hosts
            known = [self.services[name] for name in written.services if name in self.services]
            return What(hosts=tuple(host for service in known for host in service.hosts))
        return What(
            written.services, written.hosts, written.lists, tuple(map(str, written.categories))
        )


def _known(name: str, services: Mapping[str, Service]) -> str:
    return did_you_mean(name, services) if services else "services/ is empty"
