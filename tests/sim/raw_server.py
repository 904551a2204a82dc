"""An HTTP/1 server of raw bytes: it records all that it receives and sends what it is told.

with RawServer(answer(b"HTTP/1.1 200 OK\\r\\ncontent-length: 2\\r\\n\\r\\nok"), tls) as cloud:
    ...
    assert b"Camille" not in cloud.everything
"""

from __future__ import annotations

import contextlib
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Self

TIMEOUT = 10.0
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class RawConnection:
    """One accepted connection; ``received`` holds every byte of it, decrypted."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = bytearray()
        self._unread = bytearray()
        self.ended = threading.Event()
        self.timed_out = False
        """Whether the last read ended because nothing came, not because the peer did."""

    def read(self) -> bytes:
        """The next bytes; empty at the end."""
        self.timed_out = False
        try:
            data = self.sock.recv(65536)
        except (OSError, ValueError) as error:
            self.timed_out = isinstance(error, TimeoutError)
            data = b""
        self.received += data
        self._unread += data
        if not data:
            self.ended.set()
        return data

    def read_until(self, mark: bytes) -> bytes:
        """Everything up to and with ``mark``; empty when the peer ends before it."""
        while mark not in self._unread:
            if not self.read():
                return b""
        end = self._unread.index(mark) + len(mark)
        taken, self._unread = bytes(self._unread[:end]), self._unread[end:]
        return taken

    def read_exactly(self, count: int) -> bytes:
        """``count`` bytes, or fewer when the peer ends."""
        while len(self._unread) < count and self.read():
            pass
        taken, self._unread = bytes(self._unread[:count]), self._unread[count:]
        return taken

    def read_message(self) -> tuple[bytes, bytes, bytes]:
        """Head, body (chunks joined) and trailer section of one HTTP/1 message."""
        head = self.read_until(b"\r\n\r\n")
        if re.search(rb"(?i)\r\ntransfer-encoding:[^\r]*chunked", head):
            return head, *self._read_chunks()
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        return head, self.read_exactly(int(length[1])) if length else b"", b""

    def _read_chunks(self) -> tuple[bytes, bytes]:
        body = b""
        while True:
            line = self.read_until(b"\r\n")
            if not line:
                return body, b""
            size = int(line.split(b";")[0], 16)
            if size == 0:
                break
            body += self.read_exactly(size)
            self.read_exactly(2)
        trailers = b""
        while (line := self.read_until(b"\r\n")) not in (b"\r\n", b""):
            trailers += line
        return body, trailers

    def send(self, data: bytes) -> None:
        """Send; a peer that has gone is not an error here."""
        with contextlib.suppress(OSError):
            self.sock.sendall(data)

    def close(self) -> None:
        """Close at once."""
        with contextlib.suppress(OSError):
            self.sock.close()


type Script = Callable[[RawConnection], None]


def answer(*answers: bytes) -> Script:
    """Read a request, send the next answer (the last one again and again), until the end."""

    def script(connection: RawConnection) -> None:
        count = 0
        while connection.read_message()[0]:
            connection.send(answers[min(count, len(answers) - 1)])
            count += 1

    return script


class RawServer:
    """Listens on a free port of 127.0.0.1 and runs ``script`` for each connection."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None) -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[RawConnection] = []
        self._open = True

    @property
    def address(self) -> tuple[str, int]:
        """For ``WorkerSettings.resolve``."""
        return "127.0.0.1", self.port

    @property
    def everything(self) -> bytes:
        """Every byte received on any connection."""
        return b"".join(bytes(connection.received) for connection in self.connections)

    def wait_for(self, condition: Callable[[], bool], seconds: float = 5.0) -> bool:
        """Wait until ``condition`` holds; false when it never does."""
        return wait_for(condition, seconds)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        while self._open:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.settimeout(TIMEOUT)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    def _serve(self, sock: socket.socket) -> None:
        try:
            if self._tls is not None:
                sock = self._tls.wrap_socket(sock, server_side=True)
        except OSError:
            sock.close()
            return
        connection = RawConnection(sock)
        self.connections.append(connection)
        with contextlib.suppress(OSError, ValueError):
            self._script(connection)
        while connection.read():
            pass
        connection.close()


def wait_for(condition: Callable[[], bool], seconds: float = 5.0, every: float = 0.01) -> bool:
    """Wait until ``condition`` holds, asked ``every`` so many seconds; false when it never does."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(every)
    return condition()
