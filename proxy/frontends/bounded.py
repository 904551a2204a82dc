"""A threading HTTP server with few connections at a time."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class BoundedServer(ThreadingHTTPServer):
    """One thread a connection, but few: more are closed at once."""

    daemon_threads = True

    def __init__(
        self,
        address: tuple[str, int],
        handler: type[BaseHTTPRequestHandler],
        most: int,
        listener: socket.socket | None = None,
    ) -> None:
        """On ``address``, or on a ``listener`` that listens already."""
        self._free = threading.BoundedSemaphore(most)
        super().__init__(address, handler, bind_and_activate=listener is None)
        if listener is not None:
            self.socket.close()
            self.socket = listener
            self.server_address = listener.getsockname()
            self.server_name, self.server_port = listener.getsockname()[:2]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a place, or close."""
        if self._free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Give the place back, whatever happens."""
        try:
            self.serve(request, client_address)
        finally:
            self._free.release()

    def serve(self, request: Any, client_address: Any) -> None:
        """One connection, in its own thread."""
        super().process_request_thread(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no news, and its address is not for the log."""
