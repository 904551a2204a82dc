"""The Redis server that other tests stand on: real, ours alone, and able to play an outage."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
import redis

from tests.plugins.redis_server import RedisServer


def test_the_server_keeps_what_it_is_given(redis_server: RedisServer) -> None:
    with redis.Redis.from_url(redis_server.url) as client:
        client.set("plugins:probe", b"1")
        assert client.get("plugins:probe") == b"1"


@pytest.mark.needs("redis-server")
def test_a_stopped_server_comes_back_on_its_port(tmp_path: Path) -> None:
    server = RedisServer(tmp_path).start()
    port = server.port
    try:
        server.stop()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=1)
        assert server.start().port == port
    finally:
        server.stop()


def test_free_ports_can_be_listened_on(free_port: Callable[[], int]) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        assert listener.getsockname()[1] > 0
