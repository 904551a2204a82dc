"""One person in several sources is one subject; keys that contradict each other join nothing."""

from __future__ import annotations

import dataclasses

import pytest
from directory_people import person

from proxy.directory import importing
from proxy.directory.index import Index
from proxy.kinds import Kind, SubjectKind

INE, OTHER_INE = "120345678AB", "120345679AB"
SIECLE = person(
    "Léa", "Martin", "1", national_id=INE, emails=("lea@c.example",), schools=("A",)
)  # fmt: skip
GOOGLE = person("Léa", "Martin", "g-1", emails=("lea@c.example",), logins=("lea.m",))


def bring(store, sealer, source, *people, **options):
    return importing.apply(lambda: people, store, sealer, source, **options)


def subjects(store):
    return {record.ref for record in store.subjects()}


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize(
    "second",
    [
        GOOGLE,
        dataclasses.replace(GOOGLE, given_name="Lou", national_id=INE, emails=("x@c.example",)),
        dataclasses.replace(GOOGLE, emails=("LEA@C.example",), family_name="Martin"),
    ],
)
def test_a_key_joins_two_sources_with_the_union_of_their_values(store, sealer, second, apart):
    bring(store, sealer, "siecle", SIECLE)
    if apart:
        bring(store, sealer, "other", person("Paul", "Roy", "9"))
    made = bring(store, sealer, "google", second)
    assert (made.adds, made.merged, made.conflicts) == (1, 1, ())
    mine = [r for r in store.subjects() if r.ref in {s.ref for s in store.subjects(b"")}]
    assert len(subjects(store)) == 1 + apart
    union = {ref for record in mine for ref in record.values}
    index = Index.build(store, sealer)
    assert {index.lookup(Kind.LOGIN, "lea.m"), index.lookup(Kind.NATIONAL_ID, INE)} <= union
    assert index.counts().subjects == {SubjectKind.PUPIL: 1 + apart}


def test_other_stable_keys_and_uuids_join(store, sealer):
    uuid = "0f0e0d0c-0b0a-4908-8706-050403020100"
    first = person("Léa", "Martin", "1", stable_keys=("ATICE$1",), uuids=(uuid,))
    bring(store, sealer, "aaf", first)
    made = bring(store, sealer, "ent", person("L", "M", "e", stable_keys=("ATICE$1",)))
    assert made.merged == 1
    assert bring(store, sealer, "sds", person("L", "M", "s", uuids=(uuid.upper(),))).merged == 1
    assert len(subjects(store)) == 1


def test_a_name_alone_never_joins(store, sealer):
    bring(store, sealer, "siecle", person("Léa", "Martin", "1", birth_date="2012-01-02"))
    made = bring(store, sealer, "google", person("Léa", "Martin", "1", birth_date="2012-01-02"))
    assert (made.merged, made.conflicts) == (0, ())
    assert len(subjects(store)) == 2


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (dataclasses.replace(GOOGLE, given_name="Marie"), "another name"),
        (dataclasses.replace(GOOGLE, kind=SubjectKind.GUARDIAN), "another kind"),
        (dataclasses.replace(GOOGLE, national_id=OTHER_INE), "another national id"),
        (dataclasses.replace(GOOGLE, emails=("paul@c.example",), national_id=INE), "two people"),
    ],
)
def test_keys_that_contradict_each_other_are_reported_and_join_nothing(store, sealer, second, why):
    paul = person("Paul", "Roy", "2", emails=("paul@c.example",))
    bring(store, sealer, "siecle", SIECLE, paul)
    made = bring(store, sealer, "google", second)
    assert made.merged == 0
    (line,) = made.conflicts
    assert why in line
    assert "person 1," in line
    assert not any(secret in line for secret in ("Martin", "lea", "paul", INE))
    assert len(subjects(store)) == 3


def test_an_address_shared_within_one_roster_joins_nobody(store, sealer):
    twins = [person("Léa", "Martin", str(n), emails=("family@c.example",)) for n in (1, 2)]
    made = bring(store, sealer, "siecle", *twins)
    assert (made.adds, made.merged, len(made.conflicts)) == (2, 0, 1)
    assert len(subjects(store)) == 2
    assert bring(store, sealer, "siecle", *twins).unchanged == 2


def test_who_leaves_one_source_stays_active_in_the_other(store, sealer):
    bring(store, sealer, "siecle", SIECLE)
    bring(store, sealer, "google", GOOGLE)
    bring(store, sealer, "google", accept_shrink=True)
    counts = Index.build(store, sealer).counts()
    assert (counts.subjects, counts.leavers) == ({SubjectKind.PUPIL: 1}, 0)
    bring(store, sealer, "siecle", accept_shrink=True)
    counts = Index.build(store, sealer).counts()
    assert (dict(counts.subjects), counts.leavers) == ({}, 1)


def test_an_import_cut_short_goes_on_where_it_was(store, sealer):
    people = [person("A", f"B{n}", emails=(f"a{n}@c.example",)) for n in range(5000)]

    def cut():
        yield from people[:4500]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        importing.apply(cut, store, sealer, "s", roster=b"digest")
    assert store.directory_version() == 0
    assert list(store.values()) == []
    other = importing.apply(lambda: people[:10], store, sealer, "t", roster=b"other digest")
    assert (other.resumed, other.adds) == (0, 10)

    with pytest.raises(KeyboardInterrupt):
        importing.apply(cut, store, sealer, "s", roster=b"digest")
    made = importing.apply(lambda: people, store, sealer, "s", roster=b"digest")
    assert (made.resumed, made.adds, made.records) == (4000, 5000, 5000)
    assert len(list(store.subjects())) == 5010
    assert len({value.fingerprint for value in store.values()}) == len(list(store.values()))


def test_a_dry_run_changes_nothing(store, sealer):
    bring(store, sealer, "siecle", SIECLE)
    before = (list(store.values()), list(store.subjects()))
    made = importing.plan([GOOGLE], store, sealer, "google")
    assert (made.adds, made.merged) == (1, 1)
    assert (list(store.values()), list(store.subjects())) == before
    assert importing.plan([], store, sealer, "siecle").leavers == 1
