"""Mistakes in the three files are told by line, with what to do."""

from __future__ import annotations

import pytest

from proxy.timetable.reading import read_timetable
from tests.proxy.timetable.conftest import CALENDAR

END = "owner: o, reason: r, from: 2026-11-24 10:00, until: 2026-11-24 11:00"


@pytest.mark.parametrize(
    ("file", "text", "line", "why"),
    [
        ("calendar.yaml", "timezone: Europe/Pariss", 1, "time zone"),
        ("calendar.yaml", "schedules:\n  a: {slots: [{from: 8, to: 9:00}]}", 2, "08:30"),
        ("calendar.yaml", "schedules:\n  a: {slots: [{from: 08:00, to: 24:01}]}", 2, "24:00"),
        ("calendar.yaml", "schedules:\n  a: {slots: [{from: 08:00, to: 08:00}]}", 2, "no time"),
        ("calendar.yaml", "schedules:\n  a: {slots: [{days: x, from: 1:00, to: 2:00}]}", 2, "mon"),
        ("calendar.yaml", "holidays:\n - {name: n, from: 2026-02-02, to: 2026-02-01}", 2, "before"),
        (
            "rules.yaml",
            "rules:\n - {rule: a, when: lesson, hosts: h.e, treatment: deny}",
            2,
            "lessons",
        ),
        ("rules.yaml", "rules:\n - {rule: a, services: s, treatment: deny}", 2, "no service 's'"),
        ("rules.yaml", "rules:\n - {rule: a, hosts: h.e, treatment: inspect}", 2, "services/"),
        ("rules.yaml", "rules:\n - {rule: a, hosts: h.e}", 2, "exactly one of 'treatment'"),
        (
            "rules.yaml",
            "rules:\n - {rule: a, hosts: h.e, lists: l, blocking: off}",
            2,
            "exactly one",
        ),
        ("rules.yaml", "rules:\n - {rule: a, lists: l, treatment: deny}", 2, "'blocking'"),
        ("rules.yaml", "rules:\n - {rule: a, hosts: h.e, blocking: off, whom: x}", 2, "who"),
        (
            "rules.yaml",
            "rules:\n - {rule: a, hosts: h.e, blocking: off}\n"
            " - {rule: a, hosts: i.e, blocking: on}",
            3,
            "rules.yaml:2",
        ),
        (
            "exceptions.yaml",
            f"exceptions:\n - {{id: a, hosts: h.e, blocking: off, {END[10:]}}}",
            2,
            "owner",
        ),
        (
            "exceptions.yaml",
            "exceptions:\n - {id: a, hosts: h.e, blocking: off, owner: o, reason: r,"
            " from: 2026-11-24 10:00}",
            2,
            "until",
        ),
        (
            "exceptions.yaml",
            "exceptions:\n - {id: a, hosts: h.e, blocking: off, owner: o, reason: r,"
            " from: 2026-11-24 10:00, until: 2028-11-24 10:00}",
            2,
            "year",
        ),
        (
            "exceptions.yaml",
            "exceptions:\n - {id: a, hosts: h.e, blocking: off, owner: o, reason: r,"
            " from: 2026-11-24 10:00, until: 2026-11-24 10:00}",
            2,
            "not after",
        ),
        (
            "exceptions.yaml",
            "exceptions:\n - {id: a, hosts: h.e, blocking: off, owner: o, reason: r,"
            " from: 2026-03-29 02:30, until: 2026-03-30 10:00}",
            2,
            "never happens",
        ),
    ],
)
def test_a_mistake_is_told_by_line(file: str, text: str, line: int, why: str) -> None:
    sources = {"calendar.yaml": CALENDAR, file: text}
    problems = read_timetable(
        {name: value.encode() for name, value in sources.items()}, {}
    ).problems
    assert problems
    assert any(why in problem.message for problem in problems), problems
    assert {(problem.file, problem.line) for problem in problems} == {(file, line)}


def test_an_hour_that_happens_twice_may_say_which() -> None:
    text = (
        "exceptions:\n - {id: a, hosts: h.e, blocking: off, owner: o, reason: r, "
        "from: 2026-10-25 02:30+02:00, until: 2026-10-25 02:30+01:00}"
    )
    read = read_timetable({"exceptions.yaml": text.encode()}, {})
    assert not read.problems
    terms = read.timetable.exceptions[0].terms
    assert terms is not None
    assert terms.ends - terms.starts == 3600


@pytest.mark.parametrize("file", ["rules.yaml", "exceptions.yaml"])
@pytest.mark.parametrize("off", ["off", "'off'", '"off"'])
def test_off_is_a_word_and_never_false(file: str, off: str) -> None:
    """In YAML 1.1 a bare ``off`` is false: here it is what it says, quoted or not."""
    head = "rule: a" if file == "rules.yaml" else f"id: a, {END}"
    text = f"{file[:-5]}:\n - {{{head}, hosts: h.e, blocking: {off}}}\n"
    read = read_timetable({file: text.encode()}, {})
    assert not read.problems
    assert [entry.blocking for entry in read.timetable.entries] == [False]


@pytest.mark.parametrize("word", ["false", "no", "Off", "~"])
def test_what_other_yaml_would_take_for_off_is_a_mistake_here(word: str) -> None:
    text = f"rules:\n - {{rule: a, hosts: h.e, blocking: {word}}}\n"
    assert read_timetable({"rules.yaml": text.encode()}, {}).problems
