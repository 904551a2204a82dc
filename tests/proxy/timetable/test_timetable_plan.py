"""What holds for whom: precedence, windows, clocks that jump, the second of an end."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.policy.model import Treatment
from proxy.timetable import NOTHING, Person, Timetable
from proxy.timetable.plan import Switches
from proxy.timetable.reading import read_timetable
from tests.proxy.timetable.conftest import CALENDAR, MakeTimetable, at

PUPIL = Person("A", "pupils", ("3A",))
STAFF = Person("A", "staff")

RULES = """\
rules:
  - {rule: lessons-only, who: {groups: pupils}, unless: lessons, hosts: "*.play.example",
     treatment: deny}
  - {rule: play, hosts: [play.example, "*.play.example"], treatment: tunnel}
  - {rule: staff-social, who: {groups: staff}, categories: social, blocking: off}
  - {rule: pupils-adult, who: {groups: pupils}, lists: adult, blocking: on}
  - {rule: no-adult, lists: [adult, other], blocking: off}
"""

EXCEPTION = """\
exceptions:
  - id: one-hour
    hosts: w.example
    blocking: off
    who: {classes: 3A}
    owner: Somebody
    reason: to test
    from: 2026-11-24 10:00
    until: 2026-11-24 10:30:05
"""


def test_the_first_rule_that_speaks_of_a_thing_decides_it(timetable: MakeTimetable) -> None:
    made = timetable(RULES)
    lesson, evening = at("2026-11-24 10:00"), at("2026-11-24 19:00")

    def treatment(person: Person, now: float) -> Treatment | None:
        found = made.sheet(person, now).treatment("a.play.example", "")
        return found.treatment if found else None

    assert treatment(PUPIL, lesson) is Treatment.TUNNEL
    assert treatment(PUPIL, evening) is Treatment.DENY
    assert treatment(STAFF, evening) is Treatment.TUNNEL
    assert made.sheet(STAFF, evening).treatment("play.example.org", "") is None


def test_lists_and_categories_are_off_for_some_and_on_for_others(timetable: MakeTimetable) -> None:
    made = timetable(RULES)
    now = at("2026-11-24 10:00")
    pupils, staff = made.sheet(PUPIL, now).switches, made.sheet(STAFF, now).switches
    assert (pupils.is_off("adult"), pupils.is_off("other")) == (False, True)
    assert (staff.is_off("adult"), staff.categories) == (True, {"social"})


def test_every_list_can_be_off_but_some(timetable: MakeTimetable) -> None:
    made = timetable(
        "rules: [{rule: a, lists: kept, blocking: on}, {rule: b, lists: '*', blocking: off}]"
    )
    off = made.sheet(PUPIL, 0.0).switches
    assert off == Switches(every=True, kept=frozenset({"kept"}))
    assert (off.is_off("kept"), off.is_off("any")) == (False, True)


def test_an_exception_ends_in_its_very_second(timetable: MakeTimetable) -> None:
    made = timetable(exceptions=EXCEPTION)
    starts, ends = at("2026-11-24 10:00"), at("2026-11-24 10:30:05")
    for now, spared in (
        (starts - 0.001, False),
        (starts, True),
        (ends - 0.001, True),
        (ends, False),
        (ends + 1e6, False),
    ):
        assert (made.sheet(PUPIL, now).sparing("w.example") is not None) is spared
    assert made.sheet(STAFF, starts).sparing("w.example") is None


def test_exceptions_come_before_rules_and_revoked_ones_do_not_hold(
    timetable: MakeTimetable,
) -> None:
    rules = "rules: [{rule: never, hosts: w.example, blocking: on}]"
    now = at("2026-11-24 10:10")
    assert timetable(rules, EXCEPTION).sheet(PUPIL, now).sparing("w.example")
    revoked = EXCEPTION + "    revoked: 2026-11-24 10:05\n"
    assert timetable(rules, revoked).sheet(PUPIL, now).sparing("w.example") is None


def test_a_site_without_rules_asks_nothing(timetable: MakeTimetable) -> None:
    assert timetable().sheet(PUPIL, 0.0) is NOTHING


def _made() -> Timetable:
    sources = {"calendar.yaml": CALENDAR, "rules.yaml": RULES, "exceptions.yaml": EXCEPTION}
    return read_timetable({name: text.encode() for name, text in sources.items()}, {}).timetable


@settings(max_examples=40, deadline=None)
@given(
    jumps=st.lists(st.integers(-200_000, 200_000) | st.integers(-5, 5), min_size=1, max_size=12),
    pupil=st.booleans(),
)
def test_a_clock_that_jumps_never_leaves_an_old_sheet(jumps: list[int], pupil: bool) -> None:
    """Whatever was asked before, the answer is that of a timetable that was asked nothing."""
    kept, person = _made(), PUPIL if pupil else STAFF
    now = at("2026-10-24 23:00")
    for jump in jumps:
        now += jump
        sheet, fresh = kept.sheet(person, now), _made().make(person, now)
        assert [e.name for e in sheet.entries] == [e.name for e in fresh.entries]
        assert sheet.switches == fresh.switches


def test_the_sets_of_lists_that_will_be_off_are_known_beforehand(timetable: MakeTimetable) -> None:
    rule = "rules: [{rule: a, who: {groups: pupils}, when: lessons, lists: x, blocking: off}]"
    made = timetable(rule)
    saturday, day = at("2026-11-28 10:00"), 86_400.0
    assert made.switches([PUPIL, STAFF], saturday, day) == set()
    assert made.switches([PUPIL, STAFF], saturday, 2 * day) == {Switches(frozenset({"x"}))}
    assert made.switches([STAFF], saturday, 2 * day) == set()
