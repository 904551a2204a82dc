"""Several sources may each have a record of one person: an export writes one account."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from proxy.directory.exporters.merged import Merged
from proxy.kinds import SubjectKind
from proxy.store.interface import SubjectRecord


def record(
    ref: int,
    kind: SubjectKind = SubjectKind.PUPIL,
    active: bool = True,
    schools: tuple[str, ...] = (),
    values: tuple[int, ...] = (),
) -> SubjectRecord:
    return SubjectRecord(ref, kind, ref.to_bytes(16), active, schools, schools, values)


def test_records_of_one_person_are_joined_and_others_pass_by():
    records = [
        record(1, schools=("A",), values=(10, 11)),
        record(2, SubjectKind.STAFF),
        record(1, SubjectKind.STAFF, schools=("B", "A"), values=(12, 10)),
        record(1, schools=("C",), active=False, values=(13,)),
        record(3, active=False),
    ]
    staff, joined = Merged(lambda: records)()
    assert staff == records[1]
    assert (joined.ref, joined.kind) == (1, SubjectKind.PUPIL)
    assert joined.schools == joined.classes == ("A", "B")
    assert joined.values == (10, 11, 12)


@given(st.lists(st.tuples(st.integers(1, 6), st.booleans(), st.integers(1, 9)), max_size=20))
def test_every_active_person_comes_once_with_every_value(rows):
    records = [record(ref, active=active, values=(value,)) for ref, active, value in rows]
    merged = Merged(lambda: records)
    for _ in range(2):
        found = list(merged())
        assert sorted(one.ref for one in found) == sorted({r for r, active, _ in rows if active})
        for one in found:
            assert set(one.values) == {v for r, active, v in rows if active and r == one.ref}
