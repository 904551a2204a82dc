"""A small HTTPS "cloud" on loopback: a classwork API, a page with trackers, a tracker, a bank.

It is the other side of the story: it keeps every byte it receives, so that the demo and the
tests can show what a service really saw. One listener plays all hosts; SNI chooses the
certificate.
"""

from __future__ import annotations

import json
import ssl
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

SERVICE = "classe.nuage.example"
TRACKER = "stats.pistage.example"
BANK = "www.banque.example"
UNKNOWN = "quiz.inconnu.example"
HOSTS = (SERVICE, TRACKER, BANK, UNKNOWN)
_STYLE = (
    "body{margin:0;background:#eef1f5;color:#1d2733;font:1.1rem/1.6 system-ui,sans-serif}"
    "main{max-width:40rem;margin:3rem auto;padding:1.5rem 2rem;background:#fff;border-radius:8px}"
)


class _Server(ThreadingHTTPServer):
    """Shakes hands in each connection's own thread: a silent client holds up nobody else."""

    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler], context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._context = context

    def get_request(self) -> tuple[ssl.SSLSocket, Any]:
        connection, address = super().get_request()
        wrapped = self._context.wrap_socket(
            connection, server_side=True, do_handshake_on_connect=False
        )
        return wrapped, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is no part of the story."""


class Cloud:
    """The server and what it received, by host."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.received: dict[str, list[bytes]] = defaultdict(list)
        self.connections: list[str] = []
        self._submissions: list[dict[str, Any]] = []
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        context.sni_callback = self._on_sni
        self._server = _Server(self._handler(), context)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    @property
    def port(self) -> int:
        """The loopback port it listens on."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Listen."""
        self._thread.start()

    def stop(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()

    def last(self, host: str) -> bytes:
        """The last request that a host received, head and body, as it came."""
        return self.received[host][-1] if self.received[host] else b""

    def all_bytes(self) -> bytes:
        """Everything that every host received."""
        return b"\n".join(raw for requests in self.received.values() for raw in requests)

    def _on_sni(self, _socket: object, name: str | None, _context: object) -> None:
        self.connections.append(name or "")

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._record(b"")
                self._answer(*cloud.page(self.headers.get("Host", ""), self.path))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                self._record(body)
                self._answer(*cloud.submit(body))

            def _record(self, body: bytes) -> None:
                head = f"{self.requestline}\r\n{self.headers}".encode("latin-1", "replace")
                host = self.headers.get("Host", "").partition(":")[0]
                cloud.received[host].append(head + body)

            def _answer(self, kind: str, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Silent: a log line would hold what the test is about."""

        return Handler

    def submit(self, body: bytes) -> tuple[str, bytes]:
        """Keep a piece of classwork and give it back with an id, as such APIs do."""
        work = json.loads(body)
        work["id"] = str(len(self._submissions) + 1)
        self._submissions.append(work)
        return "application/json", json.dumps(work, ensure_ascii=False).encode()

    def page(self, host: str, path: str) -> tuple[str, bytes]:
        """The pages: a class list that embeds trackers, the API's list, small scripts."""
        if host.startswith(TRACKER):
            return "text/javascript", b"window.tracked = true"
        if not host.startswith(SERVICE):
            return "text/plain", b"ok"
        if path.startswith("/v1/classwork"):
            return "application/json", json.dumps(self._submissions).encode()
        if path == "/favicon.ico":
            return "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg'/>"
        return "text/html; charset=utf-8", self._class_page().encode()

    def _class_page(self) -> str:
        rows = "".join(
            f'<li class=pupil data-name="{work["student"]["name"]}">{work["student"]["name"]}'
            f" : {work['text']}</li>"
            for work in self._submissions
        )
        names = json.dumps([work["student"]["name"] for work in self._submissions])
        return (
            "<!doctype html><html lang=fr><meta charset=utf-8><title>Ma classe</title>"
            f"<style>{_STYLE}</style><main><h1>Ma classe</h1><ul>{rows}</ul>"
            "<p>Élèves : <span id=count></span></p><p>Traceur : <span id=tracker></span></p></main>"
            f"<script>const pupils = {names};"
            "document.getElementById('count').textContent = pupils.join(', ')</script>"
            f"<script src='https://{TRACKER}/collect.js?page=classe'></script>"
            "<script>document.getElementById('tracker').textContent ="
            " window.tracked ? 'chargé' : 'absent'</script>"
            f"<img alt='' src='https://{TRACKER}/pixel.gif?u=1'></html>"
        )
