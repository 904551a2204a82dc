"""A timetable from text, as a site would write it."""

from __future__ import annotations

from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest

from proxy.timetable import Timetable
from proxy.timetable.moments import instant
from proxy.timetable.reading import read_timetable

PARIS = ZoneInfo("Europe/Paris")

CALENDAR = """\
schedules:
  lessons:
    in_holidays: no
    slots:
      - {days: mon-fri, from: 08:00, to: 12:00}
      - {days: [lun, mar], from: 13:30, to: 17:00}
  night: {slots: [{from: 22:00, to: 06:00}]}
  odd: {slots: [{from: 02:15, to: 02:45}]}
  free: {in_holidays: only, slots: [{from: 00:00, to: 24:00}]}
holidays:
  - {name: Toussaint, from: 2026-10-17, to: 2026-11-01}
  - {name: Noël, from: 2026-12-19, to: 2027-01-03, schools: [A]}
"""


def at(text: str) -> float:
    """A moment in Paris."""
    return instant(text, PARIS)


type MakeTimetable = Callable[..., Timetable]


@pytest.fixture
def timetable() -> MakeTimetable:
    """A timetable of rules and exceptions in YAML; fails on a problem."""

    def make(rules: str = "", exceptions: str = "", calendar: str = CALENDAR) -> Timetable:
        sources = {"calendar.yaml": calendar, "rules.yaml": rules, "exceptions.yaml": exceptions}
        read = read_timetable({name: text.encode() for name, text in sources.items()}, {})
        assert not read.problems
        return read.timetable

    return make
