"""Who sits in whose class, by reference: what makes a lone first name certain.

Arrays of references, sorted, so that a whole academy costs tens of megabytes at most and a
look-up is two bisections, whatever the number of people.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from proxy.directory.seen import CLASS_SIZE
from proxy.kinds import Kind, SubjectKind
from proxy.store.interface import SubjectRecord

_POINTS = (Kind.FULL_NAME, Kind.EMAIL, Kind.NATIONAL_ID, Kind.LOGIN, Kind.STUDENT_NUMBER)
_LONE = (Kind.GIVEN_NAME, Kind.FAMILY_NAME)
QUORUM = 3
"""So many classmates in one request bring the rest of their class into scope."""


class Classes:
    """The classes of a directory version. Immutable."""

    def __init__(
        self, subjects: Iterable[SubjectRecord], kinds: Mapping[int, tuple[Kind, str]]
    ) -> None:
        """``kinds``: kind and text by reference."""
        numbers: dict[tuple[str, str], int] = {}
        members: Counter[int] = Counter()
        points: list[tuple[int, int]] = []
        names: list[tuple[int, int]] = []
        for subject in subjects:
            if not subject.active or subject.kind is not SubjectKind.PUPIL:
                continue
            for school in subject.schools or ("",):
                for name in subject.classes:
                    number = numbers.setdefault((school, name), len(numbers))
                    members[number] += 1
                    for ref in subject.values:
                        kind = kinds[ref][0] if ref in kinds else Kind.TEXT
                        if kind in _POINTS:
                            points.append((ref, number))
                        elif kind in _LONE:
                            names.append((number, ref))
        small = {number for number, count in members.items() if count <= CLASS_SIZE}
        points = sorted({point for point in points if point[1] in small})
        names = sorted({name for name in names if name[0] in small})
        self._point_refs = array("Q", [ref for ref, _ in points])
        self._point_classes = array("I", [number for _, number in points])
        self._name_classes = array("I", [number for number, _ in names])
        self._name_refs = array("Q", [ref for _, ref in names])

    def shared(self, refs: Iterable[int]) -> list[int]:
        """The classes that several of these people sit in, as numbers of this version."""
        met = Counter(number for ref in refs for number in self._of(ref))
        return [number for number, count in met.items() if count >= QUORUM]

    def names(self, number: int) -> Iterator[int]:
        """The references of the given and family names of a class."""
        at = bisect_left(self._name_classes, number)
        while at < len(self._name_classes) and self._name_classes[at] == number:
            yield self._name_refs[at]
            at += 1

    def _of(self, ref: int) -> Iterator[int]:
        at = bisect_left(self._point_refs, ref)
        while at < len(self._point_refs) and self._point_refs[at] == ref:
            yield self._point_classes[at]
            at += 1
