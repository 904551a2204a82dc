"""Who sits in whose class: what makes a lone first name certain."""

from __future__ import annotations

from proxy.directory.tables import Sections
from proxy.kinds import Kind

POINTS = (Kind.FULL_NAME, Kind.EMAIL, Kind.NATIONAL_ID, Kind.LOGIN, Kind.STUDENT_NUMBER)
"""Kinds of value that point at few people."""
QUORUM = 3
"""So many classmates in one request bring the rest of their class into scope."""
CLASS_SIZE = 45
"""Lone names of more people than this are words, not names."""


class Rosters:
    """The single names of each class, in mapped bytes."""

    def __init__(self, sections: Sections) -> None:
        self._starts = sections["roster-starts"].cast("I")
        self._values = sections["roster-values"].cast("I")

    def names(self, number: int) -> memoryview:
        """The numbers of the given and family names of a class, by its number."""
        return self._values[self._starts[number] : self._starts[number + 1]]
