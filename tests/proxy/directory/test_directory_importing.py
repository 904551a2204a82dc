"""Imports: idempotent, whole or not at all, references for ever."""

from __future__ import annotations

import dataclasses

import pytest
from directory_people import TestSealer, person
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.directory import importing
from proxy.directory.importing import ShrinkRefused
from proxy.directory.index import Directory, Index
from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.store.interface import Change
from proxy.store.memory import MemoryStaging, MemoryStore

LEA = person(
    "Léa",
    "Martin",
    "1",
    other_given=("Lou",),
    other_family=("Duval",),
    emails=("lea@c.example",),
    birth_date="2013-04-05",
    schools=("A",),
    classes=("6B",),
)
PAUL = person("Paul", "Durand", "2", kind=SubjectKind.STAFF, schools=("A", "B"))
TWIN = person("Léa", "Martin", "3", emails=("lea2@c.example",), schools=("B",))


def run(store, sealer, people, source="s", **options):
    return importing.apply(lambda: people, store, sealer, source, **options)


def figures(plan):
    return plan.adds, plan.changes, plan.leavers, plan.unchanged


def test_a_name_gives_its_parts_and_each_given_with_each_family_name():
    names = {text.replace("\x1f", " ") for kind, text in LEA.values() if kind is Kind.FULL_NAME}
    assert names == {"Léa Martin", "Léa Duval", "Lou Martin", "Lou Duval"}


def test_the_same_roster_twice_changes_nothing(store, sealer):
    assert figures(run(store, sealer, [LEA, PAUL, TWIN])) == (3, 0, 0, 0)
    version = store.directory_version()
    again = run(store, sealer, [TWIN, LEA, PAUL])
    assert figures(again) == (0, 0, 0, 3)
    assert again.is_empty
    assert store.directory_version() == version == 1


def test_homonyms_share_one_value_and_keep_two_subjects(store, sealer):
    run(store, sealer, [LEA, TWIN])
    index = Index.build(store, sealer)
    (match,) = index.find("Léa Martin")
    assert index.schools(match.ref) == {"A", "B"}
    assert sum(1 for s in store.subjects() if match.ref in s.values) == 2
    assert index.schools(index.lookup(Kind.EMAIL, "LEA@c.example")) == {"A"}


def test_leavers_stay_marked_and_found_and_come_back_under_the_same_reference(store, sealer):
    run(store, sealer, [LEA, PAUL, TWIN])
    before = {s.source_key: s for s in store.subjects()}
    assert figures(run(store, sealer, [LEA, PAUL], accept_shrink=True)) == (0, 0, 1, 2)
    after = {s.source_key: s for s in store.subjects()}
    assert sum(not s.active for s in after.values()) == 1
    assert {k: s.ref for k, s in before.items()} == {k: s.ref for k, s in after.items()}
    index = Index.build(store, sealer)
    assert index.find("lea2@c.example")[0].ref
    assert index.counts().leavers == 1
    assert figures(run(store, sealer, [LEA, PAUL])) == (0, 0, 0, 2)
    assert figures(run(store, sealer, [LEA, PAUL, TWIN])) == (0, 1, 0, 2)
    assert {s.source_key: s for s in store.subjects()} == before


def test_a_changed_address_is_added_and_the_old_one_still_restores(store, sealer):
    run(store, sealer, [LEA])
    old = Index.build(store, sealer).lookup(Kind.EMAIL, "lea@c.example")
    moved = dataclasses.replace(LEA, emails=("new@c.example",), schools=("C",))
    assert figures(run(store, sealer, [moved])) == (0, 1, 0, 0)
    assert figures(run(store, sealer, [moved])) == (0, 0, 0, 1)
    index = Index.build(store, sealer)
    assert index.plain(old) == (Kind.EMAIL, "lea@c.example")
    assert index.schools(old) == index.schools(index.lookup(Kind.EMAIL, "new@c.example")) == {"C"}


def test_sources_do_not_touch_each_other(store, sealer):
    run(store, sealer, [LEA, PAUL], source="pupils")
    assert figures(run(store, sealer, [PAUL], source="other")) == (1, 0, 0, 0)
    assert figures(run(store, sealer, [LEA, PAUL], source="pupils")) == (0, 0, 0, 2)
    assert len({s.ref for s in store.subjects()}) == 3


def test_a_roster_of_changes_makes_nobody_leave_but_those_it_names(store, sealer):
    run(store, sealer, [LEA, PAUL, TWIN])
    gone = dataclasses.replace(PAUL, active=False)
    unknown = person("Ida", "Roy", "9", active=False)
    made = run(store, sealer, [gone, unknown], complete=False, accept_shrink=True)
    assert figures(made) == (0, 0, 1, 0)
    assert len(list(store.subjects())) == 3
    assert figures(run(store, sealer, [gone], complete=False)) == (0, 0, 0, 1)


def test_a_shrink_of_more_than_a_fifth_wants_a_yes(store, sealer):
    people = [person("A", f"B{n}") for n in range(10)]
    run(store, sealer, people)
    with pytest.raises(ShrinkRefused, match="3 of 10"):
        run(store, sealer, people[3:])
    assert store.directory_version() == 1
    assert figures(run(store, sealer, people[2:])) == (0, 0, 2, 8)
    assert figures(run(store, sealer, [], accept_shrink=True)) == (0, 0, 8, 0)


