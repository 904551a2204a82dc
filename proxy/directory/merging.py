"""One person in several sources is one subject.

A row of a person whom its source has not brought before joins the subject that one of its
*keys* points at: the INE, a UUID or another key that sources share (ENTPersonJointure), an
e-mail. Never a name alone: in an academy 21 % share theirs.

Keys can contradict each other. Then nothing is joined and the row is reported, because a
wrong union cannot be undone and two subjects can:

- two keys of a row point at two subjects;
- the subject has another INE;
- the subject stands in the same source already (a family's e-mail);
- only an e-mail agrees, and no full name does (a parent's address on a pupil);
- the kinds differ (a pupil's address on a guardian).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import StrEnum

from proxy.directory.rows import JOINING, Value
from proxy.directory.subjects import Person
from proxy.kinds import Kind
from proxy.store.interface import Staging, SubjectRecord

_SHOWN = 50


class Contradiction(StrEnum):
    """Why a row was not joined with the subject that a key of it points at."""

    TWO_SUBJECTS = "its keys belong to two people"
    OTHER_ID = "the person with this key has another national id"
    SAME_SOURCE = "two rows of this roster have this key"
    OTHER_NAME = "the person with this e-mail has another name"
    OTHER_KIND = "the person with this key is of another kind (pupil, staff, guardian)"


class Merger:
    """Finds the subject of a new row. One an import."""

    def __init__(self, staging: Staging, tag: bytes) -> None:
        self._staging, self._tag = staging, tag
        self._waiting: dict[int, list[SubjectRecord]] = {}
        self._counts: Counter[tuple[Contradiction, Kind]] = Counter()
        self._shown: list[str] = []
        self.merged = 0

    def subject(self, person: Person, values: Sequence[Value], number: int) -> int:
        """The reference of the subject that the row belongs to; 0 for a new one."""
        keys = [v for v in values if v.known and v.known.owner and v.kind in JOINING]
        if not keys:
            return 0
        found: dict[int, list[SubjectRecord]] = {}
        for value in keys:
            assert value.known, "chosen so"
            owner = value.known.owner
            records = found.get(owner) or self._records_of(owner)
            if records:
                found[owner] = records
        if not found:
            return 0
        problem = self._problem(person, values, keys, found)
        if problem is None:
            self.merged += 1
            return next(iter(found))
        self._note(problem, keys[0].kind, number)
        return 0

    def add(self, record: SubjectRecord) -> None:
        """A record that is not staged yet."""
        self._waiting.setdefault(record.ref, []).append(record)

    def written(self) -> None:
        """All records are staged."""
        self._waiting.clear()

    def report(self) -> tuple[str, ...]:
        """What was not joined and why."""
        more = self._counts.total() - len(self._shown)
        return (*self._shown, f"… and {more} more") if more else tuple(self._shown)

    def _records_of(self, ref: int) -> list[SubjectRecord]:
        return [*self._staging.records_of(ref), *self._waiting.get(ref, ())]

    def _problem(
        self,
        person: Person,
        values: Sequence[Value],
        keys: Sequence[Value],
        found: dict[int, list[SubjectRecord]],
    ) -> Contradiction | None:
        if len(found) > 1:
            return Contradiction.TWO_SUBJECTS
        (records,) = found.values()
        if any(record.source_key.startswith(self._tag) for record in records):
            return Contradiction.SAME_SOURCE
        if any(record.kind is not person.kind for record in records):
            return Contradiction.OTHER_KIND
        theirs = {ref for record in records for ref in record.values}
        if all(value.kind is Kind.EMAIL for value in keys) and not any(
            value.kind is Kind.FULL_NAME and value.known and value.known.ref in theirs
            for value in values
        ):
            return Contradiction.OTHER_NAME
        return self._other_id(values, theirs)

    def _other_id(self, values: Sequence[Value], theirs: set[int]) -> Contradiction | None:
        """Whether both have a national id and they differ."""
        ours = [value for value in values if value.kind is Kind.NATIONAL_ID]
        if not ours or any(value.known and value.known.ref in theirs for value in ours):
            return None
        refs = sorted(theirs)
        has_one = Kind.NATIONAL_ID in self._staging.kinds(refs)
        return Contradiction.OTHER_ID if has_one else None

    def _note(self, problem: Contradiction, kind: Kind, number: int) -> None:
        self._counts[problem, kind] += 1
        if len(self._shown) < _SHOWN:
            self._shown.append(
                f"about person {number + 1}, {kind.value}: {problem.value}; kept apart"
            )
