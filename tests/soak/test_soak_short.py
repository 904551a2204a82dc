"""The soak of ``make soak`` for seconds: it runs, and finds nothing wrong in so short a time."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.soak import Result, soak

pytestmark = pytest.mark.long


def test_mixed_traffic_for_a_while_leaves_everything_in_order(tmp_path: Path) -> None:
    result = soak(tmp_path, 20, pause=0.05)
    assert result.reloads >= 1
    assert len(result.times) > 100
    assert result.failures == []
    assert not [p for p in result.problems() if "descriptors" in p], result.summary()


def test_what_grows_is_told() -> None:
    """Or the half hour would show nothing."""
    steps = [(float(at), at) for at in range(100)]
    flat = [(float(at), 50) for at in range(100)]
    times = [(float(at), 0.01) for at in range(100)]
    assert Result(times=times, memory=flat, descriptors=flat).problems() == []
    assert "memory grew" in Result(times=times, memory=steps, descriptors=flat).problems()[0]
    assert "descriptors" in Result(times=times, memory=flat, descriptors=steps).problems()[0]
    late = [(float(at), 0.01 if at < 60 else 0.9) for at in range(100)]
    assert "p99" in Result(times=late, memory=flat, descriptors=flat).problems()[0]
