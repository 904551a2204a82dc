"""Whoever is slow, many or loud is refused with a reason, and everybody else is served."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator

import h2.errors
import pytest
from hyperframe.frame import (
    ContinuationFrame,
    DataFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
)

from tests.faults.conftest import GET, Cloud, Stage, field, reply
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import ConnectRefused, RawClient, open_tunnel
from tests.sim.raw_server import OK, RawConnection, wait_for
from tests.sim.school import HOST, SITE_YAML, School

LIMITS = """\
limits:
  connections: 12
  connections_of_address: 10
  connections_to_host: 6
  requests: 4
  held: 300 kB
  handshake_time: 1 s
  head_time: 1 s
  body_time: 1 s
  slowest: 2 kB
  connect_time: 1 s
  answer_time: 1 s
  unread_time: 1 s
  idle_time: 3 s
  header_fields: 50
  h2_streams: 8
  h2_resets: 20
  h2_control_frames: 100
  streamed: 16 MiB
"""


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A gateway whose limits are reached in a moment."""
    school = School(tmp_path_factory.mktemp("limits"), 20, site=SITE_YAML + LIMITS)
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


@pytest.fixture
def stage(limited: Stage) -> Stage:
    """With a blank memory, and nobody connected any more."""
    limited.cloud.reset()
    assert wait_for(lambda: metric(limited, "preau_connections_open") == 0)
    return limited


def metric(stage: Stage, name: str) -> float:
    for line in stage.open.runtime.metrics.render().decode().splitlines():
        if line.startswith(name + " "):
            return float(line.split()[1])
    raise AssertionError(name)


def refusals(stage: Stage, reason: str) -> float:
    return metric(stage, f'preau_refusals_total{{reason="{reason}"}}')


def seconds_until_end(client: RawConnection) -> float:
    started = time.monotonic()
    while client.read():
        pass
    assert not client.timed_out, "hangs"
    return time.monotonic() - started


def plain(stage: Stage) -> RawClient:
    return RawClient(socket.create_connection(("127.0.0.1", stage.open.port), 10))


def silent(connection: RawConnection) -> None:
    """A service that reads and never answers."""
    while connection.read():
        pass


# --- how many ---


def test_one_address_has_so_many_connections_and_the_next_is_told_when_to_come_back(
    stage: Stage,
) -> None:
    before = refusals(stage, "too-many-connections")
    with contextlib.ExitStack() as stack:
        for _ in range(10):
            stack.enter_context(plain(stage))
        assert wait_for(lambda: metric(stage, "preau_connections_open") == 10)
        with plain(stage) as one_too_many:
            while one_too_many.read():
                pass
        assert one_too_many.received.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nretry-after: " in one_too_many.received
        assert b"\r\nx-preau-reason: too-many-connections\r\n" in one_too_many.received
    assert refusals(stage, "too-many-connections") == before + 1
    assert wait_for(
        lambda: bool(stage.events(type="connection-denied", reason="too-many-connections"))
    )
    assert wait_for(lambda: metric(stage, "preau_connections_open") == 0)
    assert stage.ask(GET)[0].startswith(b"HTTP/1.1 200 ")


def test_one_host_has_so_many_connections(stage: Stage) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(6):
            stack.enter_context(contextlib.closing(open_tunnel(stage.open.port, HOST, None)))
        with pytest.raises(ConnectRefused) as refused:
            open_tunnel(stage.open.port, HOST, None)
        assert b" 503 " in refused.value.answer.split(b"\r\n")[0]
        assert b"too-many-connections" in refused.value.answer
        assert b"retry-after: " in refused.value.answer
        other = open_tunnel(stage.open.port, "autre.example", None)
        other.close()
    assert wait_for(lambda: metric(stage, "preau_connections_open") == 0)
    assert stage.ask(GET)[0].startswith(b"HTTP/1.1 200 ")


