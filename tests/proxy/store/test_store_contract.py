"""What every store promises, run against SQLite and a real Redis."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.store import Change, Conflict, Store, SubjectRecord, ValueRecord, open_store
from proxy.store.records import pack_subject, to_signed, to_unsigned, unpack_subject

TOP = (1 << 64) - 1


def value(ref: int, kind: Kind = Kind.EMAIL) -> ValueRecord:
    return ValueRecord(ref, kind, secrets.token_bytes(16), secrets.token_bytes(40))


def subject(ref: int, *values: int) -> SubjectRecord:
    return SubjectRecord(
        ref, SubjectKind.PUPIL, secrets.token_bytes(16), True, ("0750001A",), ("3e B", "L2"), values
    )


def test_a_new_store_is_empty(store: Store) -> None:
    store.ping()
    assert store.directory_version() == 0
    assert list(store.values()) == list(store.keys()) == list(store.subjects()) == []
    assert store.vault_get([1, TOP]) == [None, None]
    assert store.get_meta("nothing") is None


def test_vault_keeps_the_first_value_and_answers_in_order(store: Store) -> None:
    store.vault_put(TOP, b"first")
    store.vault_put(TOP, b"second")
    store.vault_put(1, b"\x00\xff")
    assert store.vault_get([1, 5, TOP, 1]) == [b"\x00\xff", None, b"first", b"\x00\xff"]
    assert store.vault_get([]) == []


def test_vault_answers_more_than_one_chunk(store: Store) -> None:
    refs = list(range(1, 2300))
    for ref in refs:
        store.vault_put(ref, b"%d" % ref)
    assert store.vault_get(refs[::-1]) == [b"%d" % ref for ref in refs[::-1]]


def test_meta_is_replaced(store: Store) -> None:
    store.set_meta("key-check", b"\x01")
    store.set_meta("key-check", b"\x02\x00")
    assert store.get_meta("key-check") == b"\x02\x00"


def test_apply_inserts_replaces_and_forgets(store: Store) -> None:
    first, second = value(1), value(TOP, Kind.FULL_NAME)
    pupil = subject(7, 1, TOP)
    change = Change(0, (first, second), ((1, b"k1"), (TOP, b"k2")), (pupil,))
    assert store.directory_apply(change) == 1
    assert set(store.values()) == {first, second}
    assert dict(store.keys()) == {1: b"k1", TOP: b"k2"}
    assert list(store.subjects()) == [pupil]

    leaver = replace(pupil, active=False, schools=(), classes=(), values=())
    renamed = replace(first, sealed=b"other")
    assert store.directory_apply(Change(1, (renamed,), ((1, b"k3"),), (leaver,))) == 2
    assert set(store.values()) == {renamed, second}
    assert dict(store.keys()) == {1: b"k3", TOP: b"k2"}
    assert list(store.subjects()) == [leaver]

    assert store.directory_apply(Change(2, forget_values=(1,), forget_subjects=(7,))) == 3
    assert list(store.values()) == [second]
    assert dict(store.keys()) == {TOP: b"k2"}
    assert list(store.subjects()) == []
    assert store.directory_version() == 3


def test_a_change_from_an_old_version_changes_nothing(store: Store) -> None:
    store.directory_apply(Change(0, (value(1),)))
    for base in (0, 2):
        with pytest.raises(Conflict):
            store.directory_apply(Change(base, (value(2),), ((2, b"k"),), (subject(3, 2),)))
    assert [record.ref for record in store.values()] == [1]
    assert store.directory_version() == 1


def test_a_change_that_fails_half_way_changes_nothing(store: Store) -> None:
    bad = SubjectRecord(9, SubjectKind.STAFF, b"short", True, (), (), ())
    with pytest.raises(ValueError, match="16 bytes"):
        store.directory_apply(Change(0, (value(1),), ((1, b"k"),), (bad,)))
    assert store.directory_version() == 0
    assert list(store.values()) == list(store.keys()) == []


def test_of_concurrent_changes_exactly_one_lands(store_url: str, store: Store) -> None:
    stores = [open_store(store_url) for _ in range(4)]
    outcomes: list[str] = []

    def attempt(own: Store, base: int) -> None:
        try:
            own.directory_apply(Change(0, [value(base * 1000 + i) for i in range(1, 200)]))
            outcomes.append("landed")
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=attempt, args=(s, i)) for i, s in enumerate(stores)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for own in stores:
        own.close()
    assert sorted(outcomes) == ["conflict"] * 3 + ["landed"]
    assert len({record.ref // 1000 for record in store.values()}) == 1
    assert len(list(store.values())) == 199


def test_threads_share_one_store(store: Store) -> None:
    errors: list[BaseException] = []

    def work(base: int) -> None:
        try:
            for i in range(60):
                store.vault_put(base + i, b"%d" % (base + i))
                assert store.vault_get([base + i]) == [b"%d" % (base + i)]
                store.directory_version()
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(1 + 1000 * n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert None not in store.vault_get([1 + 1000 * n + i for n in range(6) for i in range(60)])


def test_another_process_opens_what_the_first_wrote(store_url: str) -> None:
    first = open_store(store_url)
    record, pupil = value(TOP), subject(2, TOP)
    first.directory_apply(Change(0, (record,), ((TOP, b"k"),), (pupil,)))
    first.vault_put(3, b"sealed")
    first.close()
    again = open_store(store_url)
    assert list(again.values()) == [record]
    assert list(again.subjects()) == [pupil]
    assert again.vault_get([3]) == [b"sealed"]
    assert again.directory_version() == 1
    again.close()


def test_processes_write_the_vault_together(store_url: str) -> None:
    children = []
    for n in range(3):
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                own = open_store(store_url)
                for i in range(100):
                    own.vault_put(1 + n * 100 + i, b"%d" % n)
                own.close()
                status = 0
            finally:
                os._exit(status)
        children.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
    store = open_store(store_url)
    assert None not in store.vault_get(range(1, 301))
    store.close()


def test_a_closed_store_refuses(store_url: str) -> None:
    store = open_store(store_url)
    store.close()
    store.close()
    for call in (
        store.ping,
        store.directory_version,
        lambda: store.vault_put(1, b""),
        lambda: store.vault_get([1]),
        lambda: list(store.values()),
        lambda: store.directory_apply(Change(0)),
        lambda: store.get_meta("x"),
        lambda: store.set_meta("x", b""),
    ):
        with pytest.raises(StoreUnavailable):
            call()


def test_iteration_covers_a_large_directory(store: Store) -> None:
    records = [value(ref) for ref in range(1, 5001)]
    store.directory_apply(Change(0, records, [(r.ref, b"k") for r in records]))
    assert {record.ref for record in store.values()} == set(range(1, 5001))
    assert len(dict(store.keys())) == 5000


names = st.lists(
    st.text(st.characters(exclude_characters="\x1f", exclude_categories=["Cs"])), max_size=4
).map(tuple)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(1, TOP),
    st.sampled_from(SubjectKind),
    st.binary(min_size=16, max_size=16),
    st.booleans(),
    names,
    names,
    st.lists(st.integers(1, TOP), max_size=5).map(tuple),
)
def test_subjects_survive_packing(ref, kind, source, active, schools, classes, values) -> None:
    record = SubjectRecord(ref, kind, source, active, schools, classes, values)
    assert unpack_subject(ref, pack_subject(record)) == record


@given(st.integers(0, TOP))
def test_signed_references_round_trip(ref: int) -> None:
    assert -(1 << 63) <= to_signed(ref) < 1 << 63
    assert to_unsigned(to_signed(ref)) == ref
