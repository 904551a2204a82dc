"""What is left of events that a pruning takes away: how many of each sort, by month.

A report on a year must not ask for a year of events. So a pruning counts what it deletes and
says it in the log before (``events-counted``): no client, endpoint, rule or incident is in it,
so it speaks of nobody, and it is sealed and proven as every event. What is left of the log and
these counts together are what ever was in it.

Each carries the size of the log at that pruning, as the ``log-pruned`` event does. Only those
whose pruning is in force count: one that a crash cut short is counted again by the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from proxy.audit.cuts import prunings
from proxy.audit.events import TYPES, Event, make_event
from proxy.audit.keyring import read_ring
from proxy.audit.layout import Layout
from proxy.audit.retention import class_of
from proxy.retention import EventClass

WORDS = ("service", "group", "reason", "action", "list", "category")
"""The fields of an event that are kept apart."""
_MOST = 20_000
"""Beyond it what is new is told by month and type only."""


@dataclass(slots=True)
class _Sum:
    events: int = 0
    count: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


class Figures:
    """Counts of events that are about to go."""

    def __init__(self) -> None:
        self._sums: dict[tuple[str, ...], _Sum] = {}

    def add(self, event: Mapping[str, Any]) -> None:
        """Count one; not what is a count itself."""
        kind = str(event.get("type"))
        if kind not in TYPES or class_of(kind) is EventClass.FIGURES:
            return
        key = (str(event["time"])[:7], kind, *(str(event.get(word, "")) for word in WORDS))
        if key not in self._sums and len(self._sums) >= _MOST:
            key = (*key[:2], *("" for _ in WORDS))
        found = self._sums.setdefault(key, _Sum())
        found.events += 1
        if counts := event.get("counts"):
            found.kinds.update(counts)
        elif kind == "parameters-stripped":
            found.count += event["count"]

    def told(self, size: int) -> list[Event]:
        """As events of the pruning at ``size``."""
        return [_event(key, one, size) for key, one in self._sums.items()]


def _event(key: tuple[str, ...], one: _Sum, size: int) -> Event:
    fields: dict[str, Any] = {
        word: value for word, value in zip(WORDS, key[2:], strict=True) if value
    }
    if one.kinds:
        fields["counts"] = dict(one.kinds)
    if one.count:
        fields["count"] = one.count
    return make_event(
        "events-counted", month=key[0], of=key[1], size=size, events=one.events, **fields
    )


def sizes_in_force(layout: Layout) -> frozenset[int]:
    """Which prunings' counts count."""
    if not layout.pruned.is_dir():
        return frozenset()
    return frozenset(int(str(event["size"])) for event in prunings(layout, read_ring(layout)))
