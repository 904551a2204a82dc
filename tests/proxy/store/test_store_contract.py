"""What every store promises, run against memory, SQLite and a real Redis."""

from __future__ import annotations

import os
import secrets
import threading
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.errors import StoreUnavailable
from proxy.kinds import Kind, SubjectKind
from proxy.store import (
    Change,
    Conflict,
    Known,
    Staging,
    Store,
    SubjectRecord,
    ValueRecord,
    open_store,
)
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
    assert list(store.values()) == list(store.subjects()) == []
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


def test_what_is_announced_expires(store: Store) -> None:
    store.announce("old", b"\x00\xff", -5)
    store.announce("new", b"\x00\xff", 30)
    assert store.announced() == {"new": b"\x00\xff"}
    store.announce("new", b"2", 30)
    assert store.announced() == {"new": b"2"}


def test_apply_inserts_replaces_and_forgets(store: Store) -> None:
    first, second = value(1), value(TOP, Kind.FULL_NAME)
    pupil, other = subject(7, 1, TOP), subject(8, 1)
    assert store.directory_apply(Change(0, (first, second), (pupil, other))) == 1
    assert set(store.values()) == {first, second}
    assert set(store.subjects()) == {pupil, other}
    assert store.get_values([TOP, 5, 1]) == [second, None, first]

    leaver = replace(pupil, active=False, schools=(), classes=(), values=())
    third = value(3)
    assert store.directory_apply(Change(1, (third,), (leaver,))) == 2
    assert set(store.values()) == {first, second, third}
    assert set(store.subjects()) == {leaver, other}

    assert store.directory_apply(Change(2, forget_values=(1,), forget_subjects=(7,))) == 3
    assert set(store.values()) == {second, third}
    assert store.get_values([1]) == [None]
    assert list(store.subjects()) == [other]
    assert store.directory_version() == 3

    assert store.directory_apply(Change(3, (value(9),), (subject(9, 9),))) == 4
    assert {record.ref for record in store.values()} == {TOP, 3, 9}
    assert {record.ref for record in store.subjects()} == {8, 9}


def test_a_change_from_an_old_version_changes_nothing(store: Store) -> None:
    store.directory_apply(Change(0, (value(1),)))
    for base in (0, 2):
        with pytest.raises(Conflict):
            store.directory_apply(Change(base, (value(2),), (subject(3, 2),)))
    assert [record.ref for record in store.values()] == [1]
    assert store.directory_version() == 1


def test_a_change_that_fails_half_way_changes_nothing(store: Store) -> None:
    bad = SubjectRecord(9, SubjectKind.STAFF, b"short", True, (), (), ())
    with pytest.raises(ValueError, match="16 bytes"):
        store.directory_apply(Change(0, (value(1),), (bad,)))
    assert store.directory_version() == 0
    assert list(store.values()) == []


def test_what_is_staged_is_nobodys_until_the_commit(store: Store) -> None:
    old, new = subject(7, 1), value(2)
    store.directory_apply(Change(0, (value(1),), (old,)))
    after = replace(old, values=(1, 2))
    with closing(store.staging(b"import")) as staging:
        staging.add((new,), (after, subject(8, 2)))
        assert staging.known([new.fingerprint, bytes(16)]) == [Known(2, 0), None]
        assert staging.kinds([2, 1, 3]) == [Kind.EMAIL, Kind.EMAIL, None]
        assert staging.records([old.source_key]) == [old]
        assert staging.staged([old.source_key, bytes(16)]) == [after, None]
        assert staging.records_of(7) == [after]
        assert [record.ref for record in store.values()] == [1]
        assert list(store.subjects()) == [old]
        assert store.directory_version() == 1
        assert staging.commit() == 2
    assert {record.ref for record in store.values()} == {1, 2}
    assert after in list(store.subjects())
    assert len(list(store.subjects())) == 2


def test_a_change_goes_on_under_its_token_and_no_other(store_url: str, opened: Store) -> None:
    def begin(token: bytes) -> Staging:
        again = open_store(store_url)
        stores.append(again)
        return again.staging(token)

    stores: list[Store] = []
    kept = value(1)
    for token, found in ((b"a", None), (b"a", Known(1, 0)), (b"b", None), (b"a", None)):
        with closing(begin(token)) as staging:
            assert staging.known([kept.fingerprint]) == [found]
            if token == b"a" and not found:
                staging.add((kept,), (subject(5, 1),))
    with closing(begin(b"a")) as staging:
        assert staging.known([kept.fingerprint]) == [Known(1, 0)]
        staging.discard()
        assert staging.known([kept.fingerprint]) == [None]
    assert list(opened.values()) == list(opened.subjects()) == []
    for again in stores:
        again.close()


def test_what_was_staged_on_an_old_version_is_dropped(store: Store) -> None:
    kept = value(1)
    with closing(store.staging(b"a")) as staging:
        staging.add((kept,), ())
    store.directory_apply(Change(0, (value(2),)))
    with closing(store.staging(b"a")) as staging:
        assert staging.base_version == 1
        assert staging.known([kept.fingerprint]) == [None]


def test_an_owner_and_a_digest_are_kept(store: Store) -> None:
    owned = value(1)._replace(owner=TOP)
    seen = replace(subject(TOP, 1), digest=b"12345678")
    with closing(store.staging(b"a")) as staging:
        staging.add((owned,), (seen,))
        assert staging.known([owned.fingerprint]) == [Known(1, TOP)]
        staging.commit()
    assert list(store.values()) == store.get_values([1]) == [owned]
    assert list(store.subjects()) == [seen]


def test_subjects_of_one_tag_and_values_in_shares(store: Store) -> None:
    tagged = [
        replace(subject(n), source_key=bytes([n % 3]) * 4 + bytes(11) + bytes([n]))
        for n in range(1, 60)
    ]
    store.directory_apply(Change(0, [value(n) for n in range(1, 101)], tagged))
    for tag in (b"\0" * 4, b"\1" * 4, b"\xff" * 4):
        expected = {record.ref for record in tagged if record.source_key.startswith(tag)}
        assert {record.ref for record in store.subjects(tag)} == expected
    shares = [[record.ref for record in store.values(part, 3)] for part in range(3)]
    assert sorted(ref for share in shares for ref in share) == list(range(1, 101))
    assert all(shares)


def test_of_concurrent_changes_exactly_one_lands(store_url: str, opened: Store) -> None:
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
    assert len({record.ref // 1000 for record in opened.values()}) == 1
    assert len(list(opened.values())) == 199


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
    first.directory_apply(Change(0, (record,), (pupil,)))
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
        lambda: list(store.subjects()),
        lambda: store.get_values([1]),
        lambda: store.staging(b""),
        lambda: store.directory_apply(Change(0)),
        lambda: store.get_meta("x"),
        lambda: store.set_meta("x", b""),
    ):
        with pytest.raises(StoreUnavailable):
            call()


def test_iteration_covers_a_large_directory(store: Store) -> None:
    records = [value(ref) for ref in range(1, 5001)]
    store.directory_apply(Change(0, records))
    assert {record.ref for record in store.values()} == set(range(1, 5001))
    assert [r and r.ref for r in store.get_values(range(4000, 5002))] == [*range(4000, 5001), None]


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
