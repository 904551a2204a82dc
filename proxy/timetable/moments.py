"""Moments as people write them: ``2026-11-24 10:05`` on the wall clock of the site.

On the night when an hour happens twice the first one is meant, unless an offset says which
(``2026-10-25 02:30+01:00``). A time that never happens is an error, not a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

_SHAPE = re.compile(r"\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(?::\d{2})?(?:Z|[+-]\d{2}:\d{2})?")
_DURATION = re.compile(r"(\d{1,5})\s*(s|m|min|h|d|j)")
_SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86_400, "j": 86_400}


def parse_moment(text: str) -> datetime:
    """A moment, with an offset only if one is written."""
    shown = text.strip()
    try:
        if _SHAPE.fullmatch(shown) is None:
            raise ValueError
        return datetime.fromisoformat(shown)
    except ValueError:
        raise ValueError("expected a moment such as 2026-11-24 10:05") from None


def instant(text: str, zone: ZoneInfo) -> float:
    """The Unix time of a moment. Raises ``ValueError`` for one that never happens."""
    moment = parse_moment(text)
    if moment.tzinfo is not None:
        return moment.timestamp()
    at = moment.replace(tzinfo=zone).timestamp()
    if datetime.fromtimestamp(at, zone).replace(tzinfo=None) != moment:
        raise ValueError("clocks are put forward that night: this time never happens")
    return at


def written(at: float, zone: ZoneInfo) -> str:
    """A moment for the file, to the second; with its offset where it would be in doubt."""
    local = datetime.fromtimestamp(int(at), zone)
    shown = local.replace(tzinfo=None).isoformat(" ")
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat(" ") if twice else shown


def shown(at: float, zone: ZoneInfo) -> str:
    """A moment for people."""
    return datetime.fromtimestamp(int(at), zone).strftime("%Y-%m-%d %H:%M:%S")


def parse_duration(text: str) -> int:
    """``30m``, ``2h`` or ``1d``, in seconds."""
    match = _DURATION.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise ValueError("expected a duration such as 30m, 2h or 1d")
    return int(match[1]) * _SECONDS[match[2]]


def utc(at: float) -> str:
    """As the audit log writes times, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
