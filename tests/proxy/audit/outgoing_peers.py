"""What stands at the other end: a syslog collector over TLS, an HTTP collector, an S3 storage.

Each can be made to fail on purpose. The storage checks signatures with Amazon's own signer.
"""

from __future__ import annotations

import hashlib
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import trustme
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as AmazonCredentials

ACCESS, SECRET, REGION = "AKTEST", "a secret/with+signs=", "fr-par"


class Authority:
    """Signs the peers' certificates; ``pem`` is what the gateway is told to trust."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.pem = folder / "peers.pem"
        self._ca.cert_pem.write_to_path(str(self.pem))

    def context(self, *names: str) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*(names or ("127.0.0.1",))).configure_cert(context)
        return context


class SyslogCollector:
    """Reads octet-counted frames; ``kill`` drops everything with bytes still unread."""

    def __init__(self, context: ssl.SSLContext, port: int = 0) -> None:
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", port))
        self.port = self._socket.getsockname()[1]
        self.messages: list[bytes] = []
        self.connections = 0
        self.stall_after: int | None = None
        """Stop reading after this many messages, as a collector that hangs."""
        self._open: list[socket.socket] = []
        self._dead = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                raw, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(raw,), daemon=True).start()

    def _serve(self, raw: socket.socket) -> None:
        try:
            stream = self._context.wrap_socket(raw, server_side=True, suppress_ragged_eofs=False)
        except OSError:
            return
        self._open.append(stream)
        self.connections += 1
        file = stream.makefile("rb")
        try:
            while length := self._length(file):
                body = file.read(length)
                if self._dead:
                    return
                self.messages.append(body)
                if self.stall_after is not None and len(self.messages) >= self.stall_after:
                    return
            stream.unwrap()
        except (OSError, ValueError):
            return

    @staticmethod
    def _length(file: Any) -> int:
        digits = b""
        while (byte := file.read(1)) not in (b" ", b""):
            digits += byte
        return int(digits) if digits else 0

    def kill(self) -> None:
        """As SIGKILL would: sockets closed with what lies unread in them."""
        self._dead = True
        # shutdown wakes the thread that waits in accept: close alone would leave it listening
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for stream in self._open:
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            socket.socket.close(stream)


class Web:
    """An HTTP server of one function: (method, path, headers, body) → (status, body)."""

    def __init__(
        self,
        answer: Callable[[str, str, Any, bytes], tuple[int, bytes]],
        context: ssl.SSLContext | None = None,
    ) -> None:
        class Handler(BaseHTTPRequestHandler):
            def _any(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, told = answer(self.command, self.path, self.headers, body)
                self.send_response(status)
                self.send_header("Content-Length", str(len(told)))
                if status in (301, 302, 307):
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(told)

            do_GET = do_PUT = do_POST = _any

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if context:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "https" if context else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_port}"
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class Storage:
    """An S3 bucket in memory. ``fail`` may break a request; ``corrupt`` changes what is stored."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fail: Callable[[str, str], bool] = lambda method, path: False
        self.corrupt = False
        self.puts: list[str] = []

    def answer(self, method: str, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:
        if not self._signed(method, path, headers, body):
            return 403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>"
        if self.fail(method, path):
            return 503, b"<Error><Code>SlowDown</Code></Error>"
        if method == "PUT":
            self.puts.append(path)
            self.objects[path] = body[:-1] if self.corrupt else body
            return 200, b""
        found = self.objects.get(path)
        return (404, b"<Error/>") if found is None else (200, found)

    @staticmethod
    def _signed(method: str, path: str, headers: Any, body: bytes) -> bool:
        """Sign the same request with Amazon's library and compare."""
        if headers["x-amz-content-sha256"] != hashlib.sha256(body).hexdigest():
            return False
        request = AWSRequest(method, f"http://{headers['Host']}{path}", data=body or None)
        request.context.update(timestamp=headers["x-amz-date"], payload_signing_enabled=True)
        request.headers["X-Amz-Date"] = headers["x-amz-date"]
        request.headers["X-Amz-Content-SHA256"] = headers["x-amz-content-sha256"]
        request.headers["Host"] = headers["Host"]
        signer = S3SigV4Auth(AmazonCredentials(ACCESS, SECRET), "s3", REGION)
        canonical = signer.canonical_request(request)
        expected = signer.signature(signer.string_to_sign(request, canonical), request)
        return headers["Authorization"].endswith(f"Signature={expected}")
