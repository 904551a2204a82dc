"""Warnings for ``preau check``: what is valid, but over, or never decides, or names nobody."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence

from proxy.blocking.variants import MAX_VARIANTS
from proxy.policy.problems import Problem
from proxy.site import Client
from proxy.timetable.entries import EVERY_LIST, Entry, Person
from proxy.timetable.hours import InHolidays
from proxy.timetable.moments import shown
from proxy.timetable.plan import Timetable

_FORTNIGHT = 14 * 86_400.0


def advise(
    timetable: Timetable, clients: Iterable[Client], lists: Collection[str], now: float
) -> Iterator[Problem]:
    """Every warning, at the line of its rule or exception."""
    people = [Person(one.school, one.group, one.classes) for one in clients]
    for number, entry in enumerate(timetable.entries):
        for message in (
            *_over(timetable, entry, now),
            *_nobody(entry, people),
            *_no_list(entry, lists),
            *_no_holidays(timetable, entry),
            *_shadowed(entry, timetable.entries[:number]),
        ):
            yield Problem(entry.ref.file, entry.ref.line, 1, f"{entry.name}: {message}")
    if len(timetable.switches(people, now, _FORTNIGHT)) > MAX_VARIANTS:
        yield Problem(
            "rules.yaml",
            1,
            1,
            f"rules switch lists off in more than {MAX_VARIANTS} combinations within a fortnight: "
            "beyond that all lists stay on, let fewer rules differ",
        )


def _over(timetable: Timetable, entry: Entry, now: float) -> Iterator[str]:
    terms = entry.terms
    if terms is None:
        return
    if now >= terms.revoked:
        yield "it was revoked, remove it when nobody needs to know of it any more"
    elif now >= terms.ends:
        at = shown(terms.ends, timetable.calendar.zone)
        yield f"it ended at {at} and has no effect, remove it or give it a new end"


def _nobody(entry: Entry, people: Sequence[Person]) -> Iterator[str]:
    for kind, wanted, known in (
        ("school", entry.who.schools, {person.school for person in people}),
        ("class", entry.who.classes, {name for person in people for name in person.classes}),
    ):
        for name in sorted(wanted - known):
            yield f"no network is of the {kind} {name}"


def _no_list(entry: Entry, lists: Collection[str]) -> Iterator[str]:
    for name in entry.what.lists:
        if name != EVERY_LIST and name not in lists:
            yield f"there is no block list {name} (`preau lists status` names them)"


def _no_holidays(timetable: Timetable, entry: Entry) -> Iterator[str]:
    if timetable.calendar.holidays:
        return
    for schedule in entry.when.during:
        if schedule.in_holidays is InHolidays.ONLY:
            yield f"it never holds: {schedule.name} is for holidays, calendar.yaml has none"


def _shadowed(entry: Entry, before: Sequence[Entry]) -> Iterator[str]:
    """An earlier one that always holds, for at least the same people, about all the same."""
    if entry.terms is not None:
        return
    for one in before:
        always = one.terms is None and not one.when.during and not one.when.unless
        same_question = (one.treatment is None) == (entry.treatment is None)
        if always and same_question and _wider(one, entry):
            yield f"it never decides: {one.name} ({one.ref}) always comes first"
            return


def _wider(one: Entry, other: Entry) -> bool:
    who = all(
        not wide or (bool(narrow) and narrow <= wide)
        for wide, narrow in (
            (one.who.schools, other.who.schools),
            (one.who.groups, other.who.groups),
            (one.who.classes, other.who.classes),
        )
    )
    what = all(
        set(getattr(other.what, name)) <= set(getattr(one.what, name))
        for name in ("services", "hosts", "lists", "categories")
    )
    return who and what
