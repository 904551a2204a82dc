"""What may be wrong with a store that answers: a closed list, for the status and a metric."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Ailment(StrEnum):
    """What endangers the data or will soon refuse it."""

    EVICTION = "eviction"
    """The server may throw keys away when it is full."""
    PERSISTENCE = "persistence"
    """A restart of the server loses what it was given."""
    MEMORY = "memory"
    """It is nearly full, or is."""
    REPLICA = "replica"
    """It is a replica: it takes no writes."""
    UNKNOWN = "unknown"
    """Our account may not look."""


class Trouble(NamedTuple):
    """One of them, and what to do about it."""

    ailment: Ailment
    advice: str
