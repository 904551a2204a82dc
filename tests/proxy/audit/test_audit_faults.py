"""Disks that fail: full, read-only, broken, taken away. Refused, then well again."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from proxy.audit import AuditLog, Event, query, verify
from proxy.errors import AuditUnavailable

type Logs = Callable[..., AuditLog]
type MakeEvent = Callable[..., Event]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 256 KiB of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root; the file size limit below stands in for it")
    place = tmp_path / "disk"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "preau-test", str(place)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("this machine does not let tests mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(log: AuditLog, event: MakeEvent) -> list[int]:
    """Record until refused; what was acknowledged."""
    done: list[int] = []
    try:
        for start in range(0, 100_000, 10):
            log.record_sync([event(number) for number in range(start, start + 10)])
            done += range(start, start + 10)
    except AuditUnavailable as error:
        assert "space" in str(error)  # noqa: PT017 - it must be refused after many successes
        return done
    raise AssertionError("the disk never filled")


def recorded(base: Path) -> list[int]:
    found = query(base / "audit", {"type": "request-pseudonymised"})
    return [int(str(one.event["count"])) for one in found]


def well_again(log: AuditLog, event: MakeEvent) -> None:
    until = time.monotonic() + 5
    while True:
        try:
            log.record_sync([event(999_999)])
            return
        except AuditUnavailable:
            assert time.monotonic() < until
            time.sleep(0.05)


def test_a_full_disk_refuses_and_recovers_by_itself(
    small_disk: Path, tmp_path: Path, logs: Logs, event: MakeEvent
) -> None:
    (small_disk / "keys").mkdir()
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(120 * 1024))
    log = logs(small_disk)
    done = fill(log, event)
    assert not log.status().healthy
    with pytest.raises(AuditUnavailable):
        log.record_sync([event()])
    ballast.unlink()
    well_again(log, event)
    assert log.status().healthy
    log.close()
    assert recorded(small_disk) == [*done, 999_999]  # not one that was refused
    assert verify(small_disk / "audit").problems == []


def test_a_read_only_disk_refuses_and_recovers(
    small_disk: Path, logs: Logs, event: MakeEvent
) -> None:
    logs(small_disk).close()
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(AuditUnavailable, match="Read-only"):
        logs(small_disk)
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    logs(small_disk).record_sync([event()])


LIMITED = """
import resource, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from audit_adversary import open_log, sample_event
from proxy.errors import AuditUnavailable
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
log = open_log(Path(sys.argv[1]))
resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, resource.RLIM_INFINITY))
done = 0
try:
    while done < 5000:
        log.record_sync([sample_event(done)])
        done += 1
except AuditUnavailable as error:
    print(done, "refused", str(error))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
import time; time.sleep(0.3)
log.record_sync([sample_event(done)])
log.close()
"""


def test_a_file_size_limit_refuses_and_recovers(tmp_path: Path) -> None:
    here = Path(__file__).parent
    command = [sys.executable, "-c", LIMITED, str(tmp_path), str(here), str(here.parents[2])]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    done = int(told.split()[0])
    assert "refused audit-unavailable" in told
    assert 100 < done < 5000
    assert recorded(tmp_path) == list(range(done + 1))
    (repaired,) = query(tmp_path / "audit", {"type": "log-repaired"})
    assert repaired.event["dropped_bytes"] != 0
    assert verify(tmp_path / "audit").ok


@pytest.mark.parametrize("call", ["fdatasync", "write"])
def test_an_input_output_error_refuses_every_waiter_and_recovers(
    tmp_path: Path, logs: Logs, event: MakeEvent, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    log = logs(tmp_path)
    log.record_sync([event(1)])
    real = getattr(os, call)
    broken = True

    def fail(*arguments: object) -> object:
        if broken:
            raise OSError(errno.EIO, "Input/output error")
        return real(*arguments)

    monkeypatch.setattr(os, call, fail)
    futures = [log.append([b'{"type":"lost"}']) for _ in range(5)]
    for future in futures:
        with pytest.raises(AuditUnavailable):
            future.result(5)
    assert "Input/output" in log.status().failure
    broken = False
    well_again(log, event)
    log.close()
    assert recorded(tmp_path) == [1, 999_999]
    assert not any(query(tmp_path / "audit", {"type": "lost"}))
    assert verify(tmp_path / "audit").ok


def test_a_slow_disk_is_waited_for_within_the_deadline_and_no_longer(
    tmp_path: Path, logs: Logs, event: MakeEvent, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slow is served, and in groups; slower than the deadline is refused; then well again."""
    flush, delay, flushes = os.fdatasync, [0.02], [0]

    def slow(file: int) -> None:
        flushes[0] += 1
        time.sleep(delay[0])
        flush(file)

    log = logs(tmp_path, deadline=0.5)
    log.record_sync([event(0)])
    monkeypatch.setattr(os, "fdatasync", slow)
    flushes[0] = 0
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda number: log.record_sync([event(number)]), range(1, 161)))
    assert flushes[0] <= 80  # 160 waits in few flushes: a slow disk costs its delay, not a queue
    delay[0] = 2.0
    began = time.monotonic()
    with pytest.raises(AuditUnavailable):
        log.record_sync([event(161)])
    assert 0.4 < time.monotonic() - began < 1.9  # refused before the disk came back
    delay[0] = 0.0
    well_again(log, event)
    log.close()
    found = recorded(tmp_path)
    assert set(range(161)) <= set(found)
    assert verify(tmp_path / "audit").problems == []


def test_a_directory_that_is_a_file_refuses(tmp_path: Path, logs: Logs) -> None:
    (tmp_path / "audit").write_text("in the way")
    with pytest.raises(AuditUnavailable):
        logs(tmp_path)


def test_a_segment_folder_taken_away_refuses_at_the_next_segment(
    tmp_path: Path, logs: Logs, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    log.record_sync([event(number) for number in range(1000)])
    (tmp_path / "audit/segments").rename(tmp_path / "elsewhere")
    (tmp_path / "audit/segments").write_text("in the way")
    with pytest.raises(AuditUnavailable):
        log.record_sync([event()])
    (tmp_path / "audit/segments").unlink()
    (tmp_path / "elsewhere").rename(tmp_path / "audit/segments")
    well_again(log, event)
    log.close()
    assert verify(tmp_path / "audit").ok


def test_a_deleted_log_is_not_begun_again_under_our_feet(
    tmp_path: Path, logs: Logs, event: MakeEvent
) -> None:
    log = logs(tmp_path)
    log.record_sync([event()])
    shutil.rmtree(tmp_path / "audit")
    for _ in range(2):
        with pytest.raises(AuditUnavailable):
            log.record_sync([event()])
        time.sleep(0.25)
    assert "gone" in log.status().failure


@pytest.mark.parametrize("how", ["appended", "cut"])
def test_a_file_that_others_change_while_it_is_open_refuses(
    tmp_path: Path, logs: Logs, event: MakeEvent, how: str
) -> None:
    log = logs(tmp_path)
    log.record_sync([event(1)])
    log.checkpoint()
    path = tmp_path / "audit/segments/00000000.jsonl"
    if how == "appended":
        with path.open("ab") as file:
            file.write(b'{"type":"forged"}\n')
        with pytest.raises(AuditUnavailable, match="another program"):
            log.record_sync([event(2)])
        well_again(log, event)
        assert not any(query(tmp_path / "audit", {"type": "forged"}))
    else:
        os.truncate(path, 10)
        for _ in range(2):
            with pytest.raises(AuditUnavailable):
                log.record_sync([event(2)])
            time.sleep(0.25)
        assert "sealed" in log.status().failure
