"""How upstream connections are chosen: not poisoned, not hoarded, not too few, right ALPN."""

from __future__ import annotations

import socket
import threading
from typing import Any

from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import OK, RawServer, answer

GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


class Nowhere:
    """A port where nobody listens yet."""

    def __init__(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            self.address = listener.getsockname()

    def open(self, stage: Any) -> RawServer:
        """Now somebody does."""
        cloud = RawServer(answer(OK), stage.authority.server_context(stage.host))
        cloud._listener.close()
        cloud._listener = socket.create_server(self.address)
        return cloud


def _two_tries(stage: Any, proxy: Any, nowhere: Nowhere) -> list[int]:
    with stage.h2_client(proxy) as client:
        first = client.wait(client.request(stage.host)).status
        with nowhere.open(stage):
            return [first, client.wait(client.request(stage.host)).status]


def test_an_origin_that_comes_back_is_reached_on_the_same_client_connection(stage: Any) -> None:
    nowhere = Nowhere()
    with stage.gateway(nowhere) as worker:
        assert _two_tries(stage, worker, nowhere) == [502, 200]


def test_mitmproxy_still_has_the_defect_of_poisoned_connections(stage: Any, bare: Any) -> None:
    nowhere = Nowhere()
    assert _two_tries(stage, bare(nowhere), nowhere) == [502, 502]


def _most_connections(stage: Any, proxy: Any, count: int) -> int:
    with stage.h2_client(proxy) as client:
        for _ in range(count):
            assert client.wait(client.request(stage.host)).status == 200
        message = client.wait(client.request(stage.host, "/connections"))
        return int(message.header(b"x-connections"))


def test_connections_that_are_over_are_forgotten(stage: Any, provoke: object) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, provoke) as worker:
        assert _most_connections(stage, worker, 40) < 25


def test_mitmproxy_still_has_the_defect_of_hoarded_connections(stage: Any, bare: Any) -> None:
    with stage.cloud(answer(OK)) as cloud:
        assert _most_connections(stage, bare(cloud), 30) > 30


def _together(stage: Any, proxy: Any, barrier: threading.Barrier, count: int) -> list[int]:
    with stage.h2_client(proxy) as client:
        streams = [client.request(stage.host) for _ in range(count)]
        return [client.wait(stream).status for stream in streams]


def _all_at_once(count: int, seconds: float) -> tuple[threading.Barrier, Any]:
    """A service that answers once ``count`` requests are there."""
    barrier = threading.Barrier(count)

    def script(connection: Any) -> None:
        connection.read_message()
        try:
            barrier.wait(seconds)
        except threading.BrokenBarrierError:
            return connection.close()
        return connection.send(OK)

    return barrier, script


def test_twelve_requests_of_one_client_reach_an_h1_origin_together(stage: Any) -> None:
    barrier, script = _all_at_once(12, 5)
    with stage.cloud(script) as cloud, stage.gateway(cloud) as worker:
        assert _together(stage, worker, barrier, 12) == [200] * 12


def test_mitmproxy_still_has_the_defect_of_five_connections(stage: Any, bare: Any) -> None:
    barrier, script = _all_at_once(8, 0.7)
    with stage.cloud(script) as cloud:
        assert 502 in _together(stage, bare(cloud), barrier, 8)


def _client_hello(stage: Any, proxy: Any, cloud: RawServer) -> bytes:
    """What an origin reads first when a client that only offers h2 asks for it."""
    with H2Client.connect(proxy.port, stage.host, stage.offering("h2")) as client:
        client.wait(client.request(stage.host))
    return cloud.everything


def test_an_h1_origin_is_offered_h1_for_a_client_that_only_speaks_h2(stage: Any) -> None:
    with RawServer(lambda c: (c.read(), c.close())[1]) as cloud, stage.gateway(cloud) as worker:
        assert b"\x02h2\x08http/1.1" in _client_hello(stage, worker, cloud)


def test_mitmproxy_still_has_the_defect_of_h2_only_clients(stage: Any, bare: Any) -> None:
    with RawServer(lambda c: (c.read(), c.close())[1]) as cloud:
        hello = _client_hello(stage, bare(cloud), cloud)
    assert b"\x02h2" in hello
    assert b"http/1.1" not in hello


def test_an_h1_client_gets_an_h1_origin_even_if_both_know_h2(stage: Any) -> None:
    with stage.cloud(answer(OK), alpn=("h2", "http/1.1")) as cloud, stage.gateway(cloud) as worker:
        context = stage.offering("http/1.1", "h2")
        with RawClient.connect(worker.port, stage.host, context) as client:
            assert client.ask(GET)[1] == b"ok"
