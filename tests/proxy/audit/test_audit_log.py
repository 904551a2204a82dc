"""Recording: acknowledged means on disk; late, cancelled and orphaned waiters."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from proxy.audit import (
    AuditLog,
    AuditTampered,
    Event,
    open_audit,
    query,
    running_checkpoint,
    verify,
)
from proxy.audit._ipc import Client
from proxy.audit._writer import Pending
from proxy.errors import AuditUnavailable, KeysUnavailable

type Logs = Callable[..., AuditLog]
type MakeEvent = Callable[..., Event]


def types(base: Path) -> list[str]:
    return [str(found.event["type"]) for found in query(base / "audit")]


def counts(base: Path) -> list[int]:
    found = query(base / "audit", {"type": "request-pseudonymised"})
    return [int(str(one.event["count"])) for one in found]


def test_an_acknowledged_event_is_in_the_file(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    log = logs(tmp_path, gateway="gw1")
    index = log.record_sync([event(1), event(2)])
    lines = (tmp_path / "audit/segments/00000000.jsonl").read_bytes().splitlines()
    assert [json.loads(line)["count"] for line in lines[index : index + 2]] == [1, 2]


def test_a_log_tells_its_own_life(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    logs(tmp_path, gateway="gw1").close()
    log = logs(tmp_path, gateway="gw1")
    log.record_sync([event()])
    log.close()
    life = ["log-opened", "log-sealed", "log-opened", "request-pseudonymised", "log-sealed"]
    assert types(tmp_path) == life
    report = verify(tmp_path / "audit")
    assert (report.ok, report.unsealed) == (True, 0)


def test_many_async_waiters_share_commits(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    commits: list[int] = []
    log = logs(tmp_path, observer=lambda lines, seconds: commits.append(lines))

    async def crowd() -> list[int]:
        return await asyncio.gather(*(log.record([event(number)]) for number in range(500)))

    indexes = asyncio.run(crowd())
    assert sorted(indexes) == list(range(1, 501))
    assert sum(commits) == 500
    assert len(commits) < 250
    written = counts(tmp_path)
    assert all(written[index - 1] == number for number, index in enumerate(indexes))


def test_order_of_recording_is_order_in_the_log(
    logs: Logs, tmp_path: Path, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    futures = [
        log.append([json.dumps({"type": "request-pseudonymised", "count": n}).encode()])
        for n in range(3000)
    ]
    assert [future.result(5) for future in futures] == list(range(1, 3001))
    log.close()
    assert verify(tmp_path / "audit").ok
    found = [json.loads(one.line).get("count") for one in query(tmp_path / "audit")]
    assert found[1:-1] == list(range(3000))


def test_two_event_loops_may_record(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    log = logs(tmp_path)

    async def few() -> None:
        for number in range(20):
            await log.record([event(number)])

    threads = [threading.Thread(target=lambda: asyncio.run(few())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(counts(tmp_path)) == 60


def test_a_checkpoint_follows_within_a_second(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    log = logs(tmp_path)
    log.record_sync([event()])
    until = time.monotonic() + 3
    while verify(tmp_path / "audit").unsealed and time.monotonic() < until:
        time.sleep(0.05)
    assert verify(tmp_path / "audit").unsealed == 0


class SlowDisk:
    """Makes every flush of a segment wait until released."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.release = threading.Event()
        self.entered = threading.Event()
        real = os.fdatasync

        def slow(descriptor: int) -> None:
            self.entered.set()
            self.release.wait(10)
            real(descriptor)

        monkeypatch.setattr(os, "fdatasync", slow)


def test_a_waiter_is_refused_at_its_deadline(
    logs: Logs, tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path, deadline=0.2)
    disk = SlowDisk(monkeypatch)
    with pytest.raises(AuditUnavailable, match="in time"):
        log.record_sync([event(1)])
    with pytest.raises(AuditUnavailable, match="in time"):
        asyncio.run(log.record([event(2)]))
    disk.release.set()
    log.record_sync([event(3)], timeout=5)
    # 1 was on its way already; 2 was taken back before it was written.
    assert counts(tmp_path) == [1, 3]


