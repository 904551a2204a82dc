"""What a report says of a year does not change when its events are deleted."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from audit_adversary import open_log

from proxy.audit import make_event, prune, query, serialise, verify
from proxy.audit import pruning as module
from proxy.audit.events import TYPES, rfc3339
from proxy.audit.figures import sizes_in_force
from proxy.audit.layout import Layout
from proxy.audit.retention import class_of
from proxy.reports.tally import Tally
from proxy.retention import EventClass

NOW, MONTH = 1_760_000_000.0, 30 * 86_400.0
POLICY = "0123456789abcdef"


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A log of ten months, whose events come in every month."""
    with open_log(tmp_path) as log:
        for month in range(10):
            at = NOW - (10 - month) * MONTH
            lines = [serialise(one) for n in range(80) for one in events(at + n * 20_000, n)]
            log.append(lines).result(5)
    return tmp_path


def events(at: float, number: int) -> list[Any]:
    service: dict[str, Any] = {"at": at, "policy": POLICY, "service": f"s{number % 3}"}
    client = {"client": f"{number:016x}", "group": ("pupils", "staff")[number % 2]}
    return [
        make_event(
            "request-pseudonymised", counts={"full_name": number % 4 + 1}, **service, **client
        ),
        make_event("parameters-stripped", count=number + 1, **service),
        make_event("tracker-blocked", rule="a.txt:1", category="ads", list="a", **service),
        make_event("request-refused", reason="objection", incident=f"abcdef-{number}", **service),
        make_event("traffic-counted", count=number, sent=1024, received=2048, **service),
        make_event("admin-act", act="check", at=at),
    ]


def cutoffs(before: float) -> dict[str, str]:
    return {type: rfc3339(0 if class_of(type) is EventClass.FIGURES else before) for type in TYPES}


def pruned(base: Path, before: float = NOW - 4 * MONTH) -> int:
    with open_log(base) as log:
        return prune(base / "audit", log, cutoffs(before)).deleted


LIFE = ("events-counted", "log-")


def counted(base: Path) -> dict[tuple[str, ...], tuple[Any, ...]]:
    """All that a report on a year may say, but for the life of the log itself."""
    found: dict[tuple[str, ...], list[Any]] = {}
    for cell, amount in Tally().read(base / "audit").cells.items():
        if cell.type.startswith(LIFE):
            continue
        key = (cell.month, cell.type, cell.service, cell.group, cell.reason, cell.category)
        row = found.setdefault(key, [0, 0, Counter(), 0, 0])
        for place, more in enumerate((amount.events, amount.things, amount.kinds)):
            row[place] += more
        row[3] += amount.sent
        row[4] += amount.received
    return {key: tuple(row) for key, row in found.items()}


def test_a_pruned_log_is_counted_as_it_was(base: Path) -> None:
    before = counted(base)
    assert pruned(base) > 2000
    assert counted(base) == before
    assert verify(base / "audit").ok
    assert pruned(base, NOW - 2 * MONTH) > 500
    assert counted(base) == before


def test_no_client_is_in_what_is_left(base: Path) -> None:
    pruned(base, NOW)
    left = list(query(base / "audit", {"type": "events-counted"}))
    assert left
    assert not any({"client", "incident", "endpoint", "rule"} & one.event.keys() for one in left)


@pytest.mark.parametrize("step", ["_event", "prove", "write_frontier", "finish"])
def test_a_crash_on_the_way_counts_nothing_twice(
    base: Path, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = counted(base)
    with monkeypatch.context() as patch:
        calls = iter(range(2))

        def dying(*arguments: Any, **options: Any) -> Any:
            if step == "finish" and next(calls) == 0:  # the first finishes the last pruning
                return None
            raise OSError("killed")

        patch.setattr(module, step, dying)
        with pytest.raises(OSError, match="killed"):
            pruned(base)
    assert counted(base) == before
    pruned(base)
    assert counted(base) == before
    if step != "finish":
        assert len(sizes_in_force(Layout(base / "audit"))) == 1


def test_only_whole_months_of_the_period_are_taken_from_what_is_left(base: Path) -> None:
    pruned(base, NOW)
    whole = Tally("2025-03", "2025-05").read(base / "audit")
    assert set(whole.months()) == {"2025-03", "2025-04"}
    cut = Tally("2025-03-02", "2025-05").read(base / "audit")
    assert cut.deleted < whole.deleted
