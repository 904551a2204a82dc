"""The log, counted in one pass: memory grows with the policy's words, never with the log.

A *cell* is what reports tell apart: a month, a type of event, and the policy's words on it.
No client and no incident is in it, so the counts are statistics and nothing else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from proxy.audit.cuts import read_cut
from proxy.audit.figures import WORDS, sizes_in_force
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.query import lines

MOST_CELLS = 200_000
"""Beyond it new cells lose what is finest in them, and are still counted."""
MOST_RULES = 50_000
OTHER = "…"


class Cell(NamedTuple):
    """What is counted together. Fields that an event does not have are empty."""

    month: str
    type: str
    service: str = ""
    group: str = ""
    endpoint: str = ""
    action: str = ""
    reason: str = ""
    list: str = ""
    category: str = ""
    act: str = ""

    def coarse(self) -> Cell:
        """The same without what is finest."""
        return self._replace(endpoint=OTHER, group="", list="", act="")


class Rule(NamedTuple):
    """A rule that decided, and of what."""

    type: str
    service: str
    rule: str


@dataclass(slots=True)
class Amount:
    """How many events, how many things they speak of, and of what kinds."""

    events: int = 0
    things: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    """Bytes, in sums that were rounded up to KiB."""
    received: int = 0

    def add(self, other: Amount) -> None:
        """Take in another."""
        self.events += other.events
        self.things += other.things
        self.kinds.update(other.kinds)
        self.sent += other.sent
        self.received += other.received


def _gone(layout: Layout) -> Callable[[int], bool] | None:
    """Says of an event that is still there whether a pruning that a crash cut short took it."""
    if not layout.pruned.is_dir():
        return None
    cut = read_cut(layout, read_ring(layout))
    return lambda index: index < cut.minimum or index in cut.expired


class Tally:
    """Counts of a log, between two moments."""

    def __init__(self, since: str = "", until: str = "") -> None:
        self.since, self.until = since, until
        self.cells: dict[Cell, Amount] = {}
        self.rules: Counter[Rule] = Counter()
        self.schools: Counter[tuple[str, str]] = Counter()
        """Events by service and school."""
        self.events = 0
        self.deleted = 0
        """How many of these are known by the count that their pruning left."""
        self._in_force: frozenset[int] = frozenset()
        self.first = self.last = ""
        """Times of the first and the last event counted."""
        self.next_index = 0
        """One more than the number of the last event read."""

    def read(self, directory: Path) -> Tally:
        """Count a log's events; itself, for the call's sake.

        Of deleted ones the counts that their pruning left (``proxy.audit.figures``).
        """
        layout = Layout(directory)
        self._in_force = sizes_in_force(layout)
        is_gone = _gone(layout)
        for index, line in lines(directory):
            if is_gone is None or not is_gone(index):
                self.add(orjson.loads(line))
            self.next_index = index + 1
        return self

    def add(self, event: Mapping[str, Any]) -> None:
        """Count one event."""
        time: str = event["time"]
        get = event.get
        kind: str = event["type"]
        if kind == "events-counted":
            self._deleted(event)
            return
        if time < self.since or (self.until and time >= self.until):
            return
        service: str = get("service", "")
        cell = Cell(
            time[:7],
            kind,
            service,
            get("group", ""),
            get("endpoint", ""),
            get("action", ""),
            get("reason", ""),
            get("list", ""),
            get("category", ""),
            get("act", ""),
        )
        amount = self.cells.get(cell)
        if amount is None:
            amount = self._amount(cell)
        amount.events += 1
        if counts := get("counts"):
            for name, number in counts.items():
                amount.kinds[name] += number
                amount.things += number
        elif kind == "parameters-stripped":
            amount.things += event["count"]
        elif kind == "traffic-counted":
            amount.things += event["count"]
            amount.sent += event["sent"]
            amount.received += event["received"]
        self.events += 1
        self.first = min(self.first or time, time)
        self.last = max(self.last, time)
        if rule := get("rule"):
            self._rule(Rule(kind, service, rule))
        if school := get("school"):
            self.schools[service, school] += 1

    def _deleted(self, event: Mapping[str, Any]) -> None:
        """Take in the count of deleted events of one sort and month, if the month is in it."""
        month: str = event["month"]
        first = f"{month}-01T00:00:00.000Z"
        cut_by_period = first < self.since or (self.until and f"{month}-99" > self.until)
        if cut_by_period or event["size"] not in self._in_force:
            return
        words = {name: event[name] for name in WORDS if name in event}
        amount = self._amount(Cell(month, event["of"], **words))
        amount.events += event["events"]
        counts: Mapping[str, int] = event.get("counts", {})
        amount.kinds.update(counts)
        amount.things += sum(counts.values()) + event.get("count", 0)
        self.events += event["events"]
        self.deleted += event["events"]
        self.first = min(self.first or first, first)
        self.last = max(self.last, first)

    def _amount(self, cell: Cell) -> Amount:
        if len(self.cells) >= MOST_CELLS:
            cell = cell.coarse()
        return self.cells.setdefault(cell, Amount())

    def _rule(self, rule: Rule) -> None:
        if rule not in self.rules and len(self.rules) >= MOST_RULES:
            rule = Rule(rule.type, rule.service, OTHER)
        self.rules[rule] += 1

    # --- asking ---

    def total(self, type: str = "", **fields: str) -> Amount:
        """Everything in cells of that type (any, if empty) whose fields are these."""
        found = Amount()
        for _, amount in self._matching(type, fields):
            found.add(amount)
        return found

    def by(self, name: str, type: str = "", **fields: str) -> dict[str, Amount]:
        """The same, by the value of one field of the cell; sorted by it."""
        return self.split(lambda cell: str(getattr(cell, name)), type, **fields)

    def split(self, key: Callable[[Cell], str], type: str = "", **fields: str) -> dict[str, Amount]:
        """The same, by anything that a cell tells."""
        found: dict[str, Amount] = {}
        for cell, amount in self._matching(type, fields):
            found.setdefault(key(cell), Amount()).add(amount)
        return dict(sorted(found.items()))

    def months(self) -> list[str]:
        """From the first to the last, none left out."""
        if not self.first:
            return []
        found, last = [self.first[:7]], self.last[:7]
        while found[-1] < last:
            year, month = map(int, found[-1].split("-"))
            found.append(f"{year + month // 12:04d}-{month % 12 + 1:02d}")
        return found

    def _matching(self, type: str, fields: Mapping[str, str]) -> Iterator[tuple[Cell, Amount]]:
        for cell, amount in self.cells.items():
            if type and cell.type != type:
                continue
            if all(getattr(cell, name) == value for name, value in fields.items()):
                yield cell, amount