def test_an_import_called_off_or_broken_changes_nothing(store, sealer):
    def broken():
        yield LEA
        raise OSError

    def no():
        raise RuntimeError

    with pytest.raises(OSError):  # noqa: PT011 - the very one raised above
        importing.apply(broken, store, sealer, "s")
    with pytest.raises(RuntimeError):
        run(store, sealer, [LEA], check=no)
    assert (store.directory_version(), list(store.values())) == (0, [])


class Contended(MemoryStore):
    """Another import lands between plan and apply, ``times`` times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self.times = times

    def staging(self, token: bytes) -> MemoryStaging:
        staging = super().staging(token)
        if self.times:
            self.times -= 1
            staging.base_version -= 1
        return staging


def test_a_conflict_is_planned_again(sealer):
    store = Contended(2)
    assert run(store, sealer, [LEA]).adds == 1
    assert store.directory_version() == 1
    with pytest.raises(StoreUnavailable, match="kept changing"):
        run(Contended(99), sealer, [LEA])


def test_no_plaintext_reaches_the_store(store, sealer):
    run(store, sealer, [LEA, PAUL])
    kept = repr(list(store.values()))
    subjects = repr(list(store.subjects()))
    for secret in ("Martin", "Léa", "lea@c", "Durand", "2013-04-05"):
        assert secret not in kept + subjects


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.tuples(st.integers(1, 6), st.sampled_from("ab"), st.sampled_from("xyz"))),
        min_size=1,
        max_size=5,
    )
)
def test_no_reference_ever_changes_whatever_rosters_follow(rosters):
    store, sealer = MemoryStore(), TestSealer()
    subjects: dict[bytes, int] = {}
    values: dict[bytes, int] = {}
    for rows in rosters:
        people = {n: person(given, family, str(n)) for n, given, family in rows}.values()
        run(store, sealer, people, accept_shrink=True)
        for key, ref in [(s.source_key, s.ref) for s in store.subjects()]:
            assert subjects.setdefault(key, ref) == ref
        for value in store.values():
            assert values.setdefault(value.fingerprint, value.ref) == value.ref
        assert len({s.ref for s in store.subjects()}) == len(subjects)
        assert 0 not in {*subjects.values(), *values.values()}


class TestDirectory:
    def test_it_swaps_in_a_new_index_when_the_version_moves(self, store, sealer):
        directory = Directory(store, sealer)
        old = directory.index
        assert not directory.refresh()
        run(store, sealer, [LEA])
        assert directory.refresh()
        assert (old.version, directory.index.version) == (0, 1)
        assert old.find("Léa Martin") == []
        assert directory.index.find("Léa Martin")

    def test_an_erased_value_is_neither_found_nor_plain(self, store, sealer):
        run(store, sealer, [LEA])
        ref = Index.build(store, sealer).lookup(Kind.EMAIL, "lea@c.example")
        store.directory_apply(Change(1, forget_values=(ref,)))
        index = Index.build(store, sealer)
        assert index.plain(ref) is None
        assert index.find("lea@c.example") == []

    def test_who_is_erased_and_still_in_the_roster_is_protected_again(self, store, sealer):
        run(store, sealer, [LEA, PAUL])
        ref = Index.build(store, sealer).lookup(Kind.EMAIL, "lea@c.example")
        store.directory_apply(Change(1, forget_values=(ref,)))
        run(store, sealer, [LEA, PAUL])
        index = Index.build(store, sealer)
        (match,) = index.find("lea@c.example")
        assert match.ref not in (0, ref)
        assert index.plain(ref) is None
        assert figures(run(store, sealer, [LEA, PAUL])) == (0, 0, 0, 2)

    def test_counts_name_nobody(self, store, sealer):
        run(store, sealer, [LEA, PAUL, TWIN])
        counts = Index.build(store, sealer).counts()
        assert counts.subjects == {SubjectKind.PUPIL: 2, SubjectKind.STAFF: 1}
        assert counts.schools == {"A": 2, "B": 2}
        assert counts.values[Kind.FULL_NAME] == 5
        assert counts.version == 1

    def test_lookups_by_field(self, store, sealer):
        run(
            store, sealer, [dataclasses.replace(LEA, logins=("E123456",), student_number="E123456")]
        )
        index = Index.build(store, sealer)

        def plain(kind: Kind, text: str) -> object:
            ref = index.lookup(kind, text)
            return ref and index.plain(ref)

        assert plain(Kind.GIVEN_NAME, " lea ") == (Kind.GIVEN_NAME, "Léa")
        assert plain(Kind.FAMILY_NAME, "MARTIN") == (Kind.FAMILY_NAME, "Martin")
        assert plain(Kind.FULL_NAME, "DUVAL, lou") == (Kind.FULL_NAME, "Lou\x1fDuval")
        assert plain(Kind.FULL_NAME, "Lou\x1fDuval") == (Kind.FULL_NAME, "Lou\x1fDuval")
        assert plain(Kind.BIRTH_DATE, "2013-04-05") == (Kind.BIRTH_DATE, "2013-04-05")
        assert plain(Kind.LOGIN, "e123456") == (Kind.LOGIN, "e123456")
        assert plain(Kind.STUDENT_NUMBER, "e123456") == (Kind.STUDENT_NUMBER, "E123456")
        for kind, text in ((Kind.GIVEN_NAME, "Martin"), (Kind.FULL_NAME, "Léa"), (Kind.UUID, "")):
            assert index.lookup(kind, text) is None
