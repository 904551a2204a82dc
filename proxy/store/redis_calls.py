"""Every call of a Redis server goes through here: bounds, one retry, the breaker, our errors.

What is tried once more, at once: a dropped connection (a restart, a failover: the next
connection may lead to the new master), and a server that turned out to be a replica. Never a
time-out: the request has waited enough. All commands we send may be sent twice.

What counts against the server (``breaker``): no answer, or no master. A refusal it gives at
once (full, read-only, not allowed) costs nobody time: it is passed on with what to do about it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

import redis
from redis.exceptions import (
    AuthenticationError,
    BusyLoadingError,
    ClusterDownError,
    NoPermissionError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisClusterException,
)
from redis.sentinel import MasterNotFoundError

from proxy.errors import StoreUnavailable
from proxy.store import patience
from proxy.store.breaker import Breaker, Circuit

_GONE: Final = (redis.ConnectionError, redis.TimeoutError, RedisClusterException, OSError)
"""No answer; ``ClusterDownError`` is one too, but its class says a response."""
_FINAL: Final = (AuthenticationError, BusyLoadingError, MasterNotFoundError, redis.TimeoutError)
"""Connection errors that the same call would only meet again."""
_NOT_ALLOWED: Final = "its account may not do this; docs/redis.md lists what is needed"
_ADVICE: Final[tuple[tuple[type[Exception], str], ...]] = (
    (OutOfMemoryError, "it is full; raise its maxmemory"),
    (ReadOnlyError, "it is a read-only replica; name the master, or its sentinels"),
    (BusyLoadingError, "it is loading its data; wait"),
    (NoPermissionError, _NOT_ALLOWED),
    (AuthenticationError, "it does not accept this user and password"),
    (MasterNotFoundError, "no sentinel knows a master of this name that is up"),
    (ClusterDownError, "the Cluster lacks a node for these keys"),
)
_CODES: Final = (
    ("MISCONF", "it cannot write to its disk"),
    ("NOREPLICAS", "it lacks the replicas it must have to take a write"),
    ("MASTERDOWN", "it is a replica that has lost its master"),
)
_ELSE: Final = "is the server up, reachable, not full?"


class Calls:
    """How one store calls its server. ``renew`` drops connections that lead to a replica."""

    def __init__(self, place: str, breaker: Breaker | None, renew: Callable[[], object]) -> None:
        self._place, self.breaker, self._renew = place, breaker, renew
        self._closed = threading.Event()
        self.epoch = 0
        """Counts connections: behind a new one there may be a restart or a failover."""

    def connected(self) -> None:
        """A connection was made."""
        self.epoch += 1

    def close(self) -> None:
        """Every further call raises."""
        self._closed.set()
        if self.breaker:
            self.breaker.end()

    def __call__(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """Carry out, or raise ``StoreUnavailable``: at once while the circuit is open."""
        if self._closed.is_set():
            raise StoreUnavailable(f"{self._place}: the store is closed")
        if self.breaker and self.breaker.state is not Circuit.CLOSED:
            raise StoreUnavailable(f"{self._place}: did not answer lately; it is asked again soon")
        waiting = patience.current()
        if waiting and waiting.left <= 0:
            raise StoreUnavailable(f"{self._place}: too slow for this request")
        started = time.monotonic()
        try:
            answer = self._tried(operation, *arguments, **options)
        except (redis.RedisError, RedisClusterException, OSError) as error:
            self._failed(error, self._spent(waiting, started))
            # The error's own text may quote a command's arguments: its class is enough.
            raise StoreUnavailable(
                f"{self._place}: {type(error).__name__}; {_advice(error)}"
            ) from None
        seconds = self._spent(waiting, started)
        if self.breaker:
            self.breaker.good(seconds if waiting else 0.0)  # a long scan is no ill
        return answer

    def _tried(self, operation: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        try:
            return operation(*arguments, **options)
        except ReadOnlyError:
            self._renew()
        except redis.ConnectionError as error:
            if isinstance(error, _FINAL):
                raise
        return operation(*arguments, **options)

    def _spent(self, waiting: patience.Patience | None, started: float) -> float:
        seconds = time.monotonic() - started
        if waiting:
            waiting.left -= seconds
            if waiting.left <= 0 and self.breaker:
                self.breaker.bad(at_once=True)
        return seconds

    def _failed(self, error: Exception, seconds: float) -> None:
        if self.breaker is None:
            return
        if isinstance(error, (*_GONE, ClusterDownError)):
            self.breaker.bad(at_once=seconds > patience.REQUEST_SECONDS)
        else:
            self.breaker.good(0.0)


def _advice(error: Exception) -> str:
    for sort, advice in _ADVICE:
        if isinstance(error, sort):
            return advice
    text = str(error)
    if "executing the script can't" in text:  # how Redis 7 says it of a command inside a script
        return _NOT_ALLOWED
    code = text.partition(" ")[0]  # its first word is a code of the protocol
    return next((advice for name, advice in _CODES if name == code), _ELSE)
