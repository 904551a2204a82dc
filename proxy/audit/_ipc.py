"""Events from other processes of the same machine to the one writer.

A log has one writer, yet ``preau keys rotate`` must record what it did while the gateway
runs, and several workers share one log. They send lines over a Unix socket in the log's
directory, mode 0600, and wait for the same acknowledgement as everybody else. It is a
``SOCK_SEQPACKET`` socket: the kernel keeps message borders, so there is no framing to get
wrong. This is the one place of the engine outside ``frontends/`` that opens a socket; it
never leaves the machine and no address family but ``AF_UNIX`` is used.

A message is one kind byte, an 8-byte number that the reply repeats, then:
``A`` lines joined by newlines; ``L`` lines that may come late to the disk; ``S`` nothing
(seal, please); ``R`` nothing (change the signing key, please); ``H`` nothing (are you there?).
Replies: ``K`` and the 8-byte index of the first line; ``E`` and the reason in words; ``H``.
A client says ``H`` first and waits: the kernel lets it connect to a writer that is dying.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path

from proxy.audit._journal import MAX_LINE
from proxy.audit._writer import Pending, Writer
from proxy.errors import AuditUnavailable

_HEAD = struct.Struct("!cQ")
_INDEX = struct.Struct("!Q")
_MAX_MESSAGE = 160 * 1024
"""Below the kernel's usual send buffer (208 KiB), which bounds a SEQPACKET message."""
_BACKLOG = 64
_HELLO = 0.5


