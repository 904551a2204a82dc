"""Hours as people mean them: what the clock on the wall shows, in the site's time zone.

A slot holds whenever the wall clock shows a time inside it. That says what happens on the two
odd nights of the year: an hour that happens twice holds twice, an hour that never happens does
not hold. A slot that ends before it starts runs past midnight and belongs to the day on which
it starts, holidays included.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

DAY_MINUTES = 24 * 60
_DAY = timedelta(days=1)
_HOUR = 3600.0


class InHolidays(StrEnum):
    """Whether a schedule holds on days of school holidays."""

    YES = "yes"
    NO = "no"
    ONLY = "only"


@dataclass(frozen=True, slots=True)
class Slot:
    """Some days of the week, from a minute of the day to another (not included)."""

    days: frozenset[int]
    """0 is Monday."""
    start: int
    end: int
    """Up to 1440 (midnight). Less than ``start``: on the day after."""


@dataclass(frozen=True, slots=True)
class Holiday:
    """Days without school, the last one included; of some schools, or of all."""

    name: str
    first: date
    last: date
    schools: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Calendar:
    """The site's time zone and its school holidays."""

    zone: ZoneInfo
    holidays: tuple[Holiday, ...] = ()

    def wall(self, now: float) -> datetime:
        """What the clock on the wall shows, without its zone."""
        return datetime.fromtimestamp(now, self.zone).replace(tzinfo=None)

    def holiday(self, day: date, school: str) -> Holiday | None:
        """The holidays of a school on that day, if any."""
        for one in self.holidays:
            if one.first <= day <= one.last and (not one.schools or school in one.schools):
                return one
        return None

    def next_look(self, minutes: Collection[int], now: float) -> float:
        """An instant after ``now`` before which no schedule with these minutes can change.

        It is the first at which the wall clock may show one of the minutes or midnight, or at
        which the zone's offset changes; looking too early costs nothing but a look.
        """
        today = self.wall(now).date()
        found = [at for at in self._instants(today, {0, *minutes}) if at > now]
        jump = self._offset_change(now)
        return min(found if jump is None else [*found, jump])

    def _instants(self, today: date, minutes: Collection[int]) -> Iterator[float]:
        for days in (-1, 0, 1, 2):
            midnight = datetime.combine(today + days * _DAY, time())
            for minute in minutes:
                shown = midnight + timedelta(minutes=minute)
                for fold in (0, 1):
                    yield shown.replace(tzinfo=self.zone, fold=fold).timestamp()

    def _offset_change(self, now: float) -> float | None:
        """The instant within a day or so at which clocks are put forward or back."""
        before = self._offset(now)
        for hours in range(1, 27):
            late = now + hours * _HOUR
            if self._offset(late) != before:
                return self._bisect(late - _HOUR, late, before)
        return None

    def _bisect(self, early: float, late: float, before: timedelta | None) -> float:
        while late - early > 0.5:
            middle = (early + late) / 2
            early, late = (middle, late) if self._offset(middle) == before else (early, middle)
        return float(round(late))

    def _offset(self, at: float) -> timedelta | None:
        return datetime.fromtimestamp(at, self.zone).utcoffset()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Named hours of the week."""

    name: str
    slots: tuple[Slot, ...]
    in_holidays: InHolidays = InHolidays.YES
    minutes: frozenset[int] = field(init=False)
    """The minutes of the day at which it may begin or end."""

    def __post_init__(self) -> None:
        found = {minute for slot in self.slots for minute in (slot.start, slot.end % DAY_MINUTES)}
        object.__setattr__(self, "minutes", frozenset(found))

    def holds(self, calendar: Calendar, wall: datetime, school: str) -> bool:
        """Whether the wall clock shows a time of this schedule, for that school."""
        minute = wall.hour * 60 + wall.minute
        today = wall.date()
        for slot in self.slots:
            if slot.start < slot.end:
                day = today if slot.start <= minute < slot.end else None
            elif minute >= slot.start:
                day = today
            else:
                day = today - _DAY if minute < slot.end else None
            if day is not None and self._on(slot, calendar, day, school):
                return True
        return False

    def _on(self, slot: Slot, calendar: Calendar, day: date, school: str) -> bool:
        if day.weekday() not in slot.days:
            return False
        if self.in_holidays is InHolidays.YES:
            return True
        free = calendar.holiday(day, school) is not None
        return free is (self.in_holidays is InHolidays.ONLY)
