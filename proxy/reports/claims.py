"""What the log says against a supplier, row by row, each row with events to show for it.

One pass over the log; what is kept grows with the policy's words, never with the log: a row
keeps the numbers of its first events, and beyond ``MOST`` rows the rarest words are joined.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from proxy.audit.query import lines
from proxy.reports.tally import OTHER

MOST = 5_000
EXAMPLES = 5

TYPES = (
    "tracker-blocked",
    "profiling-blocked",
    "profiling-observed",
    "parameters-stripped",
    "field-minimised",
    "request-refused",
    "answer-refused",
    "connection-denied",
    "photo-refused",
    "opaque-allowed",
    "canary-seen",
)


class Words(NamedTuple):
    """What events of one row have in common."""

    type: str
    service: str
    reason: str = ""
    action: str = ""
    method: str = ""
    endpoint: str = ""
    list: str = ""
    category: str = ""
    rule: str = ""


@dataclass(slots=True)
class Claim:
    """One row."""

    words: Words
    events: int = 0
    things: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: str = ""
    last: str = ""
    examples: list[int] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; words that are empty are left out."""
        return {
            **{name: text for name, text in self.words._asdict().items() if text},
            "events": self.events,
            "things": self.things,
            "kinds": dict(sorted(self.kinds.items())),
            "first": self.first,
            "last": self.last,
            "examples": self.examples,
        }


def words_of(event: Mapping[str, Any]) -> Words:
    """The row that an event belongs to."""
    return Words(*(event.get(name, "") for name in Words._fields))


def collect(
    directory: Path, services: Iterable[str], since: str = "", until: str = ""
) -> list[Claim]:
    """Every row on these services, the most frequent of each type first."""
    wanted = frozenset(services)
    marks = tuple(b'"service":%s' % orjson.dumps(name) for name in wanted)
    claims: dict[Words, Claim] = {}
    for index, line in lines(directory):
        if not any(mark in line for mark in marks):
            continue
        event = orjson.loads(line)
        time = event["time"]
        if event["type"] not in TYPES or event.get("service") not in wanted:
            continue
        if time < since or (until and time >= until):
            continue
        _add(claims, words_of(event), event, index)
    order = {name: place for place, name in enumerate(TYPES)}
    return sorted(claims.values(), key=lambda c: (order[c.words.type], -c.events, c.words))


def _add(claims: dict[Words, Claim], words: Words, event: Mapping[str, Any], index: int) -> None:
    if words not in claims and len(claims) >= MOST:
        words = words._replace(endpoint="", method="", list="", rule=OTHER)
    claim = claims.setdefault(words, Claim(words))
    counts = event.get("counts", {})
    claim.events += 1
    claim.things += sum(counts.values()) or event.get("count", 0)
    claim.kinds.update(counts)
    claim.first = min(claim.first or event["time"], event["time"])
    claim.last = max(claim.last, event["time"])
    if len(claim.examples) < EXAMPLES:
        claim.examples.append(index)
