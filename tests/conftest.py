"""What every test may use: the ``needs`` mark, hypothesis profiles, a Redis server, free ports."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings

from tests.plugins.redis_server import RedisServer
from tests.plugins.redis_server import free_port as find_free_port

pytest_plugins = ["tests.plugins.needs"]

# No deadlines: a shared machine is slow at times, and that is no defect of a law.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("dev", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") == "true" else "dev")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files with slow tests first: a file is one process's, and nobody waits for the last one."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A running Redis server of our own; use ``url`` or ``port``, and a key prefix of your own."""
    server = RedisServer(tmp_path_factory.mktemp("redis")).start()
    yield server
    server.stop()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Call it for a loopback port that nobody listens on."""
    return find_free_port
