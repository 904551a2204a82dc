"""A TCP proxy that misbehaves on purpose, to stand between any two parts of the gateway.

with ChaosProxy(cloud.address) as chaos:      # the gateway finds the cloud at chaos.address
    chaos.down = Fault(pass_bytes=100, then=Then.RESET)
    ...
    chaos.heal()

``up`` is what becomes of bytes from who connects, ``down`` of bytes that come back. Both may
change at any time; pieces under way follow the fault that is set when they are passed.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from dataclasses import dataclass
from enum import Enum
from typing import Self

_RST = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: closing sends RST, not FIN."""


class Then(Enum):
    """What happens after ``pass_bytes``."""

    CLOSE = "close"
    """An orderly end in both directions."""
    RESET = "reset"
    """RST to both ends."""
    HALF_CLOSE = "half-close"
    """The end of this direction; the other goes on."""
    SWALLOW = "swallow"
    """Bytes vanish and nobody is told: a cable that was cut."""


@dataclass(frozen=True, slots=True)
class Fault:
    """How one direction misbehaves."""

    delay: float = 0.0
    """Seconds before each piece."""
    piece: int = 65536
    """The most that is passed at a time: 1 is a slow drip, together with ``delay``."""
    pass_bytes: int | None = None
    """How many bytes pass in order before ``then``."""
    then: Then = Then.CLOSE


FINE = Fault()


class _Link:
    """One connection through the proxy."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near, self.far = near, far

    def end(self, how: Then = Then.CLOSE) -> None:
        """End both directions; a thread that reads wakes up, also when the end is an RST."""
        for one in (self.near, self.far):
            with contextlib.suppress(OSError):
                if how is Then.RESET:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                    one.shutdown(socket.SHUT_RD)  # SHUT_RDWR would send FIN before the RST
                else:
                    one.shutdown(socket.SHUT_RDWR)
            one.close()


class ChaosProxy:
    """Listens on a free port of 127.0.0.1 and passes connections on to ``target``."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.up = self.down = FINE
        self.refuse = False
        """Connections are reset as soon as they come."""
        self.count = 0
        """Connections so far."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._links: list[_Link] = []
        self._open = True

    @property
    def address(self) -> tuple[str, int]:
        """Where to find it."""
        host, port = self._listener.getsockname()
        return host, port

    @property
    def port(self) -> int:
        """The port of ``address``."""
        return self.address[1]

    def heal(self) -> None:
        """No fault for what comes from here on; what was broken stays so."""
        self.up = self.down = FINE
        self.refuse = False

    def cut(self) -> None:
        """Reset all that is under way."""
        while self._links:
            self._links.pop().end(Then.RESET)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._open = False
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        while self._links:
            self._links.pop().end()

    def _accept(self) -> None:
        while self._open:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.count += 1
            if self.refuse:
                near.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RST)
                near.close()
                continue
            self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        try:
            far = socket.create_connection(self.target, timeout=5)
        except OSError:
            near.close()
            return
        far.settimeout(None)
        for one in (near, far):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        link = _Link(near, far)
        self._links.append(link)
        for source, sink, upwards in ((near, far, True), (far, near, False)):
            work = threading.Thread(
                target=self._pump, args=(link, source, sink, upwards), daemon=True
            )
            work.start()

    def _pump(self, link: _Link, source: socket.socket, sink: socket.socket, upwards: bool) -> None:
        try:
            self._pass_on(link, source, sink, upwards)
            sink.shutdown(socket.SHUT_WR)
        except OSError:  # one end broke: so does the other
            link.end(Then.RESET)

    def _pass_on(
        self, link: _Link, source: socket.socket, sink: socket.socket, upwards: bool
    ) -> None:
        passed = 0
        while data := source.recv(65536):
            while data:
                fault = self.up if upwards else self.down
                time.sleep(fault.delay)
                count = min(fault.piece, len(data))
                if fault.pass_bytes is not None:
                    count = min(count, max(0, fault.pass_bytes - passed))
                sink.sendall(data[:count])
                passed, data = passed + count, data[count:]
                if fault.pass_bytes is None or passed < fault.pass_bytes:
                    continue
                if fault.then is Then.HALF_CLOSE:
                    return
                if fault.then is not Then.SWALLOW:
                    link.end(fault.then)
                data = b""
