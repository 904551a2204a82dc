"""The clock on the wall: the two odd nights, midnight, holidays; and that no change is missed."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.timetable.hours import Calendar, Holiday, InHolidays, Schedule, Slot
from tests.proxy.timetable.conftest import PARIS, MakeTimetable, at

EVERY_DAY = frozenset(range(7))


def holds(timetable: MakeTimetable, name: str, moment: str, school: str = "A") -> bool:
    rule = f"rules: [{{rule: r, when: {name}, hosts: x.example, treatment: deny}}]"
    made = timetable(rule)
    (schedule,) = made.entries[0].when.during
    return schedule.holds(made.calendar, made.calendar.wall(at(moment)), school)


@pytest.mark.parametrize(
    ("name", "moment", "expected"),
    [
        ("lessons", "2026-11-24 07:59:59", False),
        ("lessons", "2026-11-24 08:00", True),
        ("lessons", "2026-11-24 11:59:59", True),
        ("lessons", "2026-11-24 12:00", False),
        ("lessons", "2026-11-24 13:30", True),  # a Tuesday: a second slot
        ("lessons", "2026-11-25 13:30", False),  # not on Wednesdays
        ("lessons", "2026-11-28 10:00", False),  # a Saturday
        ("lessons", "2026-10-20 10:00", False),  # holidays
        ("lessons", "2026-11-02 08:00", True),  # the day after them
        ("night", "2026-11-24 22:00", True),
        ("night", "2026-11-25 05:59:59", True),
        ("night", "2026-11-25 06:00", False),
        ("odd", "2026-03-29 03:20+02:00", False),  # 02:20 never happens that night
        ("odd", "2026-10-25 02:20+02:00", True),  # it happens twice, and holds twice
        ("odd", "2026-10-25 02:50+02:00", False),
        ("odd", "2026-10-25 02:20+01:00", True),
        ("odd", "2026-10-25 02:50+01:00", False),
        ("night", "2026-10-25 02:30+01:00", True),
        ("free", "2026-10-17 00:00", True),
        ("free", "2026-11-01 23:59:59", True),
        ("free", "2026-11-02 00:00", False),
    ],
)
def test_a_schedule_holds_when_the_wall_clock_shows_it(
    timetable: MakeTimetable, name: str, moment: str, expected: bool
) -> None:
    assert holds(timetable, name, moment) is expected


def test_holidays_may_be_of_some_schools_only(timetable: MakeTimetable) -> None:
    assert holds(timetable, "free", "2026-12-25 12:00", "A")
    assert not holds(timetable, "free", "2026-12-25 12:00", "B")


def test_a_night_belongs_to_the_day_on_which_it_starts() -> None:
    monday_night = Schedule("n", (Slot(frozenset({0}), 22 * 60, 6 * 60),), InHolidays.NO)
    calendar = Calendar(PARIS, (Holiday("h", date(2026, 11, 24), date(2026, 11, 24)),))
    assert monday_night.holds(calendar, calendar.wall(at("2026-11-24 05:00")), "")
    calendar = Calendar(PARIS, (Holiday("h", date(2026, 11, 23), date(2026, 11, 23)),))
    assert not monday_night.holds(calendar, calendar.wall(at("2026-11-24 05:00")), "")


ZONES = ("Europe/Paris", "America/Cayenne", "Indian/Reunion", "Australia/Lord_Howe", "UTC")


@settings(max_examples=60, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    slots=st.lists(
        st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda p: p[0] != p[1]),
        min_size=1,
        max_size=3,
    ),
    near=st.sampled_from(
        ["2026-03-28 20:00", "2026-10-24 20:00", "2026-04-04 12:00", "2026-11-24 10:00"]
    ),
    offset=st.integers(0, 12 * 3600),
)
def test_nothing_changes_before_the_next_look(
    zone: str, slots: list[tuple[int, int]], near: str, offset: int
) -> None:
    """Between a moment and the next look, every second shows the same (sampled each minute)."""
    calendar = Calendar(ZoneInfo(zone))
    schedule = Schedule("s", tuple(Slot(frozenset({5, 6}), *pair) for pair in slots))
    now = at(near) + offset
    for _ in range(4):
        until = calendar.next_look(schedule.minutes, now)
        assert now < until <= now + 86_400 + 3_600
        state = schedule.holds(calendar, calendar.wall(now), "")
        step = now
        while step < until:
            assert schedule.holds(calendar, calendar.wall(step), "") is state
            step = min(step + 37, until - 0.01) if step < until - 0.01 else until
        now = until
