"""Continuous export: nothing lost, nothing before its time, whatever the collector does."""

from __future__ import annotations

import json
import re
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from audit_adversary import ORIGIN, Adversary, open_log, sample_event
from outgoing_peers import Authority, SyslogCollector, Web

from proxy.audit import NoteError
from proxy.audit.export import (
    FORMATS,
    Cursor,
    Exporter,
    FileSink,
    Format,
    HttpSink,
    LogReader,
    Origin,
    Sink,
    SyslogSink,
)
from proxy.outbound import Outage, Place, StreamPlace

HOST = Origin(ORIGIN, "gw1")
INDEX = re.compile(rb'index="(\d+)"')


class Clock:
    """A clock that jumps when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("peers"))


def exporter(base: Path, sink: Sink, clock: Clock) -> Exporter:
    cursor = Cursor(base / "outgoing" / "siem.cursor", ORIGIN)
    return Exporter(LogReader(base / "audit"), sink, cursor, HOST, clock)


def drain(one: Exporter, clock: Clock) -> None:
    while one.step():
        pass
    clock.now += 60
    one.step()


def drain_twice(one: Exporter, clock: Clock) -> None:
    drain(one, clock)
    drain(one, clock)


def confirmed(base: Path) -> int:
    return Cursor(base / "outgoing" / "siem.cursor", ORIGIN).index


def syslog(peers: Authority, port: int) -> SyslogSink:
    return SyslogSink(StreamPlace("127.0.0.1", port, peers.pem), FORMATS[Format.CEF])


def indices(collector: SyslogCollector) -> list[int]:
    return [int(found[1]) for m in collector.messages if (found := INDEX.search(m))]


def test_every_event_arrives_over_tls_in_order(
    adversary: Adversary, tmp_path: Path, peers: Authority, clock: Clock
) -> None:
    collector = SyslogCollector(peers.context())
    drain(exporter(tmp_path, syslog(peers, collector.port), clock), clock)
    assert indices(collector) == list(range(3002))
    assert confirmed(tmp_path) == 3002
    assert all(m.startswith(b"<110>1 20") and b" gw1 preau - " in m for m in collector.messages)


@pytest.mark.parametrize("stall", [1, 700, 2500])
def test_what_a_killed_collector_did_not_read_is_sent_again(
    adversary: Adversary, tmp_path: Path, peers: Authority, clock: Clock, stall: int
) -> None:
    """The first collector reads ``stall`` messages, then dies with the rest in its buffers."""
    first = SyslogCollector(peers.context())
    first.stall_after = stall
    one = exporter(tmp_path, syslog(peers, first.port), clock)
    sent = one.step()
    until = time.monotonic() + 5
    while len(first.messages) < min(stall, 1024) and time.monotonic() < until:
        time.sleep(0.01)
    first.kill()
    clock.now += 60  # so that the first look at what was sent asks for its confirmation
    with pytest.raises(Outage):
        drain_twice(one, clock)
    assert sent
    assert confirmed(tmp_path) == 0
    second = SyslogCollector(peers.context(), first.port)
    drain(one, clock)
    assert indices(second) == list(range(3002))
    assert confirmed(tmp_path) == 3002


def test_after_a_restart_it_goes_on_behind_what_was_confirmed(
    tmp_path: Path, peers: Authority, clock: Clock
) -> None:
    collector = SyslogCollector(peers.context())
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(10)])
    drain(exporter(tmp_path, syslog(peers, collector.port), clock), clock)
    done = len(collector.messages)
    with open_log(tmp_path) as log:
        log.record_sync([sample_event(n) for n in range(10)])
    drain(exporter(tmp_path, syslog(peers, collector.port), clock), clock)
    assert indices(collector) == list(range(confirmed(tmp_path)))
    assert len(collector.messages) > done


def test_a_collector_with_the_wrong_certificate_gets_nothing(
    adversary: Adversary, tmp_path: Path, peers: Authority, clock: Clock
) -> None:
    for context in (peers.context("other.example"), Authority(tmp_path).context()):
        collector = SyslogCollector(context)
        with pytest.raises(Outage, match="certificate"):
            exporter(tmp_path, syslog(peers, collector.port), clock).step()
        assert collector.messages == []


def test_a_dead_collector_never_delays_the_log(
    tmp_path: Path, clock: Clock, free_port: Callable[[], int]
) -> None:
    sink = HttpSink(Place(f"http://127.0.0.1:{free_port()}"), FORMATS[Format.JSON])
    with open_log(tmp_path) as log:
        one = exporter(tmp_path, sink, clock)
        for number in range(20):
            log.record_sync([sample_event(number)])
            log.checkpoint()
            with pytest.raises(Outage):
                one.step()
        assert log.status().healthy
        assert one._sent == confirmed(tmp_path) == 0
        newest = LogReader(tmp_path / "audit").newest()
        assert newest is not None
        assert newest.size == 21  # the lag: on disk, nowhere in memory


def test_only_sealed_events_are_exported(tmp_path: Path, clock: Clock) -> None:
    """What no signed checkpoint covers could still be unmade by a power cut."""
    got: list[bytes] = []

    def take(method: str, path: str, headers: object, body: bytes) -> tuple[int, bytes]:
        got.append(body)
        return 204, b""

    with Web(take) as web, open_log(tmp_path) as log:
        one = exporter(tmp_path, HttpSink(Place(web.url), FORMATS[Format.JSON]), clock)
        log.record_sync([sample_event(1)])
        newest = LogReader(tmp_path / "audit").newest()
        assert newest is not None
        drain(one, clock)
        lines = b"".join(got).splitlines()
        after = LogReader(tmp_path / "audit").newest()
        assert after is not None
        assert newest.size <= len(lines) <= after.size
        log.checkpoint()
        drain(one, clock)
        lines = b"".join(got).splitlines()
    assert [json.loads(line)["index"] for line in lines] == list(range(2))
    stored = (tmp_path / "audit" / "segments" / "00000000.jsonl").read_bytes().splitlines()
    signed = [line[line.index(b'"event":') + 8 : -1] for line in lines]
    assert signed == stored[:2]  # byte for byte what was signed


def test_a_log_rolled_back_stops_the_export_with_an_alarm(
    adversary: Adversary, tmp_path: Path, clock: Clock
) -> None:
    Cursor(tmp_path / "outgoing" / "siem.cursor", ORIGIN).advance(99999)
    sink = FileSink(tmp_path / "out", FORMATS[Format.CEF], 10**9, 3)
    with pytest.raises(NoteError, match="rolled back"):
        exporter(tmp_path, sink, clock).step()


def test_what_retention_took_away_is_passed_over(
    adversary: Adversary, tmp_path: Path, clock: Clock
) -> None:
    """Segments gone from the front, single lines blanked: as pruning leaves a log."""
    adversary.layout.segment(0).unlink()
    lines = adversary.lines(1)
    adversary.put(1, [b"" if place % 3 == 0 else line for place, line in enumerate(lines)])
    path = tmp_path / "out"
    drain(exporter(tmp_path, FileSink(path, FORMATS[Format.JSON], 10**9, 1), clock), clock)
    found = [json.loads(line)["index"] for line in file_lines(path)]
    assert found == [n for n in range(1024, 3002) if n >= 2048 or (n - 1024) % 3]
    assert confirmed(tmp_path) == 3002


def test_another_log_begins_at_its_first_event(tmp_path: Path) -> None:
    path = tmp_path / "x.cursor"
    Cursor(path, "one.example").advance(7)
    assert Cursor(path, "one.example").index == 7
    assert Cursor(path, "two.example").index == 0
    path.write_text("{}")
    with pytest.raises(NoteError, match="delete it"):
        Cursor(path, "one.example")


def file_lines(path: Path) -> Iterator[bytes]:
    rotated = sorted(path.parent.glob(f"{path.name}.*"), key=lambda p: -int(p.suffix[1:]))
    for file in (*rotated, path):
        yield from file.read_bytes().splitlines()


def test_a_file_is_rotated_between_lines_and_a_torn_line_is_cut(
    adversary: Adversary, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "siem" / "events.jsonl"
    path.parent.mkdir()
    path.write_bytes(b'{"half of a line that a crash le')
    sink = FileSink(path, FORMATS[Format.JSON], rotate=150_000, keep=9)
    drain(exporter(tmp_path, sink, clock), clock)
    assert len(list(path.parent.iterdir())) > 2
    assert [json.loads(line)["index"] for line in file_lines(path)] == list(range(3002))


def test_full_files_beyond_those_kept_are_dropped(
    adversary: Adversary, tmp_path: Path, clock: Clock
) -> None:
    path = tmp_path / "siem" / "events"
    drain(exporter(tmp_path, FileSink(path, FORMATS[Format.CEF], 1, 1), clock), clock)
    assert sorted(p.name for p in path.parent.iterdir()) == ["events", "events.1"]


def test_a_redirect_is_not_followed(adversary: Adversary, tmp_path: Path, clock: Clock) -> None:
    with Web(lambda *_: (307, b"")) as web:
        one = exporter(tmp_path, HttpSink(Place(web.url), FORMATS[Format.OCSF]), clock)
        with pytest.raises(Outage, match="307"):
            one.step()


def test_tls_contexts_verify(peers: Authority) -> None:
    from proxy.outbound import tls_context

    context = tls_context(peers.pem, None)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
