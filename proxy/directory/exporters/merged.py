"""One record a subject, where several sources each have one of the same person.

A first pass notes which references stand more than once, eight bytes a record; the records
of these few are held and joined, all others pass by.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import chain, pairwise

from proxy.kinds import SubjectKind
from proxy.store.interface import SubjectRecord

type Subjects = Callable[[], Iterable[SubjectRecord]]

_RANK = (SubjectKind.PUPIL, SubjectKind.STAFF, SubjectKind.GUARDIAN)
"""A person of several kinds is the first of these."""


class Merged:
    """Call it for the active subjects, each once; it reads the store anew each time."""

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects
        refs = array("Q", (subject.ref for subject in self._active()))
        twice = {one for one, other in pairwise(sorted(refs)) if one == other}
        records: defaultdict[int, list[SubjectRecord]] = defaultdict(list)
        for subject in self._active() if twice else ():
            if subject.ref in twice:
                records[subject.ref].append(subject)
        self._joined = {ref: _joined(found) for ref, found in records.items()}

    def __call__(self) -> Iterator[SubjectRecord]:
        """Every active subject."""
        alone = (subject for subject in self._active() if subject.ref not in self._joined)
        return chain(alone, self._joined.values())

    def _active(self) -> Iterator[SubjectRecord]:
        return (subject for subject in self._subjects() if subject.active)


def _joined(records: list[SubjectRecord]) -> SubjectRecord:
    def all_of(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(chain.from_iterable(parts)))

    return replace(
        records[0],
        kind=min((record.kind for record in records), key=_RANK.index),
        schools=all_of(record.schools for record in records),
        classes=all_of(record.classes for record in records),
        values=tuple(dict.fromkeys(chain.from_iterable(record.values for record in records))),
    )
