"""The chaos proxy between client and gateway, and between gateway and service."""

from __future__ import annotations

import contextlib
import socket

import pytest

from tests.faults.chaos_oracle import Oracle
from tests.faults.chaos_scene import (
    DEADLINE,
    LONG,
    before_the_cloud,
    long_post,
    oracle_of,
    try_to_ask,
)
from tests.faults.conftest import Stage, reply
from tests.sim.authority import client_context
from tests.sim.chaos import ChaosProxy, Fault, Then
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, RawServer, wait_for
from tests.sim.school import HOST

FAULTS = {
    "delay": Fault(delay=0.02),
    "drip": Fault(delay=0.0005, piece=16),
    "closed-at-once": Fault(pass_bytes=0),
    "reset-at-once": Fault(pass_bytes=0, then=Then.RESET),
    "closed-in-the-handshake": Fault(pass_bytes=300),
    "reset-in-the-handshake": Fault(pass_bytes=300, then=Then.RESET),
    "half-closed-in-the-handshake": Fault(pass_bytes=300, then=Then.HALF_CLOSE),
    "closed-in-the-message": Fault(pass_bytes=2100),
    "reset-in-the-message": Fault(pass_bytes=2100, then=Then.RESET),
    "half-closed-in-the-message": Fault(pass_bytes=2100, then=Then.HALF_CLOSE),
}
HARMLESS = {"delay", "drip"}


@pytest.fixture
def oracle(stage: Stage) -> Oracle:
    return oracle_of(stage)


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_line_to_the_service_that_fails(
    stage: Stage, oracle: Oracle, name: str, direction: str
) -> None:
    stage.cloud.answers(reply(LONG, b"content-type: text/plain"))
    with before_the_cloud(stage) as chaos:
        setattr(chaos, direction, FAULTS[name])
        with oracle.within(DEADLINE, name):
            head = try_to_ask(stage, long_post(stage))
        status = oracle.answered(head, named=True)
        if name in HARMLESS:
            assert status == 200
        elif status == 200:  # an end after all that was asked for
            assert "half-closed" in name
            assert direction == "up", (name, head)
        else:
            assert status == 502, (name, head)
            assert b"x-preau-reason: upstream-" in head.lower()
        chaos.heal()
        assert oracle.answered(try_to_ask(stage, long_post(stage)), named=True) == 200
    oracle.judge()


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize("name", FAULTS)
def test_a_line_to_the_client_that_fails(
    stage: Stage, oracle: Oracle, name: str, direction: str
) -> None:
    stage.cloud.answers(reply(LONG, b"content-type: text/plain"))
    with ChaosProxy(("127.0.0.1", stage.open.port)) as chaos:
        setattr(chaos, direction, FAULTS[name])
        with oracle.within(DEADLINE, name):
            head = try_to_ask(stage, long_post(stage), chaos.port)
        # A head may arrive of which the body does not: the promise was kept, the line was not.
        status = oracle.answered(head, named=True)
        assert status == 200 if name in HARMLESS else status in (0, 200)
        chaos.heal()
        again = try_to_ask(stage, long_post(stage), chaos.port)
        assert oracle.answered(again, named=True) == 200
    oracle.judge()


def test_a_client_that_aborts_its_upload_sends_the_service_nothing_whole(
    stage: Stage, oracle: Oracle
) -> None:
    request = long_post(stage)
    with ChaosProxy(("127.0.0.1", stage.open.port)) as chaos:
        for _ in range(5):
            context = client_context(stage.open.ca_pem)
            with RawClient.connect(chaos.port, HOST, context) as client:
                client.send(request[: len(request) // 2])
                chaos.cut()
                assert client.is_torn()
    in_flight = "preau_requests_in_flight 0.0"
    assert wait_for(lambda: in_flight in stage.open.runtime.metrics.render().decode())
    assert b"POST" not in stage.cloud.everything
    oracle.judge()


def test_many_requests_through_a_line_that_breaks_now_and_then(
    stage: Stage, oracle: Oracle
) -> None:
    """Each is answered by the service or refused with a reason; the log knows all of them."""
    stage.cloud.answers(reply(LONG, b"content-type: text/plain"))
    statuses = []
    with before_the_cloud(stage) as chaos, oracle.within(30, "all of them"):
        for number in range(24):
            chaos.down = Fault(pass_bytes=1000 + 400 * number, then=list(Then)[number % 3])
            if number % 3 == 2:
                chaos.heal()
            statuses.append(oracle.answered(try_to_ask(stage, long_post(stage)), named=True))
    assert set(statuses) == {200, 502}, statuses
    oracle.judge()


def test_the_chaos_proxy_does_what_it_says() -> None:
    """A reset is a reset, a half-close leaves the other direction, a drip loses nothing."""

    def echo(connection: RawConnection) -> None:
        while data := connection.read():
            connection.send(data)

    with RawServer(echo) as server, ChaosProxy(server.address) as chaos:

        def connect() -> socket.socket:
            return socket.create_connection(chaos.address, timeout=5)

        chaos.down = Fault(piece=1)
        with connect() as sock:
            sock.sendall(b"abc" * 50)
            assert RawConnection(sock).read_exactly(150) == b"abc" * 50
        chaos.down = Fault(pass_bytes=2, then=Then.RESET)
        with connect() as sock:
            sock.sendall(b"abc")
            assert sock.recv(9) in (b"ab", b"a")
            with pytest.raises(ConnectionResetError):
                sock.recv(9)
        chaos.down = Fault(pass_bytes=2, then=Then.HALF_CLOSE)
        with connect() as sock:
            sock.sendall(b"abc")
            assert RawConnection(sock).read_exactly(9) == b"ab"
            sock.sendall(b"def")
            assert wait_for(lambda: b"def" in server.everything)
        chaos.down = Fault(pass_bytes=1, then=Then.SWALLOW)
        with connect() as sock:
            sock.sendall(b"abc")
            sock.settimeout(0.3)
            assert sock.recv(9) == b"a"
            with pytest.raises(TimeoutError):
                sock.recv(9)
        chaos.refuse = True
        with contextlib.suppress(ConnectionResetError), connect() as sock:
            assert sock.recv(9) == b""
