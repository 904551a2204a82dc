"""The circuit: opens after a few unanswered calls, fails at once, closes by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest
import redis
from redis.exceptions import (
    BusyLoadingError,
    ClusterDownError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
)
from redis.sentinel import MasterNotFoundError

from proxy.errors import StoreUnavailable
from proxy.store import Circuit, breaker
from proxy.store.breaker import FAILURES, Breaker
from proxy.store.patience import REQUEST_SECONDS, current, patient
from proxy.store.redis_calls import Calls
from tests.sim.raw_server import wait_for


class Server:
    """Up or down; counts who asks."""

    def __init__(self) -> None:
        self.up, self.probes, self.probing, self.most = True, 0, 0, 0

    def probe(self) -> None:
        self.probes += 1
        self.probing += 1
        self.most = max(self.most, self.probing)
        time.sleep(0.01)
        self.probing -= 1
        self.call()

    def call(self) -> str:
        if not self.up:
            raise redis.TimeoutError("no answer")
        return "answer"


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def calls(server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    monkeypatch.setattr(breaker, "FIRST_PAUSE", 0.02)
    made = Calls("redis:essai", Breaker(server.probe, "redis:essai"), lambda: None)
    made.breaker._pause = 0.02  # type: ignore[union-attr]
    yield made
    made.close()


def fail(calls: Calls, server: Server, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreUnavailable):
            calls(server.call)


def state(calls: Calls) -> Circuit:
    assert calls.breaker
    return calls.breaker.state


def test_it_opens_after_some_failures_in_a_row_and_not_before(calls: Calls, server: Server) -> None:
    for _ in range(4):
        server.up = False
        fail(calls, server, FAILURES - 1)
        server.up = True
        assert calls(server.call) == "answer"
    assert state(calls) is Circuit.CLOSED
    server.up = False
    fail(calls, server, FAILURES)
    assert state(calls) is not Circuit.CLOSED


def test_while_it_is_open_no_call_reaches_the_server_and_one_probe_at_a_time_does(
    calls: Calls, server: Server
) -> None:
    server.up = False
    fail(calls, server, FAILURES)
    reached = []
    threads = [threading.Thread(target=lambda: fail(calls, server, 50)) for _ in range(4)]
    server.call = lambda: reached.append(1) or "answer"  # type: ignore[method-assign]
    probing = server.probe
    assert calls.breaker
    calls.breaker._probe = lambda: (_ for _ in ()).throw(OSError())
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert reached == []
    calls.breaker._probe = probing
    assert wait_for(lambda: state(calls) is Circuit.CLOSED, 5)
    assert server.most == 1
    assert calls(server.call) == "answer"


def test_it_closes_by_itself_when_the_server_is_back_and_nobody_asks(
    calls: Calls, server: Server
) -> None:
    server.up = False
    fail(calls, server, FAILURES)
    assert wait_for(lambda: server.probes >= 2, 5)
    assert state(calls) is not Circuit.CLOSED
    server.up = True
    assert wait_for(lambda: state(calls) is Circuit.CLOSED, 5)
    assert not [t for t in threading.enumerate() if t.name == "store-probe" and t.is_alive()] or (
        wait_for(lambda: not any(t.name == "store-probe" for t in threading.enumerate()), 2)
    )


@pytest.mark.parametrize("error", [OutOfMemoryError("OOM"), ReadOnlyError("READONLY")])
def test_a_refusal_given_at_once_opens_nothing(
    calls: Calls, server: Server, error: Exception
) -> None:
    def refuses() -> None:
        raise error

    for _ in range(3 * FAILURES):
        with pytest.raises(StoreUnavailable):
            calls(refuses)
    assert state(calls) is Circuit.CLOSED
    assert calls(server.call) == "answer"


def test_a_store_closed_stops_asking(calls: Calls, server: Server) -> None:
    server.up = False
    fail(calls, server, FAILURES)
    calls.close()
    assert wait_for(lambda: not any(t.name == "store-probe" for t in threading.enumerate()), 5)
    with pytest.raises(StoreUnavailable, match="closed"):
        calls(server.call)


def test_one_request_waits_so_long_in_all_however_often_it_asks(
    calls: Calls, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = [0.0]
    monkeypatch.setattr("proxy.store.redis_calls.time.monotonic", lambda: clock[0])

    def slow() -> None:
        clock[0] += 0.4  # never late enough to count by itself

    @patient
    def request(values: int) -> None:
        for _ in range(values):
            calls(slow)

    request(5)
    assert current() is None
    before = clock[0]
    with pytest.raises(StoreUnavailable):
        request(1000)
    assert clock[0] - before < REQUEST_SECONDS + 0.4
    assert state(calls) is not Circuit.CLOSED, "the next request does not wait as long again"


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("MISCONF Redis is configured to save", "cannot write to its disk"),
        ("NOREPLICAS Not enough good replicas", "lacks the replicas"),
        ("ERR secret-value in it", "is the server up"),
        ("The user executing the script can't run this secret-value", "its account may not"),
    ],
)
def test_what_to_do_is_said_and_nothing_the_server_quotes(
    calls: Calls, text: str, advice: str
) -> None:
    def refuses() -> None:
        raise redis.ResponseError(text)

    with pytest.raises(StoreUnavailable, match=advice) as caught:
        calls(refuses)
    assert "secret-value" not in str(caught.value)


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (BusyLoadingError("Redis is loading the dataset in memory"), "loading its data"),
        (ClusterDownError("The cluster is down"), "lacks a node for these keys"),
        (MasterNotFoundError("No master found"), "no sentinel knows a master"),
        (RedisClusterException("Redis Cluster cannot be connected"), "is the server up"),
    ],
)
def test_a_server_that_cannot_serve_yet_is_not_asked_by_every_request(
    calls: Calls, error: Exception, advice: str
) -> None:
    asked = []

    def refuses() -> None:
        asked.append(1)
        raise error

    assert calls.breaker
    calls.breaker._probe = refuses
    for _ in range(FAILURES):
        with pytest.raises(StoreUnavailable, match=advice):
            calls(refuses)
    assert state(calls) is not Circuit.CLOSED
    assert FAILURES <= len(asked) <= 2 * FAILURES
