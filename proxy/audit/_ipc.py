"""Events from other processes of the same machine to the one writer.

A log has one writer, yet ``preau keys rotate`` must record what it did while the gateway
runs, and several workers share one log. They send lines over a Unix socket in the log's
directory, mode 0600, and wait for the same acknowledgement as everybody else. It is a
``SOCK_SEQPACKET`` socket: the kernel keeps message borders, so there is no framing to get
wrong. This is the one place of the engine outside ``frontends/`` that opens a socket; it
never leaves the machine and no address family but ``AF_UNIX`` is used.

A message is one kind byte, an 8-byte number that the reply repeats, then:
``A`` lines joined by newlines; ``S`` nothing (seal, please). Replies: ``K`` and the 8-byte
index of the first line; ``E`` and the reason in words.
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


@contextlib.contextmanager
def _address(directory: Path) -> Iterator[str]:
    """A short name for the socket: ``sun_path`` holds 107 bytes, directories are longer."""
    descriptor = os.open(directory, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/socket"
    finally:
        os.close(descriptor)


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
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._stop = os.eventfd(0)
        self._selector.register(self._stop, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, name="audit-socket", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening. Call it after the writer has answered what it took."""
        os.eventfd_write(self._stop, 1)
        self._thread.join()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while True:
            for key, _ in self._selector.select():
                if key.fd == self._stop:
                    self._hang_up()
                    return
                if key.fileobj is self._listener:
                    self._accept()
                else:
                    assert isinstance(key.fileobj, socket.socket)
                    self._read(key.fileobj)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            connection, _ = self._listener.accept()
            connection.setblocking(False)
            self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, connection: socket.socket) -> None:
        """Take every message that waits on this connection."""
        try:
            while message := connection.recv(_MAX_MESSAGE + 1):
                self._take(connection, message)
        except BlockingIOError:
            return
        except OSError:
            pass
        self._selector.unregister(connection)
        connection.close()

    def _take(self, connection: socket.socket, message: bytes) -> None:
        if len(message) < _HEAD.size or len(message) > _MAX_MESSAGE:
            raise OSError("malformed message")
        kind, number = _HEAD.unpack_from(message)
        lines = message[_HEAD.size :].split(b"\n") if kind == b"A" else []
        if kind not in b"AS" or not all(map(_is_line, lines)):
            raise OSError("malformed message")

        def answer(index: int, error: AuditUnavailable | None) -> None:
            body = str(error.detail).encode() if error else _INDEX.pack(index)
            # A client that does not read its answers gets none: the writer never waits.
            with contextlib.suppress(OSError):
                connection.send(_HEAD.pack(b"E" if error else b"K", number) + body)

        self._writer.submit(Pending(lines, answer, seal=kind == b"S"))

    def _hang_up(self) -> None:
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
        os.close(self._stop)


def _is_line(line: bytes) -> bool:
    return line[:1] == b"{" and line[-1:] == b"}" and len(line) <= MAX_LINE


class Client:
    """In another process: sends lines, and hands each answer to its waiter.

    ``lost`` is called once, from the client's thread, with what was unanswered when the
    writer went away.
    """

    def __init__(self, directory: Path, lost: Callable[[list[Pending]], None]) -> None:
        self._lost = lost
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            with _address(directory) as address:
                self._socket.connect(address)
        except OSError:
            self._socket.close()
            raise
        self._socket.setblocking(False)
        self._lock = threading.Lock()
        self._sent: dict[int, Pending] = {}
        self._unsent: deque[bytes] = deque()
        self._number = 0
        self._gone = False
        self._closing = False
        self._wake = os.eventfd(0, os.EFD_NONBLOCK)
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
            self._sent[self._number] = pending
            message = _HEAD.pack(b"S" if pending.seal else b"A", self._number) + body
            if self._unsent or not self._send(message):
                self._unsent.append(message)
                os.eventfd_write(self._wake, 1)
        return True

    def close(self) -> None:
        """Hang up. Unanswered lines are given up."""
        with self._lock:
            if self._gone:
                return
            self._closing = True
            os.eventfd_write(self._wake, 1)
        if threading.current_thread() is not self._thread:
            self._thread.join()

    def _send(self, message: bytes) -> bool:
        """Whether the kernel took it. A broken connection shows at the next read."""
        try:
            self._socket.send(message)
        except BlockingIOError:
            return False
        except OSError:
            return True
        return True

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._wake, selectors.EVENT_READ)
            selector.register(self._socket, selectors.EVENT_READ)
            while not self._closing and self._turn(selector):
                pass
        with self._lock:
            self._gone = True
            rest, self._sent = list(self._sent.values()), {}
            self._socket.close()
            os.close(self._wake)
        self._lost(rest)

    def _turn(self, selector: selectors.BaseSelector) -> bool:
        """Wait, read every answer, send what had to wait; whether the writer is there."""
        want = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._unsent else 0)
        selector.modify(self._socket, want)
        selector.select()
        with contextlib.suppress(BlockingIOError):
            os.eventfd_read(self._wake)
        try:
            while answer := self._socket.recv(_MAX_MESSAGE):
                self._deliver(answer)
        except BlockingIOError:
            with self._lock:
                while self._unsent and self._send(self._unsent[0]):
                    self._unsent.popleft()
            return True
        except OSError:
            pass
        return False

    def _deliver(self, answer: bytes) -> None:
        kind, number = _HEAD.unpack_from(answer)
        body = answer[_HEAD.size :]
        with self._lock:
            pending = self._sent.pop(number, None)
        if pending is None:
            return
        if kind == b"K":
            pending.done(_INDEX.unpack(body)[0], None)
        else:
            pending.done(-1, AuditUnavailable(body.decode(errors="replace")))