def test_a_cancelled_wait_takes_its_event_back(
    logs: Logs, tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    disk = SlowDisk(monkeypatch)

    async def scene() -> None:
        first = asyncio.create_task(log.record([event(1)]))
        await asyncio.to_thread(disk.entered.wait, 5)
        second = asyncio.create_task(log.record([event(2)]))
        await asyncio.sleep(0.05)
        second.cancel()
        await asyncio.gather(second, return_exceptions=True)
        disk.release.set()
        await first

    asyncio.run(scene())
    log.record_sync([event(3)])
    assert counts(tmp_path) == [1, 3]


def test_a_long_queue_refuses_at_once(
    logs: Logs, tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    disk = SlowDisk(monkeypatch)
    line = b'{"type":"x"}'
    first = log.append([line])
    assert disk.entered.wait(5)
    waiting = log.append([line] * 65536)
    refused = log.append([line])
    with pytest.raises(AuditUnavailable, match="too many"):
        refused.result(0)
    disk.release.set()
    assert first.result(10) < waiting.result(10)


def test_a_closed_log_refuses(logs: Logs, tmp_path: Path, event: MakeEvent) -> None:
    log = logs(tmp_path)
    log.close()
    log.close()
    assert log.status().role == "closed"
    with pytest.raises(AuditUnavailable):
        log.record_sync([event()])


@pytest.mark.parametrize("line", [b"", b"{}\n{}", b"x" * 65536])
def test_what_is_not_one_line_is_not_appended(logs: Logs, tmp_path: Path, line: bytes) -> None:
    with pytest.raises(ValueError, match="without newline"):
        logs(tmp_path).append([line])


def test_a_moved_clock_is_recorded(
    logs: Logs, tmp_path: Path, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = logs(tmp_path)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() - 3600)
    log.record_sync([event()])
    log.record_sync([event()])
    told = [str(one.event["time"]) for one in query(tmp_path / "audit")]
    times = [datetime.fromisoformat(time).timestamp() for time in told]
    # An event is stamped when it is made: the writer's own may stand before it, made later.
    assert all(later > earlier - 1 for earlier, later in itertools.pairwise(times))
    (jump,) = query(tmp_path / "audit", {"type": "clock-jump"})
    assert -3_600_100 < int(str(jump.event["milliseconds"])) < -3_599_900


def test_keys_are_made_once_and_private(logs: Logs, tmp_path: Path) -> None:
    logs(tmp_path).close()
    key = tmp_path / "keys" / "audit.pem"
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    logs(tmp_path).close()
    assert key.read_bytes() == before
    key.chmod(0o644)
    with pytest.raises(KeysUnavailable, match="chmod"):
        logs(tmp_path)
    key.unlink()
    with pytest.raises(KeysUnavailable):  # never a new key for an old log
        logs(tmp_path)


def test_another_key_or_origin_does_not_write_on(logs: Logs, tmp_path: Path) -> None:
    logs(tmp_path).close()
    with pytest.raises(AuditTampered, match="does not lead"):
        open_audit(
            tmp_path / "audit", key_path=tmp_path / "keys/audit.pem", origin="preau.example/else"
        )


# -- other processes ---------------------------------------------------------------------

CHILD = """
import sys, time
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from audit_adversary import open_log, sample_event
log = open_log(Path(sys.argv[1]), deadline=5)
print(log.status().role, flush=True)
for line in sys.stdin:
    log.record_sync([sample_event(int(line))])
    print("ok", line.strip(), flush=True)
log.close()
"""


def child(base: Path) -> subprocess.Popen[str]:
    here = Path(__file__).parent
    return subprocess.Popen(
        [sys.executable, "-c", CHILD, str(base), str(here), str(here.parents[2])],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def say(process: subprocess.Popen[str], number: int) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(f"{number}\n")
    process.stdin.flush()
    return process.stdout.readline()


def role(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_another_process_records_through_the_writer(
    logs: Logs, tmp_path: Path, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    other = child(tmp_path)
    assert role(other) == "client"
    assert say(other, 41) == "ok 41\n"
    log.record_sync([event(42)])
    assert say(other, 43) == "ok 43\n"
    other.communicate()
    assert counts(tmp_path) == [41, 42, 43]
    assert (tmp_path / "audit/socket").stat().st_mode & 0o777 == 0o600


def test_clients_carry_on_when_the_writer_is_killed(
    logs: Logs, tmp_path: Path, event: MakeEvent
) -> None:
    writer = child(tmp_path)
    assert role(writer) == "writer"
    log = logs(tmp_path, deadline=5)
    assert log.status().role == "client"
    assert say(writer, 1) == "ok 1\n"
    log.record_sync([event(2)])
    writer.kill()
    writer.communicate()
    log.record_sync([event(3)])
    assert log.status().role == "writer"
    third = child(tmp_path)
    assert role(third) == "client"
    assert say(third, 4) == "ok 4\n"
    third.communicate()
    log.close()
    assert counts(tmp_path) == [1, 2, 3, 4]
    assert verify(tmp_path / "audit").ok


def test_what_was_unanswered_at_the_writers_death_is_sent_again(
    logs: Logs, tmp_path: Path, event: MakeEvent
) -> None:
    writer = child(tmp_path)
    assert role(writer) == "writer"
    log = logs(tmp_path, deadline=10)
    os.kill(writer.pid, signal.SIGSTOP)  # it holds the lock and answers nothing
    os.waitpid(writer.pid, os.WUNTRACED)
    future = log.append([b'{"count":7,"type":"request-pseudonymised"}'])
    time.sleep(0.1)
    assert not future.done()
    writer.kill()
    writer.communicate()
    assert future.result(10) >= 0
    assert 7 in counts(tmp_path)


def test_a_checkpoint_can_be_had_from_the_running_writer(
    logs: Logs, tmp_path: Path, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    log.record_sync([event()])
    note = running_checkpoint(tmp_path / "audit")
    assert note is not None
    assert note.split("\n")[1] == "2"
    assert log.checkpoint() == note
    log.close()
    assert running_checkpoint(tmp_path / "audit") is None


@pytest.mark.parametrize(
    "lines", [[b""], [b"not json"], [b'{"a":1}', b""], [b"{" + b" " * 65535 + b"}"]]
)
def test_malformed_messages_end_the_connection_and_nothing_else(
    logs: Logs, tmp_path: Path, event: MakeEvent, lines: list[bytes]
) -> None:
    log = logs(tmp_path)
    lost: list[Any] = []
    gone = threading.Event()

    def on_lost(rest: list[Pending]) -> None:
        lost.extend(rest)
        gone.set()

    client = Client(tmp_path / "audit", on_lost)
    pending = Pending(lines, lambda index, error: None)
    assert client.submit(pending)
    assert gone.wait(5)
    assert lost == [pending]
    assert not client.submit(pending)
    assert log.record_sync([event(5)]) == 1
    assert counts(tmp_path) == [5]


def test_a_client_in_a_hurry_loses_nothing(logs: Logs, tmp_path: Path) -> None:
    """More than the socket's buffer holds: what does not fit waits its turn, in order."""
    logs(tmp_path)
    client = Client(tmp_path / "audit", lambda rest: None)
    answers: list[int] = []
    enough = threading.Event()

    def done(index: int, error: AuditUnavailable | None) -> None:
        answers.append(index)
        if len(answers) == 2000:
            enough.set()

    line = b'{"x":"%s"}' % (b"y" * 1000)
    for _ in range(2000):
        assert client.submit(Pending([line], done))
    assert enough.wait(10)
    client.close()
    assert answers == list(range(1, 2001))
