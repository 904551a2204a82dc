"""How long which events of the audit log are kept: what policy says and the log carries out.

The French regulator recommends to keep such logs six months to a year (CNIL, deliberation
2021-122 on logging). Policy may say less or more only with a written reason (``site.yaml``,
``audit.reason``). Events are of classes, because their need differs: what was done to
somebody's request speaks of people (a keyed hash of their machine), what administrators
did must outlast a school year's review, sums over everybody speak of nobody.
"""

from __future__ import annotations

import calendar
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import StrEnum

DEFAULT_MONTHS = 6
ADVISED = range(6, 13)
"""Months, as the regulator recommends."""

MOST_MONTHS = 36
"""Not even a reason makes it longer (the regulator's limit for exceptional risks)."""


class EventClass(StrEnum):
    """What retention tells apart."""

    TRAFFIC = "traffic"
    """What was done to requests and answers that names may be in."""
    BLOCKING = "blocking"
    """Trackers blocked, connections tunnelled or denied: many, and about nobody's work."""
    ADMINISTRATION = "administration"
    """What administrators and the gateway itself did: no client in them."""
    FIGURES = "figures"
    """Sums over everybody, for reports on a year: about no one, so kept ``MOST_MONTHS``."""


@dataclass(frozen=True, slots=True)
class Retention:
    """Months by class."""

    months: Mapping[EventClass, int] = field(default_factory=dict)

    def of(self, kind: EventClass) -> int:
        """Months that events of a class are kept."""
        if kind is EventClass.FIGURES:
            return MOST_MONTHS
        return self.months.get(kind, DEFAULT_MONTHS)

    def client_cutoff(self, now: float | None = None) -> date:
        """Of the days before it no event is left that may hold a client's hash."""
        return months_before(_at(now), self.longest_client).date()

    @property
    def longest_client(self) -> int:
        """Months that the longest kept class is kept in which clients stand."""
        return max(self.of(EventClass.TRAFFIC), self.of(EventClass.BLOCKING))

    def before(self, kind: EventClass, now: float | None = None) -> datetime:
        """Events of a class that are older than this have expired."""
        return months_before(_at(now), self.of(kind))


def _at(now: float | None) -> datetime:
    return datetime.fromtimestamp(time.time() if now is None else now, UTC)


def months_before(at: datetime, months: int) -> datetime:
    """The same day and hour so many months earlier (the last day of a shorter month)."""
    year, month = divmod(at.year * 12 + at.month - 1 - months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return at.replace(year=year, month=month + 1, day=min(at.day, last))
