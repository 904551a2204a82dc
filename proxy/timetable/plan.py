"""From rules to what holds now: one sheet a client, made again only when something changes.

A sheet is good for a window of time: from the moment it was made until the next instant at
which a schedule may begin or end, an exception starts or runs out. Inside the window a request
costs a dictionary step and two comparisons. A clock that is put back falls before the window,
one that is put forward behind it: either way the sheet is made again, and nothing of the old
time is left.

Exceptions come before rules, and rules in the order in which they are written; the first that
speaks of a thing decides it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf

from proxy.timetable.entries import EVERY_LIST, Entry, Person
from proxy.timetable.hours import Calendar

_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Switches:
    """Which lists and which categories of rules are off."""

    lists: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    every: bool = False
    kept: frozenset[str] = frozenset()
    """With ``every``: the lists that stay on."""

    def is_off(self, name: str) -> bool:
        """Whether a list is off."""
        return name in self.lists or (self.every and name not in self.kept)

    def __bool__(self) -> bool:
        return bool(self.lists or self.categories or self.every)


ALL_ON = Switches()


@dataclass(frozen=True, slots=True)
class Sheet:
    """What holds for a client from ``since`` until ``until``."""

    since: float
    until: float
    entries: tuple[Entry, ...] = ()
    """All that hold, in order."""
    switches: Switches = ALL_ON
    _services: dict[str, int] = field(default_factory=dict)
    _treated: dict[str, int] = field(default_factory=dict)
    _blocking: dict[str, int] = field(default_factory=dict)

    @property
    def treats(self) -> bool:
        """Whether it says anything of treatments."""
        return bool(self._services or self._treated)

    def treatment(self, host: str, service: str) -> Entry | None:
        """The entry that decides the treatment of a normal host, or of its service."""
        first = self._services.get(service, len(self.entries))
        if self._treated:
            first = min(first, _first(self._treated, host, len(self.entries)))
        return self.entries[first] if first < len(self.entries) else None

    def sparing(self, host: str) -> Entry | None:
        """The entry that lets pass whatever lists say of a normal host."""
        if not self._blocking:
            return None
        first = _first(self._blocking, host, len(self.entries))
        if first == len(self.entries):
            return None
        found = self.entries[first]
        return None if found.blocking else found

    def switched_off(self, name: str, category: str) -> Entry | None:
        """The entry that put a rule of this list and category out of force."""
        for entry in self.entries:
            named = name in entry.what.lists or EVERY_LIST in entry.what.lists
            if named and self.switches.is_off(name) and entry.blocking is False:
                return entry
            if category in entry.what.categories and category in self.switches.categories:
                return entry
        return None


NOTHING = Sheet(-inf, inf)
"""The sheet of a site without rules."""


def _first(table: dict[str, int], host: str, none: int) -> int:
    """The first entry that names a host or ``*.`` something above it."""
    found = table.get(host, none)
    dot = host.find(".")
    while dot >= 0:
        found = min(found, table.get("*" + host[dot:], none))
        dot = host.find(".", dot + 1)
    return found


class Timetable:
    """The rules and exceptions of a site, compiled."""

    def __init__(self, calendar: Calendar, entries: Sequence[Entry]) -> None:
        self.calendar = calendar
        ordered = sorted(entries, key=lambda entry: entry.terms is None)
        self.entries: tuple[Entry, ...] = tuple(ordered)
        self._kept: dict[Person, Sheet] = {}

    @property
    def exceptions(self) -> tuple[Entry, ...]:
        """The exceptions, those that are over too."""
        return tuple(entry for entry in self.entries if entry.terms is not None)

    def sheet(self, person: Person, now: float) -> Sheet:
        """What holds for somebody at that moment."""
        if not self.entries:
            return NOTHING
        kept = self._kept.get(person)
        if kept is not None and kept.since <= now < kept.until:
            return kept
        made = self.make(person, now)
        if len(self._kept) >= _KEPT:  # networks are the site's: a bound for what is not
            self._kept.clear()
        self._kept[person] = made
        return made

    def make(self, person: Person, now: float) -> Sheet:
        """A sheet, and how long it is good."""
        mine = [entry for entry in self.entries if entry.who.misses(person) is None]
        held = [entry for entry in mine if entry.misses(self.calendar, person, now) is None]
        return _sheet(now, self._until(mine, now), held)

    def switches(self, people: Iterable[Person], now: float, seconds: float) -> set[Switches]:
        """Which lists will be off for somebody within the time given."""
        if not any(entry.what.lists or entry.what.categories for entry in self.entries):
            return set()
        found = set()
        for person in people:
            at = now
            while at < now + seconds:
                sheet = self.make(person, at)
                found.add(sheet.switches)
                at = sheet.until
        return found - {ALL_ON}

    def _until(self, entries: Sequence[Entry], now: float) -> float:
        ends = [
            at
            for entry in entries
            if entry.terms is not None
            for at in (entry.terms.starts, entry.terms.over)
            if at > now
        ]
        hours = [entry.when for entry in entries if entry.when.during or entry.when.unless]
        if hours:
            minutes = frozenset[int]().union(*(when.minutes for when in hours))
            ends.append(self.calendar.next_look(minutes, now))
        return min(ends, default=inf)


def _sheet(since: float, until: float, entries: Sequence[Entry]) -> Sheet:
    services: dict[str, int] = {}
    treated: dict[str, int] = {}
    blocking: dict[str, int] = {}
    for number, entry in enumerate(entries):
        treats = entry.treatment is not None
        for name in entry.what.services:
            services.setdefault(name, number)
        for pattern in entry.what.hosts:
            (treated if treats else blocking).setdefault(pattern, number)
    return Sheet(since, until, tuple(entries), _switches(entries), services, treated, blocking)


def _switches(entries: Iterable[Entry]) -> Switches:
    lists: dict[str, bool] = {}
    categories: dict[str, bool] = {}
    for entry in entries:
        on = bool(entry.blocking)
        for name in entry.what.lists:
            if EVERY_LIST not in lists:  # what comes behind "every list" is never asked
                lists.setdefault(name, on)
        for name in entry.what.categories:
            categories.setdefault(name, on)
    every = lists.pop(EVERY_LIST, True) is False
    off = frozenset(name for name, on in lists.items() if not on)
    kept = frozenset(name for name, on in lists.items() if on)
    gone = frozenset(name for name, on in categories.items() if not on)
    return Switches(off, gone, every, kept if every else frozenset())
