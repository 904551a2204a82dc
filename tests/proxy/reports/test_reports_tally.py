"""Counting a log: the numbers of the reports are the numbers of the log."""

from __future__ import annotations

import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from reports_scene import logs, make_site, write_log

from proxy.audit import Event, make_event
from proxy.reports import tally as tally_module
from proxy.reports.facts import read_facts
from proxy.reports.families import families
from proxy.reports.tally import Tally
from proxy.reports.transfers import transfers
from proxy.reports.year import year


def counted(log: list[Event], **options: str) -> Tally:
    tally = Tally(**options)
    for event in log:
        tally.add(event)
    return tally


@given(log=logs())
@settings(max_examples=80, deadline=None)
def test_every_way_of_counting_gives_every_event_once(log: list[Event]) -> None:
    tally = counted(log)
    assert tally.events == len(log) == tally.total().events
    for name in ("month", "type", "service", "group", "endpoint", "reason", "category"):
        split = tally.by(name)
        expected = Counter(
            str(event["time"])[:7] if name == "month" else event.get(name, "") for event in log
        )
        assert {key: amount.events for key, amount in split.items()} == expected
    kinds: Counter[str] = Counter()
    for event in log:
        kinds.update(event.get("counts", {}))  # type: ignore[call-overload]
    assert tally.total().kinds == kinds
    with_rules = [event for event in log if "rule" in event]
    assert sum(tally.rules.values()) == len(with_rules)


@given(log=logs(30))
@settings(max_examples=60, deadline=None)
def test_two_halves_of_a_period_add_up_to_it(log: list[Event]) -> None:
    before, after = counted(log, until="2026-06"), counted(log, since="2026-06")
    assert before.events + after.events == len(log)
    assert all(month < "2026-06" for month in before.by("month"))
    assert all(month >= "2026-06" for month in after.by("month"))


@given(log=logs(40))
@settings(max_examples=30, deadline=None)
def test_reports_say_the_numbers_of_the_log(
    log: list[Event], tmp_path_factory: pytest.TempPathFactory
) -> None:
    root = make_site(tmp_path_factory.getbasetemp() / "numbers")
    facts = read_facts(root, write_log(root / "log", log))

    def number(type: str, **fields: str) -> int:
        return sum(
            event["type"] == type and all(event.get(n) == v for n, v in fields.items())
            for event in log
        )

    for row in families(facts, "fr").data["services"]:
        service = row["service"]
        assert row["requests_pseudonymised"] == number("request-pseudonymised", service=service)
        assert row["requests_refused"] == number("request-refused", service=service)
        assert row["connections_unread"] == number("connection-tunnelled", service=service)
    for row in transfers(facts, "en").data["services"]:
        total = row["total"]
        assert total["unread"] == number("connection-tunnelled", service=row["service"])
        assert total["opaque"] == number("opaque-allowed", service=row["service"])
        assert total["identifiers"] == sum(
            sum(event["counts"].values())  # type: ignore[attr-defined]
            for event in log
            if event["type"] == "request-pseudonymised" and event["service"] == row["service"]
        )
    data = year(facts, "fr").data
    assert data["events"] == len(log)
    assert data["types"] == Counter(str(event["type"]) for event in log)
    assert sum(sum(types.values()) for types in data["months"].values()) == len(log)


def test_months_without_events_are_not_left_out() -> None:
    log: list[Any] = [
        {"type": "log-opened", "time": f"{m}-03T00:00:00.000Z"} for m in ("2025-11", "2026-02")
    ]
    assert counted(log).months() == ["2025-11", "2025-12", "2026-01", "2026-02"]
    assert counted([]).months() == []


@given(log=logs(40))
@settings(max_examples=30, deadline=None)
def test_nothing_is_lost_when_there_are_too_many_words(log: list[Event]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tally_module, "MOST_CELLS", 3)
        patch.setattr(tally_module, "MOST_RULES", 1)
        tally = counted(log)
    assert tally.total().events == len(log)
    assert {n: a.events for n, a in tally.by("type").items()} == Counter(
        str(event["type"]) for event in log
    )
    assert sum(tally.rules.values()) == sum("rule" in event for event in log)


def test_memory_does_not_grow_with_the_log(tmp_path: Path) -> None:
    one = make_event(
        "request-pseudonymised", service="cahier", policy="0" * 16, counts={"email": 1}, at=1.8e9
    )
    log = [one] * 1024
    small = write_log(tmp_path / "small", log)
    large = write_log(tmp_path / "large", log * 20)

    def peak(directory: Path) -> int:
        tracemalloc.start()
        Tally().read(directory)
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    peak(small)
    assert peak(large) < 1.5 * peak(small)
    assert Tally().read(large).total("request-pseudonymised").things == 20 * 1024
