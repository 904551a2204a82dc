"""Reading back: filters, times, limits, and a line that is being written."""

from pathlib import Path

import pytest
from audit_adversary import open_log

from proxy.audit import make_event, query, serialise


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    with open_log(tmp_path) as log:
        for hour, reason in ((8, "no-sni"), (9, "ip-literal"), (10, "no-sni")):
            event = make_event(
                "request-refused", at=hour * 3600, reason=reason, incident=f"incident{hour}"
            )
            log.record_sync([event])
    return tmp_path / "audit"


def incidents(directory: Path, *arguments: object) -> list[object]:
    found = query(directory, *arguments)  # type: ignore[arg-type]
    return [one.event["incident"] for one in found if "incident" in one.event]


def test_filters_are_exact(directory: Path) -> None:
    assert incidents(directory, {"reason": "no-sni"}) == ["incident8", "incident10"]
    assert incidents(directory, {"reason": "no-sni", "incident": "incident10"}) == ["incident10"]
    assert incidents(directory, {"reason": "no"}) == []
    assert incidents(directory, {"reason": 'no-sni","x'}) == []


def test_times_bound_from_and_before(directory: Path) -> None:
    day = "1970-01-01T"
    assert incidents(directory, None, f"{day}09", f"{day}10") == ["incident9"]
    assert incidents(directory, None, "", f"{day}09:00:00.001Z") == ["incident8", "incident9"]


def test_a_limit_ends_the_reading(directory: Path) -> None:
    assert len(list(query(directory, limit=2))) == 2
    assert list(query(directory, limit=0)) == []


def test_a_line_that_is_being_written_is_left_out(directory: Path) -> None:
    before = list(query(directory))
    with (directory / "segments/00000000.jsonl").open("ab") as file:
        file.write(serialise(make_event("log-opened", size=1)))
    assert list(query(directory)) == before
    assert [one.index for one in before] == list(range(5))
