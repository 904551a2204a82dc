"""A long body costs no more memory than a short one, in either direction."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from proxy.ca import export_ca
from proxy.site import load_site
from tests.sim.authority import client_context
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import RawConnection, RawServer
from tests.sim.school import HOST, SITE_YAML, School
from tests.sim.served import Served

MB = 1 << 20
LINE = ("Un devoir bien construit, sources à citer, à rendre lundi. " * 4 + "\n").encode()
PIECE = LINE * (65536 // len(LINE))
GROWN = 24 * MB
"""What may come on top of a body eight times as long: buffers of sockets and the allocator's."""


class Cloud:
    """Sends ``size`` bytes to who asks, counts what others send."""

    def __init__(self) -> None:
        self.size = 0
        self.came = 0

    def __call__(self, connection: RawConnection) -> None:
        head = connection.read_until(b"\r\n\r\n")
        if head.startswith(b"GET"):
            count = self.size // len(PIECE)
            fields = b"content-type: text/plain\r\ncontent-length: %d\r\n\r\n"
            connection.send(b"HTTP/1.1 200 OK\r\n" + fields % (count * len(PIECE)))
            for _ in range(count):
                connection.sock.sendall(PIECE)
            return
        self.came = 0
        tail = b""
        while not tail.endswith(b"0\r\n\r\n"):
            data = connection.sock.recv(1 << 18)
            if not data:
                return
            self.came += len(data)
            tail = (tail + data)[-16:]
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Served, School, Cloud]]:
    school = School(tmp_path, site=SITE_YAML + "limits: {body: 1 MiB, streamed: 4 GiB}\n")
    cloud = Cloud()
    with RawServer(cloud, school.tls()) as server:
        with Served(school.root, {HOST: server.address}) as gateway:
            yield gateway, school, cloud


def _client(gateway: Served, school: School) -> RawClient:
    pem = export_ca(load_site(school.root).ca_dir).decode()
    return RawClient.connect(gateway.port, HOST, client_context(pem), timeout=60)


def _download(gateway: Served, school: School) -> int:
    with _client(gateway, school) as client:
        client.send(b"GET /v1/x HTTP/1.1\r\nhost: %s\r\n\r\n" % HOST.encode())
        assert client.read_until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        total, tail = 0, b""
        while not tail.endswith(b"0\r\n\r\n"):
            data = client.sock.recv(1 << 18)
            assert data, "torn"
            total += len(data)
            tail = (tail + data)[-16:]
    return total


def _upload(gateway: Served, school: School, size: int) -> None:
    count = size // len(PIECE)
    fields = b"host: %s\r\ncontent-type: text/plain\r\ncontent-length: %d\r\n\r\n"
    with _client(gateway, school) as client:
        client.send(b"POST /v1/x HTTP/1.1\r\n" + fields % (HOST.encode(), count * len(PIECE)))
        for _ in range(count):
            client.sock.sendall(PIECE)
        assert client.read_message()[0].startswith(b"HTTP/1.1 200 ")


@pytest.mark.long
@pytest.mark.timeout(120)
def test_memory_does_not_grow_with_a_body(served: tuple[Served, School, Cloud]) -> None:
    gateway, school, cloud = served
    cloud.size = 64 * MB
    assert _download(gateway, school) > 60 * MB
    _upload(gateway, school, 4 * MB)
    short = gateway.peak
    cloud.size = 512 * MB
    assert _download(gateway, school) > 500 * MB
    _upload(gateway, school, 32 * MB)
    assert cloud.came > 31 * MB
    assert gateway.peak - short < GROWN
