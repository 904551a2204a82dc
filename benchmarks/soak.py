"""``make soak``: half an hour of mixed traffic, and what must stay flat while it lasts.

    python -m benchmarks.soak --minutes 30

HTTP/1, HTTP/2, WebSockets, uploads, event streams, blocked and refused requests, and a policy
that is reloaded now and then, through ``preau serve`` with two workers. At the end: the slope
of resident memory and of descriptors over the second half, p99 of its two halves, and the log
(no request failed, it verifies, it holds what was counted, nobody's name reached the service).
Exits 1 when one of them is wrong.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.chaos_oracle import Oracle
from tests.faults.conftest import post
from tests.sim.authority import client_context
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, RawServer
from tests.sim.school import BANK, HOST, SERVICE, SERVICE_YAML, TRACKER, School
from tests.sim.served import Served, replace
from tests.sim.ws_peers import WebSocketServer, connect_websocket

SOCKETS = "direct.nuage.example"
RELOAD_EVERY = 20.0
MEMORY = 0.10
"""By how much resident memory may grow over the second half."""
DESCRIPTORS = 24
"""How many descriptors more, on average, the second half may hold than the first."""
SLOWER = 2.0
"""By how much p99 of the second half may exceed that of the first; a busy machine does that."""


def serve(connection: RawConnection) -> None:
    """The service: an echo of sizes, and an event stream."""
    while (message := connection.read_message())[0]:
        if b"/events" in message[0]:
            lines = b"content-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
            connection.send(b"HTTP/1.1 200 OK\r\n" + lines)
            for number in range(5):
                event = b"data: %d\n\n" % number
                connection.send(b"%x\r\n%s\r\n" % (len(event), event))
            connection.send(b"0\r\n\r\n")
        else:
            connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@dataclass
class Result:
    """What was seen."""

    failures: list[str] = field(default_factory=list)
    times: list[tuple[float, float]] = field(default_factory=list)
    """When a request ended, and its seconds."""
    memory: list[tuple[float, int]] = field(default_factory=list)
    descriptors: list[tuple[float, int]] = field(default_factory=list)
    reloads: int = 0

    def halves(self, values: list[tuple[float, float]]) -> tuple[list[float], list[float]]:
        """Values of both halves, without the first fifth, in which everything warms up."""
        begin, end = values[0][0], values[-1][0]
        start = begin + (end - begin) / 5
        middle = (start + end) / 2
        warm = [(at, value) for at, value in values if at >= start]
        return [v for at, v in warm if at < middle], [v for at, v in warm if at >= middle]

    def problems(self) -> list[str]:
        """What did not stay flat, or failed."""
        found = list(self.failures[:5])
        before, after = map(statistics.fmean, self.halves([(a, float(n)) for a, n in self.memory]))
        if after > before * (1 + MEMORY):
            found.append(f"memory grew from {before / 1e6:.1f} to {after / 1e6:.1f} MB")
        first, second = map(
            statistics.fmean, self.halves([(a, float(n)) for a, n in self.descriptors])
        )
        if second > first + DESCRIPTORS:
            found.append(f"descriptors grew from {first:.0f} to {second:.0f}")
        early, late = map(p99, self.halves(self.times))
        if late > SLOWER * early + 0.05:
            found.append(f"p99 grew from {early * 1000:.0f} to {late * 1000:.0f} ms")
        return found

    def summary(self) -> str:
        """One line of figures."""
        early, late = map(p99, self.halves(self.times))
        return (
            f"{len(self.times)} requests, {len(self.failures)} failed, {self.reloads} reloads; "
            f"memory {self.memory[0][1] / 1e6:.1f} → {self.memory[-1][1] / 1e6:.1f} MB "
            f"({slope(self.memory) / 1e6:+.2f} MB a minute in the second half), "
            f"descriptors {self.descriptors[0][1]} → {self.descriptors[-1][1]} "
            f"({slope(self.descriptors):+.2f} a minute), "
            f"p99 {early * 1000:.0f} → {late * 1000:.0f} ms"
        )


def _reason(head: bytes) -> bytes:
    """Status line and reason of an answer that was not wanted."""
    named = [line for line in head.split(b"\r\n") if line.lower().startswith(b"x-preau-reason")]
    return b" ".join([head.split(b"\r\n")[0], *named])


def slope(samples: list[tuple[float, int]]) -> float:
    """Growth a minute over the second half, by least squares."""
    late = samples[len(samples) // 2 :]
    return statistics.linear_regression([at / 60 for at, _ in late], [n for _, n in late]).slope


def p99(values: list[float]) -> float:
    """The time that 99 of 100 stay below."""
    return statistics.quantiles(values, n=100)[98] if len(values) > 1 else values[0]


class Traffic:
    """Clients of every kind, one thread each, until stopped."""

    def __init__(self, school: School, ca: Path, port: int, pause: float) -> None:
        self._school, self._port, self._pause = school, port, pause
        self._h1 = client_context(ca.read_text())
        self._h2 = client_context(ca.read_text(), ("h2", "http/1.1"))
        self._end = threading.Event()
        self.result = Result()
        kinds = (self.http1, self.http2, self.sockets, self.upload, self.events, self.refused)
        self._threads = [
            threading.Thread(target=self._again, args=(kind,), daemon=True) for kind in kinds
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End, after what is under way."""
        self._end.set()
        for thread in self._threads:
            thread.join(20)

    def _again(self, kind: Callable[[], None]) -> None:
        while not self._end.is_set():
            try:
                kind()
            except Exception as error:
                self.result.failures.append(
                    f"{kind.__name__}: {type(error).__name__} {error}"[:200]
                )
                time.sleep(0.2)

    def _timed[T](self, work: Callable[[], T]) -> T:
        started = time.monotonic()
        done = work()
        now = time.monotonic()
        self.result.times.append((now, now - started))
        time.sleep(self._pause)
        return done

    def _ask(self, request: bytes, status: bytes, host: str = HOST, times: int = 20) -> None:
        with RawClient.connect(self._port, host, self._h1) as client:
            for _ in range(times):
                head = self._timed(lambda: client.ask(request)[0])
                assert head.startswith(b"HTTP/1.1 " + status), _reason(head)
                if b"connection: close" in head.lower():
                    return

    def _body(self, filler: int = 0) -> bytes:
        person = self._school.people[len(self.result.times) % len(self._school.people)]
        text = "Bien construit. " * filler
        return f'{{"student": {{"name": "{person.full_name}"}}, "note": "{text}"}}'.encode()

    def http1(self) -> None:
        """Classwork with somebody in it."""
        self._ask(post(self._body()), b"200")

    def upload(self) -> None:
        """A quarter of a megabyte."""
        self._ask(post(self._body(16_000)), b"200", times=2)

    def events(self) -> None:
        """An event stream."""
        self._ask(b"GET /v1/events HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode(), b"200", times=5)

    def refused(self) -> None:
        """A field that policy refuses, and a tracker."""
        self._ask(post(b'{"student": {"secret": "x"}}'), b"403", times=3)
        with RawClient.connect(self._port, TRACKER, self._h1) as client:
            request = b"GET /t.js HTTP/1.1\r\nhost: %s\r\n\r\n" % TRACKER.encode()
            assert self._timed(lambda: client.ask(request)[0]), "no answer in a tracker's place"

    def http2(self) -> None:
        """Five requests at a time on one connection."""
        fields = [(b"content-type", b"application/json")]
        with H2Client.connect(self._port, HOST, self._h2) as client:
            for _ in range(10):
                streams = [
                    client.request(HOST, "/v1/classwork", "POST", self._body(), fields)
                    for _ in range(5)
                ]
                answers = self._timed(lambda: [client.wait(one) for one in streams])  # noqa: B023
                assert all(answer.status == 200 for answer in answers)

    def sockets(self) -> None:
        """A conversation."""
        with connect_websocket(self._port, SOCKETS, self._h1) as socket:
            for _ in range(10):
                socket.send("bonjour")
                assert self._timed(lambda: socket.recv(10)) == "bonjour"


def processes(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def look(result: Result, pid: int) -> None:
    """Note resident memory and descriptors of all processes together."""
    memory = descriptors = 0
    for one in processes(pid):
        memory += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
        descriptors += len(os.listdir(f"/proc/{one}/fd"))
    result.memory.append((time.monotonic(), memory))
    result.descriptors.append((time.monotonic(), descriptors))


def soak(folder: Path, seconds: float, *, pause: float = 0.02, workers: int = 2) -> Result:
    """Drive, watch, judge. Raises ``AssertionError`` when the log does not hold."""
    school = School(folder, count=60)
    file = f"services/{SERVICE}.yaml"
    policy = SERVICE_YAML.replace(f"[{HOST}]", f"[{HOST}, {SOCKETS}]")
    school.write(file, policy)
    ca = school.write_ca(folder / "ca.pem")
    with (
        RawServer(serve, school.tls(HOST, BANK, TRACKER)) as cloud,
        WebSocketServer(school.tls(SOCKETS)) as sockets,
    ):
        names = dict.fromkeys((HOST, BANK, TRACKER), cloud.address) | {SOCKETS: sockets.address}
        with Served(school.root, names, workers=workers) as gateway:
            oracle = Oracle(
                school.root / "state/audit",
                lambda: gateway.get("/metrics")[1],
                lambda: b"",
                [],
            )
            traffic = Traffic(school, ca, gateway.port, pause)
            traffic.start()
            end, reload_at = time.monotonic() + seconds, time.monotonic() + RELOAD_EVERY / 4
            forbidden = [person.full_name.encode() for person in school.people]
            while time.monotonic() < end:
                time.sleep(min(0.5, seconds / 20))
                look(traffic.result, gateway.pid)
                _forget(cloud, forbidden, traffic.result)
                if time.monotonic() > reload_at:
                    traffic.result.reloads += 1
                    text = f"{policy}# version {traffic.result.reloads}\n"
                    replace(school.root / file, text.encode())
                    reload_at += RELOAD_EVERY
            traffic.stop()
            oracle.judge()
    return traffic.result


def _forget(cloud: RawServer, forbidden: list[bytes], result: Result) -> None:
    """Search what the service received for names, and let it go: half an hour of it is much."""
    for connection in list(cloud.connections):
        received = bytes(connection.received)
        result.failures += ["a name reached the service" for one in forbidden if one in received]
        if connection.ended.is_set():
            cloud.connections.remove(connection)


def main() -> int:
    """Run, print the figures and what was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        result = soak(Path(folder), minutes * 60)
    print(result.summary())
    problems = result.problems()
    for problem in problems:
        print(f"WRONG: {problem}", file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
