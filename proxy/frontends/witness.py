"""The witness's door: C2SP tlog-witness over HTTP or HTTPS, a few connections at once.

::

    POST /add-checkpoint                    sign a newer checkpoint
    GET  /<sha256(origin) hex>/checkpoint   the last one signed (public by design)
    GET  /-/healthy

Nothing of a client is logged. Requests are bounded in size, time and number.
"""

from __future__ import annotations

import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler
from typing import Any

from proxy.errors import InputError
from proxy.frontends.bounded import BoundedServer
from proxy.witness import Witness
from proxy.witness.protocol import MOST_BODY, Answer

_MOST_CONNECTIONS = 32
_SECONDS = 10.0
_MONITOR = re.compile(r"/([0-9a-f]{64})/checkpoint")


class WitnessServer:
    """Serves one witness. ``port`` is the real one."""

    def __init__(
        self, witness: Witness, host: str, port: int, context: ssl.SSLContext | None = None
    ) -> None:
        try:
            self._server = _Server((host, port), witness)
        except OSError as error:
            raise InputError(
                f"witness: cannot listen on {host}:{port} ({error.strerror}); choose another"
            ) from None
        self._server.context = context

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_port)

    def start(self) -> None:
        """Serve in the background."""
        threading.Thread(target=self.serve, name="witness", daemon=True).start()

    def serve(self) -> None:
        """Serve until ``stop``."""
        self._server.serve_forever(poll_interval=0.1)

    def stop(self) -> None:
        """Stop listening; what is being decided is finished."""
        self._server.shutdown()
        self._server.server_close()


class _Server(BoundedServer):
    context: ssl.SSLContext | None = None

    def __init__(self, address: tuple[str, int], witness: Witness) -> None:
        self.witness = witness
        super().__init__(address, _Handler, _MOST_CONNECTIONS)

    def serve(self, request: Any, client_address: Any) -> None:
        """The TLS handshake happens here, in the connection's own thread, with its deadline."""
        try:
            if self.context is not None:
                request.settimeout(_SECONDS)
                request = self.context.wrap_socket(request, server_side=True)
            super().serve(request, client_address)
        except OSError:
            self.shutdown_request(request)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _SECONDS
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        if self.path != "/add-checkpoint":
            self._respond(Answer(404, b"not found\n"))
            return
        lengths = self.headers.get_all("Content-Length") or []
        if len(lengths) != 1 or not lengths[0].isdecimal() or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            self._respond(Answer(411, b"give a Content-Length\n"))
        elif int(lengths[0][:12]) > MOST_BODY:
            self.close_connection = True
            self._respond(Answer(413, b"too long\n"))
        else:
            body = self.rfile.read(int(lengths[0]))
            self._respond(self.server.witness.add_checkpoint(body))

    def do_GET(self) -> None:
        monitored = _MONITOR.fullmatch(self.path)
        if monitored:
            self._respond(self.server.witness.latest(monitored[1]))
        elif self.path == "/-/healthy":
            self._respond(Answer(200, b"ok\n"))
        else:
            self._respond(Answer(404, b"not found\n"))

    def _respond(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(answer.body)

    def version_string(self) -> str:
        return "preau-witness"

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the base class writes the client's address to stderr."""
