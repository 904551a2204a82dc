"""Events that may come late to the disk: written before their waiter is told, flushed soon."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from proxy.audit import AuditLog, Event, make_event, query, verify
from proxy.audit.events import LATE
from proxy.errors import AuditUnavailable

type Logs = Callable[..., AuditLog]
type MakeEvent = Callable[..., Event]


def restored(number: int = 0) -> Event:
    return make_event(
        "answer-restored",
        service="google-classroom",
        policy="0123456789abcdef",
        count=number,
        counts={"full_name": 1},
    )


@pytest.fixture
def flushes(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When the segments were flushed."""
    seen: list[float] = []
    real = os.fdatasync

    def counted(descriptor: int) -> None:
        real(descriptor)
        seen.append(time.monotonic())

    monkeypatch.setattr(os, "fdatasync", counted)
    return seen


def written(base: Path) -> int:
    return sum(b"answer-restored" in p.read_bytes() for p in (base / "audit/segments").iterdir())


def test_only_what_lets_no_identity_leave_may_come_late() -> None:
    assert {"answer-restored", "privacy-filtered"} == LATE


def test_it_is_written_when_told_and_flushed_soon(
    tmp_path: Path, logs: Logs, flushes: list[float]
) -> None:
    log = logs(tmp_path)
    flushes.clear()
    asyncio.run(log.record([restored()]))
    told, already = time.monotonic(), list(flushes)
    assert written(tmp_path) == 1
    assert already == []
    while not flushes:
        assert time.monotonic() < told + 2
        time.sleep(0.005)
    time.sleep(0.2)
    assert len(flushes) == 1


def test_a_request_event_beside_it_makes_both_durable(
    tmp_path: Path, logs: Logs, event: MakeEvent, flushes: list[float]
) -> None:
    log = logs(tmp_path)
    flushes.clear()
    asyncio.run(log.record([restored(), event()]))
    assert len(flushes) == 1


def test_a_later_durable_event_flushes_what_came_before_it(
    tmp_path: Path, logs: Logs, event: MakeEvent, flushes: list[float]
) -> None:
    log = logs(tmp_path)
    flushes.clear()

    async def both() -> None:
        await log.record([restored()])
        await log.record([event()])

    asyncio.run(both())
    assert 1 <= len(flushes) <= 2
    count = len(flushes)
    time.sleep(0.15)
    assert len(flushes) == count  # nothing was left to flush


def test_a_checkpoint_never_covers_what_is_not_on_the_disk(
    tmp_path: Path, logs: Logs, flushes: list[float]
) -> None:
    log = logs(tmp_path)
    flushes.clear()
    asyncio.run(log.record([restored()]))
    log.checkpoint()
    assert flushes
    assert verify(tmp_path / "audit").unsealed == 0


def test_a_flush_that_fails_afterwards_fails_the_log_until_it_is_well(
    tmp_path: Path, logs: Logs, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    real, broken = os.fdatasync, [True]

    def fail(descriptor: int) -> None:
        if broken:
            raise OSError(5, "Input/output error")
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", fail)
    asyncio.run(log.record([restored(1)]))
    until = time.monotonic() + 2
    while log.status().healthy:
        assert time.monotonic() < until
        time.sleep(0.005)
    broken.clear()
    time.sleep(0.25)
    log.record_sync([event(2)])
    log.close()
    assert [one.event["count"] for one in query(tmp_path / "audit", {"type": "answer-restored"})]
    assert verify(tmp_path / "audit").ok


def test_another_process_may_send_it_late_too(
    tmp_path: Path, logs: Logs, flushes: list[float]
) -> None:
    logs(tmp_path)
    client = logs(tmp_path)
    assert client.status().role == "client"
    flushes.clear()
    asyncio.run(client.record([restored()]))
    assert written(tmp_path) == 1
    assert flushes == []


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from audit_adversary import open_log
from test_audit_late import restored

async def work():
    log = open_log(Path(sys.argv[1]))
    for number in range(50):
        await log.record([restored(number)])
    os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(work())
"""


def test_killed_at_once_loses_no_late_event(tmp_path: Path, logs: Logs) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-c", KILLED, str(tmp_path), str(here), str(here.parents[2])]
    assert subprocess.run(command, check=False, timeout=60).returncode == -9
    logs(tmp_path).close()
    found = query(tmp_path / "audit", {"type": "answer-restored"})
    assert [one.event["count"] for one in found] == list(range(50))
    assert verify(tmp_path / "audit").ok


def test_an_idle_log_answers_it_without_a_turn_of_the_loop(tmp_path: Path, logs: Logs) -> None:
    log = logs(tmp_path)
    time.sleep(0.1)  # its opening is recorded and sealed
    with pytest.raises(StopIteration) as answered:
        log.record([restored()]).send(None)
    assert answered.value.value == log.status().size - 1
    until = time.monotonic() + 3
    while verify(tmp_path / "audit").unsealed:  # the sleeping thread was woken for it
        assert time.monotonic() < until
        time.sleep(0.05)


def test_while_the_disk_is_busy_it_waits_its_turn(
    tmp_path: Path, logs: Logs, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    real, entered, release = os.fdatasync, threading.Event(), threading.Event()

    def slow(descriptor: int) -> None:
        entered.set()
        release.wait(5)
        real(descriptor)

    monkeypatch.setattr(os, "fdatasync", slow)

    async def both() -> tuple[int, int]:
        first = asyncio.create_task(log.record([event()]))
        await asyncio.to_thread(entered.wait)
        second = asyncio.create_task(log.record([restored()]))
        await asyncio.sleep(0.05)
        assert not second.done()
        release.set()
        return await first, await second

    first, second = asyncio.run(both())
    assert second == first + 1


def test_mixed_events_from_many_sides_each_have_their_own_index(
    tmp_path: Path, logs: Logs, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    indexes: list[int] = []

    async def side(number: int) -> None:
        for turn in range(150):
            one = restored(turn) if (turn + number) % 3 else event(turn)
            indexes.append(await log.record([one]))

    async def all_sides() -> None:
        await asyncio.gather(*map(side, range(6)))

    def in_a_thread() -> None:
        asyncio.run(all_sides())

    threads = [threading.Thread(target=in_a_thread) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(indexes)) == len(indexes) == 1800
    log.close()
    assert verify(tmp_path / "audit").ok


def test_a_write_that_fails_half_way_refuses_and_recovers(
    tmp_path: Path, logs: Logs, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    time.sleep(0.1)
    real, broken = os.write, [True]

    def torn(descriptor: int, data: bytes) -> int:
        if broken and b"answer-restored" in bytes(data):
            real(descriptor, bytes(data)[:20])
            raise OSError(28, "No space left on device")
        return real(descriptor, data)

    monkeypatch.setattr(os, "write", torn)
    with pytest.raises(AuditUnavailable):
        asyncio.run(log.record([restored()]))
    broken.clear()
    time.sleep(0.3)
    log.record_sync([event(2)])
    asyncio.run(log.record([restored(3)]))
    log.close()
    found = query(tmp_path / "audit", {"type": "answer-restored"})
    assert [one.event["count"] for one in found] == [3]
    assert verify(tmp_path / "audit").ok