@contextlib.contextmanager
def _address(directory: Path) -> Iterator[str]:
    """A short name for the socket: ``sun_path`` holds 107 bytes, directories are longer."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/socket"
    finally:
        os.close(descriptor)


class _Channel:
    """A connection that never blocks and never drops: what the kernel will not take now
    waits here in order, and ``wake`` tells the thread that watches the connection."""

    def __init__(self, connection: socket.socket, wake: Callable[[], None]) -> None:
        connection.setblocking(False)
        self.socket = connection
        self._wake = wake
        self._lock = threading.Lock()
        self._unsent: deque[bytes] = deque()

    @property
    def events(self) -> int:
        """What to watch the connection for."""
        return selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)

    def send(self, message: bytes) -> None:
        """Send now or later, from any thread. A broken connection shows at the next read."""
        with self._lock:
            if not self._unsent and self._sent(message):
                return
            self._unsent.append(message)
        self._wake()

    def flush(self) -> None:
        """Send what waits, as far as the kernel takes it."""
        with self._lock:
            while self._unsent and self._sent(self._unsent[0]):
                self._unsent.popleft()

    def messages(self) -> Iterator[bytes]:
        """Every message that has come. Raises ``OSError`` at the end of the connection."""
        try:
            while message := self.socket.recv(_MAX_MESSAGE + 1):
                yield message
        except BlockingIOError:
            return
        raise ConnectionError

    def _sent(self, message: bytes) -> bool:
        try:
            self.socket.send(message)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True


class Server:
    """In the writer's process: reads messages of clients into the writer's queue."""

    def __init__(self, directory: Path, writer: Writer) -> None:
        self._writer = writer
        self._path = directory / "socket"
        self._path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with _address(directory) as address:
            self._listener.bind(address)
        self._path.chmod(0o600)  # before listen: nobody can have connected yet
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        self._channels: set[_Channel] = set()
        self._closing = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ, self._accept)
        self._selector.register(self._wake, selectors.EVENT_READ, self._woken)
        self._thread = threading.Thread(target=self._run, name="audit-socket", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Call it after the writer has answered what it took."""
        self._closing = True
        self._ring()
        self._thread.join()
        self._path.unlink(missing_ok=True)
        os.close(self._wake)

    def _ring(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while not self._closing:
            for key, events in self._selector.select():
                if isinstance(key.data, _Channel):
                    self._serve(key.data, events)
                else:
                    key.data()
        self._selector.close()
        self._listener.close()
        for channel in self._channels:
            channel.flush()
            channel.socket.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            channel = _Channel(connection, self._ring)
            self._channels.add(channel)
            self._selector.register(connection, selectors.EVENT_READ, channel)

    def _woken(self) -> None:
        """Some channel has something to send."""
        os.eventfd_read(self._wake)
        for channel in self._channels:
            self._selector.modify(channel.socket, channel.events, channel)

    def _serve(self, channel: _Channel, events: int) -> None:
        if events & selectors.EVENT_WRITE:
            channel.flush()
        try:
            for message in channel.messages():
                self._take(channel, message)
            self._selector.modify(channel.socket, channel.events, channel)
        except OSError:
            self._selector.unregister(channel.socket)
            self._channels.discard(channel)
            channel.socket.close()

    def _take(self, channel: _Channel, message: bytes) -> None:
        if not _HEAD.size <= len(message) <= _MAX_MESSAGE:
            raise ConnectionError
        kind, number = _HEAD.unpack_from(message)
        if kind == b"H":
            channel.send(message)
            return
        lines = message[_HEAD.size :].split(b"\n") if kind in b"AL" else []
        if kind not in (b"A", b"L", b"S", b"R") or not all(map(_is_line, lines)):
            raise ConnectionError

        def answer(index: int, error: AuditUnavailable | None) -> None:
            body = str(error.detail).encode() if error else _INDEX.pack(index)
            channel.send(_HEAD.pack(b"E" if error else b"K", number) + body)

        self._writer.submit(
            Pending(lines, answer, seal=kind == b"S", late=kind == b"L", change_key=kind == b"R")
        )


def _is_line(line: bytes) -> bool:
    return line[:1] == b"{" and line[-1:] == b"}" and len(line) <= MAX_LINE


class Client:
    """In another process: sends lines, and hands each answer to its waiter.

    ``lost`` is called once, from the client's thread, with what was unanswered when the
    writer went away.
    """

    def __init__(self, directory: Path, lost: Callable[[list[Pending]], None]) -> None:
        self._lost = lost
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with _address(directory) as address:
                connection.connect(address)
            connection.settimeout(_HELLO)
            connection.send(_HEAD.pack(b"H", 0))
            if not connection.recv(_HEAD.size):
                raise ConnectionResetError
        except OSError:
            connection.close()
            raise
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
        self._channel = _Channel(connection, self._ring)
        self._lock = threading.Lock()
        self._waiting: dict[int, Pending] = {}
        self._number = 0
        self._gone = self._closing = False
        self._thread = threading.Thread(target=self._run, name="audit-client", daemon=True)
        self._thread.start()

    def submit(self, pending: Pending) -> bool:
        """Send lines; ``False`` when the writer is gone (``lost`` was or will be called)."""
        body = b"\n".join(pending.lines)
        if len(body) > _MAX_MESSAGE - _HEAD.size:
            pending.done(-1, AuditUnavailable("audit log: too much in one piece"))
            return True
        with self._lock:
            if self._gone:
                return False
            self._number += 1
            self._waiting[self._number] = pending
            kind = b"L" if pending.late else b"A"
            if not pending.lines:
                kind = b"R" if pending.change_key else b"S"
            self._channel.send(_HEAD.pack(kind, self._number) + body)
        return True

    def close(self) -> None:
        """Hang up. Unanswered lines are given up."""
        with self._lock:
            if self._gone:
                return
            self._closing = True
            self._ring()
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _ring(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        channel = self._channel
        with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(self._wake, selectors.EVENT_READ)
            selector.register(channel.socket, selectors.EVENT_READ)
            while not self._closing:
                selector.modify(channel.socket, channel.events)
                selector.select()
                with contextlib.suppress(BlockingIOError):
                    os.eventfd_read(self._wake)
                channel.flush()
                for message in channel.messages():
                    self._deliver(message)
        with self._lock:
            self._gone = True
            rest, self._waiting = list(self._waiting.values()), {}
            channel.socket.close()
            os.close(self._wake)
        self._lost(rest)

    def _deliver(self, answer: bytes) -> None:
        kind, number = _HEAD.unpack_from(answer)
        body = answer[_HEAD.size :]
        with self._lock:
            pending = self._waiting.pop(number, None)
        if pending is None:
            return
        if kind == b"K":
            pending.done(_INDEX.unpack(body)[0], None)
        else:
            pending.done(-1, AuditUnavailable(body.decode(errors="replace")))
