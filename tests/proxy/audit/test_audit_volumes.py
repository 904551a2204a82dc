"""Bytes are counted for everybody together, and only told when that says nothing of one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.audit import Event
from proxy.audit.volumes import DAY, EVERY, FEW, Volumes
from proxy.errors import AuditUnavailable

ADDED = st.lists(
    st.tuples(
        st.sampled_from(["cloud", "mail", ""]),
        st.integers(0, 3),
        st.integers(0, 10**7),
        st.integers(0, 10**7),
        st.booleans(),
    ),
    max_size=30,
)


class Clock:
    """Time that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def told(volumes: Volumes, **options: Any) -> list[Event]:
    found: list[Event] = []
    volumes.tell("0" * 16, found.extend, **options)
    return found


@given(added=ADDED)
def test_what_was_added_is_told_once_and_no_byte_of_it_exactly(
    added: list[tuple[str, int, int, int, bool]],
) -> None:
    volumes = Volumes(Clock())
    for service, count, sent, received, unread in added:
        volumes.add(service, count, sent, received, unread=unread)
    events = told(volumes, all=True)
    assert told(volumes, all=True) == []
    for event in events:
        assert event["type"] == "traffic-counted"
        mine = [
            one
            for one in added
            if (one[0], one[4]) == (event.get("service", ""), event.get("action") == "tunnel")
        ]
        assert event["count"] == sum(one[1] for one in mine)
        for name, place in (("sent", 2), ("received", 3)):
            true, said = sum(int(one[place]) for one in mine), int(str(event[name]))
            assert said % 1024 == 0
            assert true <= said < true + 1024
    assert len(events) == len({(one[0], one[4]) for one in added})


def test_few_requests_wait_for_others_and_a_day_at_most() -> None:
    clock = Clock()
    volumes = Volumes(clock)
    for _ in range(FEW - 1):
        volumes.add("cloud", 1, 5000, 5000)
    clock.now += EVERY
    assert told(volumes) == []
    volumes.add("cloud", 1, 5000, 5000)
    assert [one["count"] for one in told(volumes)] == [FEW]
    volumes.add("cloud", 1, 5000, 5000)
    clock.now += DAY - 1
    assert told(volumes) == []
    clock.now += 1
    assert [one["count"] for one in told(volumes)] == [1]


def test_many_at_once_wait_for_the_time() -> None:
    clock = Clock()
    volumes = Volumes(clock)
    volumes.add("cloud", 1000, 1, 1)
    assert told(volumes) == []
    clock.now += EVERY
    assert [one["count"] for one in told(volumes)] == [1000]


def test_what_cannot_be_recorded_is_told_later() -> None:
    volumes = Volumes(Clock())
    volumes.add("cloud", 2, 10, 20)

    def broken(_events: list[Event]) -> None:
        raise AuditUnavailable("audit log: no space left")

    with pytest.raises(AuditUnavailable):
        volumes.tell("0" * 16, broken, all=True)
    assert [one["count"] for one in told(volumes, all=True)] == [2]
