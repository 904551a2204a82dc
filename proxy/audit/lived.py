"""Whether the clock may be believed when it says that events have expired.

A clock that is set a year forward would have a pruning delete the whole log. So what ends the
retention notes, each time, when it was. A clock that is more than ``AWAY`` further on than the
last time was moved, or the gateway was off (a summer): the log alone cannot tell. Nothing is
deleted then until the gateway has lived ``DAYS`` days by that clock, each told by an event
(``pruning-held``), or an operator says that the clock is right.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

import orjson

from proxy.audit._files import write_atomically
from proxy.audit.layout import SEGMENT, Layout

AWAY = 3 * 86_400.0
DAYS = 14
_ALMOST_A_DAY = 20 * 3600.0


@dataclass(frozen=True, slots=True)
class Lived:
    """What was noted the last time."""

    seen: float
    """What the clock said."""
    counted: float = 0.0
    """When a day was last counted, while nothing is deleted."""
    days: int = 0
    """Days counted; 0 when the clock is believed."""
    gap: float = 0.0
    """By how many seconds it was further on than expected."""

    def at(self, now: float) -> Lived:
        """What there is to note at ``now``."""
        gap = now - self.seen
        if gap > AWAY:
            return Lived(now, now, 1, self.gap + gap)
        if not self.days or gap < -AWAY:  # believed; or put back: older cutoffs harm nothing
            return Lived(now)
        if now - self.counted < _ALMOST_A_DAY:
            return replace(self, seen=now)
        if self.days >= DAYS:
            return Lived(now)
        return Lived(now, now, self.days + 1, self.gap)


def read_lived(directory: Path, now: float) -> Lived:
    """What was noted; else what the log's own events say, up to its last opening."""
    try:
        return Lived(**orjson.loads(_path(directory).read_bytes()))
    except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
        return Lived(_last_before_opening(Layout(directory)) or now)


def note_lived(directory: Path, lived: Lived) -> None:
    """Keep it for the next time."""
    write_atomically(_path(directory), orjson.dumps(asdict(lived)))


def lived(directory: Path, now: float | None = None, *, believe: bool = False) -> Lived:
    """What to go by now: ``days`` is 0 when the clock is believed."""
    at = time.time() if now is None else now
    return Lived(at) if believe else read_lived(directory, at).at(at)


def _path(directory: Path) -> Path:
    return directory / "lived.json"


def _last_before_opening(layout: Layout) -> float:
    """The time of the event before the last ``log-opened``, near the end of the log; 0 if none."""
    for number in reversed(layout.segment_numbers()[-2:]):
        lines = layout.segment(number).read_bytes().split(b"\n")[:SEGMENT]
        opened = False
        for line in filter(None, reversed(lines)):
            event = orjson.loads(line)
            if opened:
                return datetime.fromisoformat(event["time"]).timestamp()
            opened = event.get("type") == "log-opened"
    return 0.0