def test_more_requests_than_may_be_in_flight_are_shed_with_503(stage: Stage) -> None:
    stage.cloud.script = silent
    with stage.open.h2_client() as client:
        waiting = [client.request(HOST, "/v1/x") for _ in range(4)]
        assert wait_for(lambda: stage.cloud.everything.count(b"GET /v1/x") == 4)
        shed = client.wait(client.request(HOST, "/v1/x"))
        assert shed.status == 503
        assert shed.header(b"x-preau-reason") == b"overloaded"
        assert shed.header(b"retry-after")
        for stream in waiting:
            assert client.wait(stream).status == 504
    incident = (shed.header(b"x-preau-incident") or b"").decode()
    assert wait_for(lambda: bool(stage.events(incident=incident)))


def test_bodies_hold_no_more_memory_than_they_may(stage: Stage) -> None:
    head = b"POST /v1/x HTTP/1.1\r\nhost: %s\r\ncontent-length: 400000\r\n\r\n" % HOST.encode()
    with stage.open.client() as client, stage.open.client() as other:
        other.send(head + b"a" * 250_000)
        assert wait_for(lambda: metric(stage, "preau_held_bytes") >= 250_000)
        answer, body, _ = client.ask(head + b"a" * 100_000)
        stage.assert_refused(answer, body, 503, "overloaded")
        assert field(answer, b"retry-after")
        assert client.is_torn()
    assert wait_for(lambda: metric(stage, "preau_held_bytes") == 0)
    assert stage.cloud.everything == b""


# --- how slow ---


def test_who_says_nothing_is_let_go(stage: Stage) -> None:
    with plain(stage) as client:
        assert seconds_until_end(client) < 4
    with RawClient(open_tunnel(stage.open.port, HOST, None)) as client:
        assert seconds_until_end(client) < 4
    assert refusals(stage, "request-late") >= 2
    assert wait_for(lambda: bool(stage.events(type="connection-denied", reason="request-late")))


def drip(client: RawClient, data: bytes, every: float = 0.2) -> threading.Event:
    """Send a byte at a time in the background, until told to stop."""
    stop = threading.Event()

    def run() -> None:
        for byte in data:
            if stop.wait(every):
                return
            client.send(bytes([byte]))

    threading.Thread(target=run, daemon=True).start()
    return stop


@pytest.mark.parametrize("first", [b"", GET], ids=["first request", "later request"])
def test_a_head_that_drips_is_ended(stage: Stage, first: bytes) -> None:
    with stage.open.client() as client:
        if first:
            assert client.ask(first)[0].startswith(b"HTTP/1.1 200 ")
        stop = drip(client, b"GET / HTTP/1.1\r\nhost: %s\r\nx: %s" % (HOST.encode(), b"a" * 99))
        assert seconds_until_end(client) < 5
        stop.set()


@pytest.mark.parametrize(
    "head",
    [b"content-length: 5000\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n1000\r\n"],
    ids=["length", "chunked"],
)
def test_a_body_that_drips_gets_408(stage: Stage, head: bytes) -> None:
    with stage.open.client() as client:
        client.send(b"POST /v1/x HTTP/1.1\r\nhost: %s\r\n%s" % (HOST.encode(), head))
        stop = drip(client, b"a" * 99)
        answer, body, _ = client.read_message()
        stop.set()
        stage.assert_refused(answer, body, 408, "request-late")
        assert seconds_until_end(client) < 1
    assert stage.cloud.everything == b""


def test_a_refused_body_that_drips_ends_too(stage: Stage) -> None:
    head = b"POST /v1/x HTTP/1.1\r\nhost: autre.example\r\ncontent-length: 5000\r\n\r\n"
    with stage.open.client() as client:
        client.send(head)
        stop = drip(client, b"a" * 99)
        assert seconds_until_end(client) < 5
        stop.set()


