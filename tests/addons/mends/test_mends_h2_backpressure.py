"""An HTTP/2 client that reads slowly does not have its answer gathered in our memory."""

from __future__ import annotations

import contextlib
import time
from typing import Any

import pytest

from tests.sim.h2_peers import H2Answer
from tests.sim.raw_server import OK, RawConnection

SIZE = 48_000_000


class Streaming:
    """Lets bodies pass, as ours do with pictures."""

    def responseheaders(self, flow: Any) -> None:
        flow.response.stream = True


class Flood:
    """A service that sends as fast as it is read, and counts."""

    def __init__(self) -> None:
        self.sent = 0

    def __call__(self, connection: RawConnection) -> None:
        head, _, _ = connection.read_message()
        if b" /small " in head:
            connection.send(OK)
            return
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % SIZE)
        with contextlib.suppress(OSError):
            while self.sent < SIZE:
                connection.sock.sendall(b"a" * 100_000)
                self.sent += 100_000


def test_what_nobody_reads_is_not_fetched_and_the_neighbours_are_served(stage: Any) -> None:
    flood = Flood()
    with stage.cloud(flood) as cloud, stage.gateway(cloud, Streaming()) as worker:
        with stage.h2_client(worker) as client:
            large = client.request(stage.host, "/large")
            assert cloud.wait_for(lambda: flood.sent > 4_000_000)
            time.sleep(0.5)
            assert flood.sent < 30_000_000  # ours, and what the kernel holds on both sides
            # nothing of the large one is acknowledged while the small one is awaited
            client.h2.acknowledge_received_data = lambda *_: None
            small = client.wait(client.request(stage.host, "/small"))
            assert small.status == 200
            del client.h2.acknowledge_received_data
            client.h2.increment_flow_control_window(2**30, large)
            client.h2.increment_flow_control_window(2**30)
            client.flush()
            before, message = flood.sent, client.messages[large]
            while flood.sent < before + 8_000_000 and not client.ended:
                client.pump()
                message.body = b""  # else adding to it is most of the test's time
            assert flood.sent >= before + 8_000_000, "goes on once it is read"


@pytest.mark.parametrize("size", [3_000_000, 9_000_000])
def test_bodies_over_h2_on_both_sides_arrive_whole(stage: Any, size: int) -> None:
    with stage.h2_cloud(lambda _: H2Answer(body=b"b" * size)) as cloud:
        with stage.gateway(cloud, Streaming()) as worker, stage.h2_client(worker) as client:
            assert client.wait(client.request(stage.host)).body == b"b" * size
