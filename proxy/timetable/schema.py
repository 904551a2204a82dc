"""What may stand in ``calendar.yaml``, ``rules.yaml`` and ``exceptions.yaml``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from proxy.blocking.lists import Category
from proxy.policy.model import Treatment
from proxy.policy.service_schema import Host
from proxy.policy.site_schema import Group, Line
from proxy.policy.validation import Strict
from proxy.timetable.hours import DAY_MINUTES, InHolidays
from proxy.timetable.moments import parse_moment

_WORD = r"^[a-z0-9]+(?:-[a-z0-9]+)*$"
_TIME = re.compile(r"(\d{1,2})[:h](\d{2})")
_DAYS: Mapping[str, int] = {
    name: number
    for number, names in enumerate(
        (
            ("mon", "lun"),
            ("tue", "mar"),
            ("wed", "mer"),
            ("thu", "jeu"),
            ("fri", "ven"),
            ("sat", "sam"),
            ("sun", "dim"),
        )
    )
    for name in names
}


class Switch(StrEnum):
    """Whether lists block."""

    ON = "on"
    OFF = "off"


def parse_days(value: Any) -> frozenset[int]:
    """``mon-fri``, ``[mon, wed]`` or ``lun-ven``: days of the week, 0 is Monday."""
    if isinstance(value, frozenset):
        return value
    words = value if isinstance(value, list) else [value]
    found: set[int] = set()
    for word in words:
        first, dash, last = str(word).strip().lower().partition("-")
        if first not in _DAYS or (dash and last not in _DAYS):
            raise ValueError("expected days such as mon-fri or [mon, wed] (lun, mar … work too)")
        start, end = _DAYS[first], _DAYS[last or first]
        found.update(day % 7 for day in range(start, end + 1 if end >= start else end + 8))
    return frozenset(found)


def parse_time(value: Any) -> int:
    """``8:30`` as minutes of the day; ``24:00`` is the end of it."""
    if isinstance(value, int):
        return value
    match = _TIME.fullmatch(str(value).strip())
    minutes = int(match[1]) * 60 + int(match[2]) if match and int(match[2]) < 60 else -1
    if not 0 <= minutes <= DAY_MINUTES:
        raise ValueError("expected a time such as 08:30, up to 24:00")
    return minutes


def _moment(text: str) -> str:
    parse_moment(text)
    return text


def _one_or_more(value: Any) -> Any:
    """One word is short for a list of it."""
    return [value] if isinstance(value, str) else value


def _many(inner: Any) -> Any:
    return Annotated[tuple[inner, ...], BeforeValidator(_one_or_more)]


Days = Annotated[
    frozenset[int], BeforeValidator(parse_days, json_schema_input_type=str | list[str])
]
Time = Annotated[int, BeforeValidator(parse_time, json_schema_input_type=str)]
Moment = Annotated[str, AfterValidator(_moment)]
Word = Annotated[str, Field(pattern=_WORD, max_length=64)]
ListName = Annotated[str, Field(pattern=r"^(?:\*|[A-Za-z0-9][A-Za-z0-9._-]{0,63})$")]
Words = Annotated[
    tuple[Line, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]
Hosts = Annotated[
    tuple[Host, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]
Groups = Annotated[
    tuple[Group, ...], BeforeValidator(_one_or_more, json_schema_input_type=Group | list[Group])
]
Lists = Annotated[
    tuple[ListName, ...], BeforeValidator(_one_or_more, json_schema_input_type=str | list[str])
]
Categories = Annotated[
    tuple[Category, ...],
    BeforeValidator(_one_or_more, json_schema_input_type=Category | list[Category]),
]


class SlotFile(Strict):
    """Some hours of some days."""

    days: Days = Field(
        default=frozenset(range(7)), description="mon-fri, [mon, wed], lun-ven; default: every day."
    )
    start: Time = Field(alias="from", description="08:00, on the wall clock.")
    end: Time = Field(alias="to", description="12:00, not included; 24:00 is midnight.")

    @model_validator(mode="after")
    def _takes_time(self) -> Self:
        if self.start == self.end or self.start == DAY_MINUTES:
            raise ValueError("'from' and 'to' leave no time (a whole day is 00:00 to 24:00)")
        return self


class ScheduleFile(Strict):
    """Named hours of the week."""

    slots: Annotated[tuple[SlotFile, ...], Field(min_length=1)] = Field(
        description="- {days: mon-fri, from: 08:00, to: 12:00}; several a day are fine. One that "
        "ends before it starts runs past midnight."
    )
    in_holidays: InHolidays = Field(
        default=InHolidays.YES,
        description="Whether it holds on days of 'holidays': yes, no, or only then.",
    )


class HolidayFile(Strict):
    """Days without school."""

    name: Line = Field(description="What they are called.")
    first: date = Field(alias="from", description="The first day: 2026-10-17.")
    last: date = Field(alias="to", description="The last day, included.")
    schools: Words = Field(default=(), description="Only these schools; not written: all.")

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.last < self.first:
            raise ValueError("'to' is before 'from'")
        return self


class CalendarFile(Strict):
    """The site's hours: time zone, schedules, school holidays."""

    timezone: Line = Field(default="Europe/Paris", description="As in Europe/Paris.")
    schedules: dict[str, ScheduleFile] = Field(
        default_factory=dict, description="Hours by name, for 'when' in rules.yaml."
    )
    holidays: tuple[HolidayFile, ...] = Field(default=(), description="School holidays.")


