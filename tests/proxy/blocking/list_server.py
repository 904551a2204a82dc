"""A server of lists, and a proxy in front of it, on loopback: the real wire, bounded."""

from __future__ import annotations

import contextlib
import hashlib
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class ListServer:
    """What it serves, how it misbehaves, and what it was asked."""

    files: dict[str, bytes] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)
    cut: int = 0
    """Close after so many bytes, whatever was announced."""
    moved: dict[str, str] = field(default_factory=dict)
    seen: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    tunnels: list[str] = field(default_factory=list)
    port: int = 0
    scheme: str = "http"

    @property
    def url(self) -> str:
        return f"{self.scheme}://localhost:{self.port}/"


def _handler(server: ListServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            path = self.path.partition("localhost:")[2].partition("/")[2] or self.path.lstrip("/")
            server.seen.append((path, {k.lower(): v for k, v in self.headers.items()}))
            if path in server.moved:
                self.answer(302, b"", {"Location": server.moved[path]})
            elif path in server.statuses:
                self.answer(server.statuses[path], b"no")
            elif path not in server.files:
                self.answer(404, b"no")
            else:
                self.serve(server.files[path])

        def serve(self, body: bytes) -> None:
            tag = '"' + hashlib.sha256(body).hexdigest()[:12] + '"'
            if self.headers["If-None-Match"] == tag:
                self.answer(304, b"", {"ETag": tag})
                return
            self.answer(200, body, {"ETag": tag, "Last-Modified": "Tue, 14 Jul 2026 09:53:00 GMT"})

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: server.cut] if server.cut and status == 200 else body)
            if server.cut:
                self.close_connection = True

        def do_CONNECT(self) -> None:
            server.tunnels.append(self.path)
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), 5) as upstream:
                self.send_response(200)
                self.end_headers()
                _shuttle(self.connection, upstream)
            self.close_connection = True

    return Handler


def _shuttle(one: socket.socket, other: socket.socket) -> None:
    peers = {one: other, other: one}
    while True:
        ready, _, _ = select.select([one, other], [], [], 5)
        for end in ready:
            data = end.recv(65536)
            if not data:
                return
            peers[end].sendall(data)
        if not ready:
            return


@contextlib.contextmanager
def serving(server: ListServer, context: ssl.SSLContext | None = None) -> Iterator[ListServer]:
    """The server, running."""
    http = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    http.daemon_threads = True
    if context is not None:
        http.socket = context.wrap_socket(http.socket, server_side=True)
        server.scheme = "https"
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
