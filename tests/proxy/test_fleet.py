"""Do gateways agree: who differs, since when, under which names."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy import fleet
from proxy.errors import StoreUnavailable
from proxy.fleet import Part, Split, Standing
from proxy.metrics import Metrics
from proxy.sharing import Sharing
from proxy.store.memory import MemoryStore

GOOD = {Part.POLICY: "p1", Part.LISTS: "l1", Part.DIRECTORY: "7"}


def standing(name: str, policy: str, since: float) -> Standing:
    return Standing(name, {Part.POLICY: (policy, since), Part.DIRECTORY: ("7", 1.0)})


def test_a_split_begins_when_the_first_takes_the_new_value() -> None:
    three = [standing("a", "p2", 100), standing("b", "p2", 160), standing("c", "p1", 5)]
    assert fleet.splits(three) == [Split(Part.POLICY, 100, ("c",))]
    assert fleet.splits([*three[:2], standing("c", "p2", 300)]) == []


def test_on_a_tie_who_has_not_moved_differs() -> None:
    two = [standing("a", "p1", 5), standing("b", "p2", 100)]
    assert fleet.splits(two) == [Split(Part.POLICY, 100, ("a",))]


@given(st.lists(st.tuples(st.sampled_from("pqr"), st.floats(0, 1e9)), max_size=10))
def test_gateways_agree_exactly_when_all_run_the_same(held: list[tuple[str, float]]) -> None:
    all_of_them = [standing(f"g{n}", *each) for n, each in enumerate(held)]
    found = fleet.splits(all_of_them)
    assert bool(found) == (len({value for value, _ in held}) > 1)
    for split in found:
        assert 0 < len(split.apart) < len(held)
        assert split.since in {since for _, since in held}


@given(st.dictionaries(st.sampled_from(Part), st.tuples(st.text(), st.floats(0, 1e9))))
def test_a_note_is_read_as_it_was_written(values: dict[Part, tuple[str, float]]) -> None:
    made = Standing("a.b", values)
    assert fleet.read({"a.b": made.note()}) == [made]


@given(st.binary())
def test_a_note_of_another_release_hides_nobody(note: bytes) -> None:
    good = standing("b", "p1", 5)
    assert good in fleet.read({"a": note, "b": good.note()})


def test_a_machine_keeps_its_name_and_its_workers_have_their_own(tmp_path: Path) -> None:
    names: list[str] = []
    threads = [
        threading.Thread(target=lambda: names.append(fleet.worker_name(tmp_path / "state")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({name.partition(".")[0] for name in names}) == 1
    assert all(re.fullmatch(r"[0-9a-f]{8}\.[0-9a-f]{4}", name) for name in names)
    assert [p.name for p in (tmp_path / "state").iterdir()] == ["gateway-id"]


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_who_shares_a_store_sees_that_another_differs() -> None:
    store, metrics = MemoryStore(), Metrics()
    one, two = Sharing(store, metrics, "aa.1"), Sharing(store, Metrics(), "bb.1")
    one.tick(GOOD)
    two.tick({**GOOD, Part.LISTS: "l2"})
    one._announced = float("-inf")
    one.tick(GOOD)
    assert value(metrics, "preau_fleet_gateways") == 2
    assert (value(metrics, "preau_fleet_split_seconds", part="lists") or 0) > 0
    assert value(metrics, "preau_fleet_split_seconds", part="policy") == 0
    two.tick(GOOD)
    one._announced = float("-inf")
    one.tick(GOOD)
    assert value(metrics, "preau_fleet_split_seconds", part="lists") == 0


def test_a_store_that_is_gone_hides_no_moment_of_change() -> None:
    store = MemoryStore()
    sharing = Sharing(store, Metrics(), "aa.1")
    sharing.tick(GOOD)
    store.close()
    sharing.tick({**GOOD, Part.POLICY: "p2"})
    moment = sharing._standing.values[Part.POLICY]
    sharing.tick({**GOOD, Part.POLICY: "p2"})
    assert sharing._standing.values[Part.POLICY] == moment
    with pytest.raises(StoreUnavailable):
        store.announced()