class WhoFile(Strict):
    """Whom it is for; what is not written is everybody. All that is written must fit."""

    schools: Words = Field(default=(), description="The identifiers that 'networks' uses.")
    groups: Groups = Field(default=(), description="pupils, staff, guest.")
    classes: Words = Field(default=(), description="Classes that 'networks' names.")


class EntryFile(Strict):
    """What rules and exceptions share."""

    who: WhoFile = Field(default_factory=WhoFile, description="Whom it is for.")
    services: Words = Field(default=(), description="Services, by their short names.")
    hosts: Hosts = Field(default=(), description="Hosts: app.example.com or *.example.com.")
    lists: Lists = Field(default=(), description='Block lists by name; "*" is every list.')
    categories: Categories = Field(default=(), description="Categories of rules in block lists.")
    treatment: Treatment | None = Field(
        default=None,
        description="Of services: inspect, tunnel or deny. Of hosts: tunnel or deny.",
    )
    blocking: Switch | None = Field(
        default=None,
        description="off: lists do not block these hosts, or these lists and categories are out "
        "of force. on: as usual, whatever a later rule says.",
    )

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        about = [n for n in ("services", "hosts", "lists", "categories") if getattr(self, n)]
        if len(about) != 1:
            raise ValueError("write exactly one of services, hosts, lists, categories")
        if (self.treatment is None) == (self.blocking is None):
            raise ValueError("write exactly one of 'treatment' and 'blocking'")
        if self.treatment is not None and about[0] in ("lists", "categories"):
            raise ValueError(f"'treatment' is of services and hosts; for {about[0]}: 'blocking'")
        if self.treatment is Treatment.INSPECT and about[0] == "hosts":
            raise ValueError("only a service can be inspected, write it in services/")
        return self


class RuleFile(EntryFile):
    """A rule: who, when, what."""

    rule: Word = Field(description="A short name: no-video-in-class.")
    when: Words = Field(default=(), description="Schedules of calendar.yaml; default: always.")
    unless: Words = Field(default=(), description="Schedules in which it does not hold.")
    why: str = Field(default="", description="For whoever reads this next.")


class RulesFile(Strict):
    """Rules by school, group, class and hour. The first that speaks of a thing decides it."""

    rules: tuple[RuleFile, ...] = Field(default=(), description="In order of precedence.")


class ExceptionFile(EntryFile):
    """An exception: like a rule, with an end, an owner and a reason. It comes before rules."""

    id: Word = Field(description="A short name of its own; events carry it.")
    owner: Line = Field(description="Who answers for it. It stays in this file.")
    reason: Line = Field(description="What for.")
    starts: Moment = Field(alias="from", description="2026-11-24 10:00, on the wall clock.")
    ends: Moment = Field(alias="until", description="The end; from this second on, no effect.")
    revoked: Moment | None = Field(default=None, description="When it was taken back.")


class ExceptionsFile(Strict):
    """Temporary exceptions. `preau exception add` writes here; your remarks stay."""

    exceptions: tuple[ExceptionFile, ...] = Field(default=(), description="Newest last.")
