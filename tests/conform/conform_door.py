"""A door for programs that know no proxy: each connection becomes a tunnel to the service."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Self

from tests.sim.raw_client import open_tunnel
from tests.sim.school import HOST


class Door:
    """Listens on a free port and opens ``CONNECT`` tunnels through the gateway."""

    def __init__(self, proxy_port: int) -> None:
        self._proxy_port = proxy_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = open_tunnel(self._proxy_port, HOST, None)
                far.settimeout(None)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=_pump, args=(source, sink), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    with contextlib.suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
