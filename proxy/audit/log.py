"""The door to the log: open it, record events, get a checkpoint.

``open_audit`` makes this process the writer when nobody else is, and a client of the
writer otherwise; callers need not know which. When the writer dies, the clients open the
log again (one of them becomes the writer) and send once more what was unanswered, so an
event may then stand twice, never not at all.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from proxy.audit._ipc import Client, Server
from proxy.audit._journal import MAX_LINE, Journal
from proxy.audit._writer import RETRY, Observer, Pending, Writer, WriterOptions
from proxy.audit.checkpoints import read_newest
from proxy.audit.events import LATE, Event, serialise
from proxy.audit.layout import Layout
from proxy.audit.note import check_origin
from proxy.audit.operators import Operator
from proxy.audit.signing import SigningKey
from proxy.errors import AuditUnavailable

DEADLINE = 2.0
_CONNECT = 1.5


@dataclass(frozen=True, slots=True)
class AuditStatus:
    """What ``preau status`` and the metrics say of the log."""

    role: str
    """``writer``, ``client`` or ``closed``."""
    healthy: bool
    failure: str
    size: int
    sealed: int
    """Events that the newest checkpoint covers; -1 for a client, which does not know."""


def open_audit(
    directory: Path,
    *,
    key_path: Path,
    origin: str,
    gateway: str = "",
    deadline: float = DEADLINE,
    observer: Observer | None = None,
    may_write: bool = True,
    operator: Operator | None = None,
) -> AuditLog:
    """Open the log of ``directory``, making it when there is none.

    ``origin`` names the log for ever (``preau.example/academy/gw1``: no space, no ``+``).
    Without ``may_write`` this process is always a client, also when no writer is there: a
    worker whose supervisor keeps one. ``operator`` says in administrative events whose account
    it is. Raises ``AuditUnavailable`` when it cannot be written, ``AuditTampered`` (a kind of it)
    when its files contradict its checkpoint, ``KeysUnavailable`` for the signing key.
    """
    check_origin(origin)
    return AuditLog(
        directory,
        key_path,
        origin,
        deadline,
        WriterOptions(gateway, observer=observer),
        may_write,
        operator,
    )


def running_checkpoint(directory: Path, timeout: float = DEADLINE) -> str | None:
    """Have the running writer seal the log; its checkpoint, or ``None`` if nobody writes."""
    try:
        client = Client(directory, lambda rest: None)
    except OSError:
        return None
    future: Future[int] = Future()
    try:
        client.submit(Pending([], partial(_settle, future), seal=True))
        future.result(timeout)
    except TimeoutError:
        raise AuditUnavailable("audit log: its writer did not seal it in time") from None
    finally:
        client.close()
    return read_newest(Layout(directory))


class AuditLog:
    """An open log, safe to use from any thread and any event loop."""

    def __init__(
        self,
        directory: Path,
        key_path: Path,
        origin: str,
        deadline: float,
        options: WriterOptions,
        may_write: bool = True,
        operator: Operator | None = None,
    ) -> None:
        self._may_write = may_write
        self._operator = operator
        self._layout = Layout(directory)
        self._key_path = key_path
        self._origin = origin
        self._deadline = deadline
        self._options = options
        self._lock = threading.Lock()
        self._closed = False
        self._parked: list[Pending] | None = None
        self._next_try = 0.0
        self._bridges: dict[int, _Bridge] = {}
        self._backend: _Local | Client | None = self._open()

    def append(self, lines: Sequence[bytes]) -> Future[int]:
        """Lines to disk; the future holds the first one's index, or ``AuditUnavailable``.

        For tools that have lines already; everybody else records events.
        """
        if any(b"\n" in line or not 0 < len(line) <= MAX_LINE for line in lines):
            raise ValueError(f"a line of the audit log is 1 to {MAX_LINE} bytes without newline")
        future: Future[int] = Future()
        self._submit(Pending(list(lines), partial(_settle, future)))
        return future

    async def record(self, events: Sequence[Event]) -> int:
        """Record events from asyncio; returns when they are on disk.

        If all are of a type that may come late (``EventType.late``), it returns when they are
        written; they are on disk a moment later.

        Raises ``AuditUnavailable`` after the deadline or when the log fails. Cancelling
        the wait takes the events back if they are not on their way yet.
        """
        lines = [serialise(event) for event in events]
        late = all(event["type"] in LATE for event in events)
        if late and isinstance(backend := self._backend, _Local):
            index = backend.writer.write_late(lines)
            if index is not None:
                return index
        loop = asyncio.get_running_loop()
        bridge = self._bridges.get(id(loop))
        if bridge is None or bridge.loop is not loop:
            bridge = self._bridge(loop)
        future: asyncio.Future[int] = loop.create_future()
        pending = Pending(lines, partial(bridge.settle, future), late=late)
        bridge.expire_after(self._deadline, future)
        self._submit(pending)
        try:
            return await future
        except BaseException:
            pending.cancelled = True
            raise

    def _bridge(self, loop: asyncio.AbstractEventLoop) -> _Bridge:
        alive = {key: one for key, one in self._bridges.items() if not one.loop.is_closed()}
        self._bridges = {**alive, id(loop): _Bridge(loop)}
        return self._bridges[id(loop)]

    def record_sync(self, events: Sequence[Event], timeout: float | None = None) -> int:
        """Record events from ordinary code; as ``record``.

        What administrators do comes this way, so this is where their account is added.
        """
        told = events if self._operator is None else self._operator.complete(events)
        lines = [serialise(event) for event in told]
        return self._wait(Pending(lines, _ignore), timeout) + len(told) - len(events)

    def checkpoint(self, timeout: float | None = None) -> str:
        """Seal everything recorded so far; the signed checkpoint, to keep elsewhere."""
        self._wait(Pending([], _ignore, seal=True), timeout)
        note = read_newest(self._layout)
        if note is None:
            raise AuditUnavailable(f"audit log: {self._layout.checkpoint} is missing")
        return note

    def change_key(self, timeout: float | None = None) -> None:
        """Have a new key sign the log from here on; the old one's secret is destroyed."""
        self._wait(Pending([], _ignore, change_key=True), timeout)

    def status(self) -> AuditStatus:
        """The state of the log as this process sees it."""
        backend = self._backend
        if isinstance(backend, _Local):
            writer = backend.writer
            return AuditStatus(
                "writer", not writer.failure, writer.failure, writer.size, writer.sealed
            )
        if self._closed:
            return AuditStatus("closed", False, "closed", -1, -1)
        if backend is None and not self._may_write:
            self._find_the_writer()
        return AuditStatus("client", backend is not None, "" if backend else "no writer", -1, -1)

    def close(self) -> None:
        """Record what is queued, seal, let the lock go. Further events are refused."""
        with self._lock:
            already, self._closed = self._closed, True
            backend, self._backend = self._backend, None
        if not already and backend is not None:
            backend.close()

    def __enter__(self) -> AuditLog:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _wait(self, pending: Pending, timeout: float | None) -> int:
        future: Future[int] = Future()
        pending.done = partial(_settle, future)
        self._submit(pending)
        try:
            return future.result(self._deadline if timeout is None else timeout)
        except TimeoutError:
            pending.cancelled = True
            raise AuditUnavailable("audit log: the disk did not answer in time") from None

    def _submit(self, pending: Pending) -> None:
        backend = self._backend
        if backend is not None and backend.submit(pending):
            return
        with self._lock:
            if self._parked is not None:
                self._parked.append(pending)
                return
            if not self._closed and time.monotonic() >= self._next_try:
                self._parked = [pending]
                threading.Thread(target=self._reopen, name="audit-reopen", daemon=True).start()
                return
        pending.done(-1, AuditUnavailable("audit log: closed, or its writer is gone"))

    def _on_lost(self, rest: list[Pending]) -> None:
        """The writer went away with these unanswered: open again, send them once more."""
        with self._lock:
            closed, self._backend = self._closed, None
            again = [pending for pending in rest if not (closed or pending.retried)]
            given_up = [pending for pending in rest if closed or pending.retried]
            for pending in again:
                pending.retried = True
            reopen = bool(again) and self._parked is None
            if again:
                self._parked = (self._parked or []) + again
        for pending in given_up:
            pending.done(-1, AuditUnavailable("audit log: its writer went away"))
        if reopen:
            self._reopen()

    def _find_the_writer(self) -> None:
        """Look for the new writer although nothing waits: else an idle client stays unhealthy."""
        with self._lock:
            if self._parked is not None or time.monotonic() < self._next_try:
                return
            self._parked = []
        threading.Thread(target=self._reopen, name="audit-reopen", daemon=True).start()

    def _reopen(self) -> None:
        failure: AuditUnavailable | None = None
        backend: _Local | Client | None = None
        try:
            backend = self._open()
        except AuditUnavailable as error:
            failure = error
        with self._lock:
            parked, self._parked = self._parked or [], None
            self._backend = backend
            self._next_try = time.monotonic() + RETRY
        for pending in parked:
            if pending.cancelled:
                continue
            if backend is None or not backend.submit(pending):
                pending.done(-1, failure or AuditUnavailable("audit log: its writer went away"))

    def _open(self) -> _Local | Client:
        """Become the writer, or connect to it; it may be starting or dying just now."""
        until = time.monotonic() + _CONNECT
        while True:
            try:
                self._layout.root.mkdir(mode=0o750, parents=True, exist_ok=True)
                lock = _take_lock(self._layout.lock) if self._may_write else None
                if lock is not None:
                    return self._become_writer(lock)
                return Client(self._layout.root, self._on_lost)
            except (ConnectionError, FileNotFoundError, TimeoutError):
                if time.monotonic() > until:
                    raise AuditUnavailable("audit log: its writer does not answer") from None
                time.sleep(0.01)
            except OSError as error:
                raise AuditUnavailable(f"audit log {self._layout.root}: {error.strerror}") from None

    def _become_writer(self, lock: int) -> _Local:
        try:
            key = SigningKey(self._layout, self._key_path, self._origin)
            writer = Writer(
                lambda acknowledged: Journal(self._layout, key.load(), acknowledged),
                self._options,
                key,
            )
            return _Local(writer, Server(self._layout.root, writer), lock)
        except BaseException:
            os.close(lock)
            raise


