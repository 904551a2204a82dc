"""Reading events back, as a stream: memory does not grow with the log.

Lines are filtered as bytes before they are parsed: canonical JSON makes ``"type":"x"`` in
the line a reliable first look, and most lines are passed over without parsing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from proxy.audit.layout import SEGMENT, Layout


@dataclass(frozen=True, slots=True)
class Found:
    """An event of the log."""

    index: int
    line: bytes
    event: Mapping[str, object]


def query(
    directory: Path,
    filters: Mapping[str, str] | None = None,
    since: str = "",
    until: str = "",
    limit: int | None = None,
) -> Iterator[Found]:
    """Events whose fields equal ``filters``, from ``since`` on and before ``until``.

    Times are RFC 3339 in UTC or the beginning of one: ``2026-11-24T08`` is that hour.
    """
    wanted = dict(filters or {})
    marks = [b'"%s":%s' % (name.encode(), orjson.dumps(value)) for name, value in wanted.items()]
    count = 0
    for index, line in lines(directory):
        if limit is not None and count >= limit:
            return
        if not all(mark in line for mark in marks):
            continue
        event = orjson.loads(line)
        if any(event.get(name) != value for name, value in wanted.items()):
            continue
        time = str(event.get("time", ""))
        if time < since or (until and time >= until):
            continue
        count += 1
        yield Found(index, line, event)


def lines(directory: Path) -> Iterator[tuple[int, bytes]]:
    """Every whole line with its index; without one that is being written and without those
    that were deleted at the end of their retention, be it under our feet."""
    layout = Layout(directory)
    for number in layout.segment_numbers():
        try:
            data = layout.segment(number).read_bytes()
        except FileNotFoundError:
            continue
        for place, line in enumerate(data.split(b"\n")[:-1]):
            if line:
                yield number * SEGMENT + place, line
