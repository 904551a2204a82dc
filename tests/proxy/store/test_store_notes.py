"""Notes: one contract for the stores in memory, SQLite and Redis."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest

from proxy.errors import StoreUnavailable
from proxy.store import Store, open_store

TOP = 2**64 - 1


def test_notes_are_found_by_kind_and_reference(store: Store) -> None:
    notes = store.notes
    assert notes.version() == 0
    assert notes.get("o", [1, TOP]) == [None, None]
    notes.put("o", {1: b"one", TOP: b"top"})
    notes.put("p", {1: b"other"})
    assert notes.version() == 2
    assert notes.get("o", [TOP, 7, 1]) == [b"top", None, b"one"]
    assert sorted(notes.every("o")) == [(1, b"one"), (TOP, b"top")]
    notes.put("o", {1: b"", 2: b"two"})
    assert sorted(notes.every("o")) == [(2, b"two"), (TOP, b"top")]
    assert notes.get("p", [1]) == [b"other"]
    assert list(notes.every("x")) == []


def test_merging_sees_what_is_there_and_is_no_new_version(store: Store) -> None:
    notes = store.notes
    notes.put("s", {5: b"5"})
    seen = []

    def merge(before: list[bytes | None]) -> list[bytes]:
        seen.append(before)
        return [b"a", b"b", b""]

    notes.merge("s", [5, 6, 7], merge)
    assert seen == [[b"5", None, None]]
    assert notes.get("s", [5, 6, 7]) == [b"a", b"b", None]
    assert notes.version() == 1


def test_nobody_loses_anothers_figures(store_url: str) -> None:
    """Two processes' worth of connections count the same note up, fifty times each."""

    def count() -> None:
        with closing(open_store(store_url)) as mine:
            for _ in range(50):
                mine.notes.merge("s", [1], lambda b: [b"%d" % (int(b[0] or 0) + 1)])

    threads = [threading.Thread(target=count) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with closing(open_store(store_url)) as store:
        assert store.notes.get("s", [1]) == [b"100"]


def test_notes_survive_and_a_closed_store_says_so(store_url: str) -> None:
    with closing(open_store(store_url)) as store:
        store.notes.put("t", {9: b"x"})
    with closing(open_store(store_url)) as store:
        assert store.notes.get("t", [9]) == [b"x"]
    with pytest.raises(StoreUnavailable):
        store.notes.get("t", [9])
    with pytest.raises(StoreUnavailable):
        store.notes.put("t", {9: b""})