class _Local:
    """The writer in this process, its socket for the others, and the lock."""

    def __init__(self, writer: Writer, server: Server, lock: int) -> None:
        self.writer = writer
        self._server = server
        self._lock = lock

    def submit(self, pending: Pending) -> bool:
        self.writer.submit(pending)
        return True

    def close(self) -> None:
        self.writer.close()
        self._server.close()
        os.close(self._lock)


class _Bridge:
    """Carries answers of the writer's thread into an event loop, one wake-up a batch."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._answers: deque[tuple[asyncio.Future[int], int, AuditUnavailable | None]] = deque()
        self._scheduled = False
        self._deadlines: deque[tuple[float, asyncio.Future[int]]] = deque()
        self._timed = False

    def expire_after(self, seconds: float, future: asyncio.Future[int]) -> None:
        """Give ``future`` up when it is not answered in time.

        One timer a loop, for the oldest: a timer each would cost more than the event.
        """
        self._deadlines.append((self.loop.time() + seconds, future))
        if not self._timed:
            self._timed = True
            self.loop.call_later(seconds, self._expire)

    def _expire(self) -> None:
        waiting, now = self._deadlines, self.loop.time()
        while waiting and (waiting[0][0] <= now or waiting[0][1].done()):
            _, future = waiting.popleft()
            if not future.done():
                error = AuditUnavailable("audit log: the disk did not answer in time")
                future.set_exception(error)
        self._timed = bool(waiting)
        if waiting:
            self.loop.call_at(waiting[0][0], self._expire)

    def settle(
        self, future: asyncio.Future[int], index: int, error: AuditUnavailable | None
    ) -> None:
        """Called from the writer's thread."""
        self._answers.append((future, index, error))
        if not self._scheduled:
            self._scheduled = True
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody waits
                self.loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        # The flag falls before the queue is read: an answer that comes in between at worst
        # wakes the loop once more for nothing.
        self._scheduled = False
        while self._answers:
            future, index, error = self._answers.popleft()
            if not future.done():
                if error is None:
                    future.set_result(index)
                else:
                    future.set_exception(error)


def _settle(future: Future[int], index: int, error: AuditUnavailable | None) -> None:
    if error is None:
        future.set_result(index)
    else:
        future.set_exception(error)


def _ignore(_index: int, _error: AuditUnavailable | None) -> None:
    """Until the waiter is known."""


def _take_lock(path: Path) -> int | None:
    """The lock's descriptor, or ``None`` when another process holds it."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