def test_a_body_that_is_slow_but_not_too_slow_passes(stage: Stage) -> None:
    with stage.open.client() as client:
        head = b"POST /v1/x HTTP/1.1\r\nhost: %s\r\ncontent-length: 12000\r\n\r\n"
        client.send(head % HOST.encode())
        for _ in range(12):
            time.sleep(0.2)
            client.send(b"a" * 1000)
        assert client.read_message()[0].startswith(b"HTTP/1.1 200 ")


def test_an_h2_stream_that_drips_gets_408_and_its_neighbours_are_served(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        slow = client.request(HOST, "/v1/x", "POST", b"a", end=False)
        assert client.wait(client.request(HOST, "/v1/x")).status == 200
        answer = client.wait(slow)
        assert answer.status == 408
        assert answer.header(b"x-preau-reason") == b"request-late"
        assert client.wait(client.request(HOST, "/v1/x")).status == 200


def test_a_service_that_never_answers_gives_504(stage: Stage) -> None:
    stage.cloud.script = silent
    head, body = stage.ask(GET)
    stage.assert_refused(head, body, 504, "answer-late")
    assert wait_for(lambda: stage.cloud.connections[0].ended.is_set()), "the service is left"


def test_a_service_whose_head_or_body_drips_gives_504(stage: Stage) -> None:
    for answered in (b"HTTP/1.1 200 OK\r\nx: ", b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n"):

        def script(connection: RawConnection, start: bytes = answered) -> None:
            connection.read_message()
            connection.send(start)
            for _ in range(50):
                time.sleep(0.2)
                connection.send(b"a")

        stage.cloud.script = script
        head, body = stage.ask(GET)
        stage.assert_refused(head, body, 504, "answer-late")


def test_a_service_that_does_not_shake_hands_gives_502(stage: Stage) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        resolve = stage.open.worker.settings.resolve
        usual = resolve[HOST]
        resolve[HOST] = mute.getsockname()  # type: ignore[index]
        try:
            head, body = stage.ask(GET)
        finally:
            resolve[HOST] = usual  # type: ignore[index]
    stage.assert_refused(head, body, 502, "upstream-unreachable")


def test_who_reads_nothing_is_let_go(stage: Stage) -> None:
    large = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\ncontent-length: 99999999\r\n\r\n"

    def script(connection: RawConnection) -> None:
        connection.read_message()
        connection.send(large)
        with contextlib.suppress(OSError):
            while not connection.ended.is_set():
                connection.sock.sendall(b"a" * 65536)

    stage.cloud.script = script
    before = refusals(stage, "answer-unread")
    with stage.open.client() as client:
        client.send(GET)
        assert wait_for(lambda: refusals(stage, "answer-unread") == before + 1, 8)


def test_bytes_that_never_become_a_request_are_idleness(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        end = time.monotonic() + 20
        while not client.ended and time.monotonic() < end:
            time.sleep(0.3)
            with contextlib.suppress(Exception):
                client.h2.ping(b"12345678")
                client.flush()
            client.sock.settimeout(0.05)
            if not client.ended:
                client.pump()
                client.ended = client.ended and not client.timed_out
        assert client.ended


# --- how loud (HTTP/2) ---


def assert_calmed(stage: Stage, client: H2Client, before: float) -> None:
    while not client.ended:
        client.pump()
    assert not client.timed_out, "hangs"
    # a reset by the kernel, because of what we no longer read, may overtake the goodbye
    assert client.goaway in (h2.errors.ErrorCodes.ENHANCE_YOUR_CALM, None)
    assert refusals(stage, "too-many-frames") == before + 1


def frames(stage: Stage, client: H2Client, *many: Frame) -> None:
    with contextlib.suppress(OSError):
        client.sock.sendall(b"".join(frame.serialize() for frame in many))


def request_headers(client: H2Client) -> bytes:
    return client.h2.encoder.encode(
        [
            (b":method", b"GET"),
            (b":scheme", b"https"),
            (b":path", b"/v1/x"),
            (b":authority", HOST.encode()),
        ]
    )


def test_rapid_reset_is_ended(stage: Stage) -> None:
    before = refusals(stage, "too-many-frames")
    stage.cloud.script = silent
    started = time.process_time()
    with stage.open.h2_client() as client:
        with contextlib.suppress(Exception):
            for _ in range(2_000):
                client.h2.reset_stream(client.request(HOST, "/v1/x"), 8)
                client.flush()
        assert_calmed(stage, client, before)
    assert time.process_time() - started < 4


def test_streams_taken_back_now_and_then_are_no_attack(stage: Stage) -> None:
    with stage.open.h2_client() as client:
        for number in range(120):
            stream = client.request(HOST, "/v1/x")
            if number % 3 == 0:
                client.h2.reset_stream(stream, 8)
                client.flush()
            else:
                assert client.wait(stream).status == 200
        assert client.goaway is None


def test_making_us_reset_is_ended_alike(stage: Stage) -> None:
    before = refusals(stage, "too-many-frames")
    with stage.open.h2_client() as client:
        for _ in range(100):
            stream = client.request(HOST, "/v1/x", fields=[(b"content-length", b"5")])
            if client.wait(stream).reset is None:
                break
        assert_calmed(stage, client, before)
    assert stage.cloud.everything == b""


LOUD = {
    "settings": SettingsFrame(0, {4: 70_000}),
    "ping": PingFrame(0, b"12345678"),
    "priority": PriorityFrame(1, 3),
}


@pytest.mark.parametrize("kind", LOUD)
def test_frames_that_say_nothing_are_ended(stage: Stage, kind: str) -> None:
    before = refusals(stage, "too-many-frames")
    with stage.open.h2_client() as client:
        frames(stage, client, *([LOUD[kind]] * 300))
        assert_calmed(stage, client, before)


def test_empty_data_without_end_is_ended(stage: Stage) -> None:
    before = refusals(stage, "too-many-frames")
    with stage.open.h2_client() as client:
        stream = client.request(HOST, "/v1/x", "POST", b"a", end=False)
        frames(stage, client, *([DataFrame(stream, b"")] * 300))
        assert_calmed(stage, client, before)


@pytest.mark.parametrize("size", [0, 2000])
def test_continuation_without_end_is_ended(stage: Stage, size: int) -> None:
    with stage.open.h2_client() as client:
        frames(stage, client, HeadersFrame(1, request_headers(client)))
        frames(stage, client, *([ContinuationFrame(1, b"\x00" * size)] * 200))
        while not client.ended:
            client.pump()
        assert not client.timed_out, "hangs"
    assert stage.cloud.everything == b""


def test_one_stream_more_than_announced_ends_the_connection(stage: Stage) -> None:
    stage.cloud.script = silent
    with stage.open.h2_client() as client:
        client.pump()
        assert client.h2.remote_settings.max_concurrent_streams == 8
        encoded = [HeadersFrame(n, request_headers(client)) for n in range(1, 21, 2)]
        for frame in encoded:
            frame.flags.add("END_HEADERS")
        frames(stage, client, *encoded)
        while not client.ended:
            client.pump()
        assert client.goaway is not None


def test_nothing_is_left_of_it_all(stage: Stage) -> None:
    """Last of the file: whatever was counted is at zero again, and the gateway serves."""
    stage.cloud.script = lambda connection: connection.send(OK)
    stage.cloud.answers(reply(b"{}"))
    assert stage.ask(GET)[0].startswith(b"HTTP/1.1 200 ")
    for name in ("preau_connections_open", "preau_held_bytes", "preau_requests_in_flight"):
        assert wait_for(lambda name=name: metric(stage, name) == 0), name
    crowd = stage.open.worker.master.addons.get("crowd")
    deadlines = stage.open.worker.master.addons.get("deadlines")
    for kept in (crowd._addresses, crowd._hosts, crowd._host_of, crowd._load._flows):
        assert not kept
    for kept in (deadlines._waits, deadlines._flows_of, deadlines._quiet_since):
        assert not kept
