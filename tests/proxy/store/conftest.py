"""Both stores for the contract suite, and a real Redis that the tests start themselves."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from proxy.store import Store, open_store
from proxy.store.memory import MemoryStore


class RedisServer:
    """One redis-server on a free loopback port, in a folder of its own, that can be killed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = {
            "port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": "",
            "appendonly": "yes", "appendfsync": "always", "rdbcompression": "no",
        }  # fmt: skip
        arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
        self.process = subprocess.Popen(
            ["redis-server", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        client = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.05)
        client.close()

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def raw(self) -> bytes:
        """Every byte it keeps on disk."""
        client = redis.Redis(port=self.port)
        client.save()
        client.close()
        return b"".join(p.read_bytes() for p in self.folder.rglob("*") if p.is_file())


@pytest.fixture(scope="session")
def redis_folder_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    if not shutil.which("redis-server"):
        pytest.skip("redis-server is not installed")
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def redis_server(redis_folder_server: RedisServer) -> RedisServer:
    """The session's server, running and empty."""
    if redis_folder_server.process is None:
        redis_folder_server.start()
    client = redis.Redis(port=redis_folder_server.port)
    client.flushall()
    client.close()
    return redis_folder_server


@pytest.fixture(
    params=["sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))],
)
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a fresh store of each sort."""
    if request.param == "sqlite":
        return f"sqlite:{tmp_path / 'site.db'}"
    server: RedisServer = request.getfixturevalue("redis_server")
    return f"{server.url}?prefix=lycee"


@pytest.fixture
def opened(store_url: str) -> Iterator[Store]:
    """The store at ``store_url``."""
    with closing(open_store(store_url)) as store:
        yield store


@pytest.fixture(
    params=["memory", "sqlite", pytest.param("redis", marks=pytest.mark.needs("redis-server"))],
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """A fresh store of each sort, the one in memory too."""
    if request.param == "memory":
        yield MemoryStore()
        return
    url = f"sqlite:{tmp_path / 'site.db'}"
    if request.param == "redis":
        url = f"{request.getfixturevalue('redis_server').url}?prefix=lycee"
    with closing(open_store(url)) as opened:
        yield opened
