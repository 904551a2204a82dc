"""Whose a value is: the subjects that bear it, as the index keeps them.

Only of values that point at somebody (a full name, an address, a number); half a name, a date
or a class are those of many. Four bytes a value, eight a subject: most values have one bearer,
and those with several point into a list.
"""

from __future__ import annotations

from collections.abc import Iterable

from proxy.directory.tables import Sections
from proxy.kinds import Kind

POINTING = frozenset(
    {
        Kind.FULL_NAME,
        Kind.EMAIL,
        Kind.LOGIN,
        Kind.NATIONAL_ID,
        Kind.STUDENT_NUMBER,
        Kind.PHONE,
        Kind.UUID,
    }
)
NOBODY = 0xFFFF_FFFF
SEVERAL = 0x8000_0000


class Bearers:
    """Subjects by the number of a value. Leavers too."""

    __slots__ = ("_born", "_items", "_of", "_refs", "_starts")

    def __init__(self, sections: Sections) -> None:
        self._of = sections["bearer-of"].cast("I")
        self._starts = sections["bearer-starts"].cast("I")
        self._items = sections["bearer-items"].cast("I")
        self._refs = sections["bearer-refs"].cast("Q")
        self._born = sections["bearer-born"].cast("I")

    def of(self, number: int) -> tuple[int, ...]:
        """The references of the subjects that bear a value."""
        return tuple(self._refs[item] for item in self._all(number))

    def born(self, number: int) -> list[int]:
        """The numbers of their birth dates; ``NOBODY`` for one whose date is not known."""
        return [self._born[item] for item in self._all(number)]

    def _all(self, number: int) -> Iterable[int]:
        found = self._of[number]
        if found == NOBODY:
            return ()
        if not found & SEVERAL:
            return (found,)
        place = found ^ SEVERAL
        return self._items[self._starts[place] : self._starts[place + 1]]
