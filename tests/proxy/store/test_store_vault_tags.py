"""The vault's tags, by every store: who used a value last, forgetting, expiry."""

from __future__ import annotations

import threading
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy.store import Store, open_store
from proxy.store.memory import MemoryStore

TOP = (1 << 64) - 1


def test_a_tag_keeps_its_latest_day(store: Store) -> None:
    store.vault_put(TOP, b"a", (7, TOP), 100)
    store.vault_put(TOP, b"ignored", (7,), 120)
    store.vault_put(5, b"b", (7,), 90)
    assert store.vault_get([TOP]) == [b"a"]
    pairs = [(TOP, 7), (TOP, TOP), (5, 7), (5, TOP), (6, 7)]
    assert store.vault_days(pairs) == [120, 100, 90, 0, 0]
    assert sorted(store.vault_tagged(7)) == [5, TOP]
    assert store.vault_tagged(8) == store.vault_days([]) == []


def test_what_is_forgotten_leaves_no_row_and_no_tag(store: Store) -> None:
    for ref in range(1, 6):
        store.vault_put(ref, b"x", (1, ref), 50)
    store.vault_forget([2, 4, 99])
    assert store.vault_get(range(1, 6)) == [b"x", None, b"x", None, b"x"]
    assert sorted(store.vault_tagged(1)) == [1, 3, 5]
    assert store.vault_days([(2, 2), (3, 3)]) == [0, 50]


def test_a_value_expires_with_its_last_tag(store: Store) -> None:
    store.vault_put(1, b"kept for ever")
    for ref in range(2, 2400):
        store.vault_put(ref, b"old", (1,), 10)
    store.vault_put(2400, b"used by two", (1,), 10)
    store.vault_put(2400, b"used by two", (2,), 30)
    assert store.vault_expire(10) == 0
    assert store.vault_expire(20) == 2398
    assert store.vault_get([1, 2, 2399, 2400]) == [b"kept for ever", None, None, b"used by two"]
    assert store.vault_days([(2400, 1), (2400, 2)]) == [0, 30]
    assert store.vault_expire(20) == 0


ops = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(1, 4), st.integers(1, 3), st.integers(1, 9)),
        st.tuples(st.just("forget"), st.integers(1, 4), st.just(0), st.just(0)),
        st.tuples(st.just("expire"), st.just(0), st.just(0), st.integers(1, 10)),
    ),
    max_size=25,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ops)
def test_sqlite_answers_as_the_model_does(tmp_path: Path, steps: list) -> None:
    model, store = MemoryStore(), open_store(f"sqlite:{tmp_path}/site.db")
    store.vault_forget(range(1, 5))
    for name, ref, tag, day in steps:
        if name == "put":
            model.vault_put(ref, b"%d" % ref, (tag,), day)
            store.vault_put(ref, b"%d" % ref, (tag,), day)
        elif name == "forget":
            model.vault_forget([ref])
            store.vault_forget([ref])
        else:
            assert store.vault_expire(day) == model.vault_expire(day)
    pairs = [(ref, tag) for ref in range(1, 5) for tag in range(1, 4)]
    assert store.vault_days(pairs) == model.vault_days(pairs)
    assert store.vault_get(range(1, 5)) == model.vault_get(range(1, 5))
    store.close()


def test_expiry_does_not_take_what_is_used_meanwhile(store: Store) -> None:
    for ref in range(1, 200):
        store.vault_put(ref, b"x", (1,), 10)
    for ref in range(1, 200, 2):
        store.vault_put(ref, b"x", (1,), 100)
    done: list[int] = []
    thread = threading.Thread(target=lambda: done.append(store.vault_expire(50)))
    thread.start()
    for ref in range(500, 600):
        store.vault_put(ref, b"new", (1,), 100)
    thread.join()
    assert done == [99]
    assert None not in store.vault_get([*range(1, 200, 2), *range(500, 600)])
