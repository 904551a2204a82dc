"""A worker whose event loop is late for a while sheds what is new, and says when to come back."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from addons import load
from tests.faults.conftest import GET, Cloud, Stage, field
from tests.sim.raw_client import ConnectRefused
from tests.sim.raw_server import wait_for
from tests.sim.school import HOST, School


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway that is patient for a moment only."""
    school = School(tmp_path_factory.mktemp("lag"), 10)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        its = opened.worker.master.addons.get("crowd")._load
        its.traffic = replace(its.traffic, lag_time=0.15)
        yield Stage(school, cloud, opened)


class Busy:
    """Holds the worker's loop for 300 ms again and again, with room for others in between."""

    def __init__(self, stage: Stage) -> None:
        self._loop = stage.open.worker.master.event_loop
        self._on = True

    def __enter__(self) -> Busy:
        self._loop.call_soon_threadsafe(self._hold)
        return self

    def __exit__(self, *_: object) -> None:
        self._on = False

    def _hold(self) -> None:
        if self._on:
            time.sleep(0.3)
            self._loop.call_soon(self._hold)


def is_late(stage: Stage) -> bool:
    crowd = stage.open.worker.master.addons.get("crowd")
    return bool(crowd._load.is_too_much())


def test_a_loop_that_stays_late_sheds_with_503_and_recovers(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.5)
    with stage.open.client() as client:
        assert client.ask(GET)[0].startswith(b"HTTP/1.1 200 ")
        with Busy(stage):
            assert wait_for(lambda: is_late(stage), 10)
            head, body, _ = client.ask(GET)
            stage.assert_refused(head, body, 503, "overloaded")
            assert field(head, b"retry-after")
            with pytest.raises(ConnectRefused) as refused:
                stage.open.client()
            assert refused.value.answer.startswith(b"HTTP/1.1 503 ")
        assert wait_for(lambda: not is_late(stage), 10)
        assert client.ask(GET)[0].startswith(b"HTTP/1.1 200 ")


def test_one_long_moment_refuses_nobody(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "PATIENCE", 0.5)
    loop = stage.open.worker.master.event_loop
    loop.call_soon_threadsafe(time.sleep, 0.4)
    assert stage.ask(GET)[0].startswith(b"HTTP/1.1 200 ")
