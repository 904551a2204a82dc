"""Health, readiness and metrics over HTTP, on a port of their own.

============  ========================================================================
``/-/healthy``  the process is alive; depends on nothing
``/-/ready``    every check holds (``?verbose``: each by name, as JSON); else 503
``/metrics``    Prometheus' text format
``/``           the same for a person, in French or English
============  ========================================================================

Runs in threads beside the gateway, so a slow scrape or a hanging check cannot hold up its
event loop. Only GET and HEAD, one request a connection, short time-outs, few at a time; and
only for a ``Host`` that is this machine or named by the site: a web page whose name was
rebound to 127.0.0.1 (DNS rebinding) gets nothing.
"""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
import time
from collections.abc import Callable, Collection, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

from proxy.errors import InputError
from proxy.frontends.bounded import BoundedServer
from proxy.frontends.status_page import CONTENT_SECURITY_POLICY, page
from proxy.metrics import CONTENT_TYPE

_TIMEOUT_SECONDS = 5.0
_CHECK_SECONDS = 2.0
_MAX_CONNECTIONS = 16
_JSON = "application/json"
_TEXT = "text/plain; charset=utf-8"


class Check(NamedTuple):
    """The result of a readiness check. ``detail`` is for people and holds no personal data."""

    ok: bool
    detail: str = ""


class _Answer(NamedTuple):
    status: int
    content_type: str
    body: bytes


class Readiness:
    """Runs named checks, each with a deadline and never twice at once."""

    def __init__(self, checks: Mapping[str, Callable[[], Check]]) -> None:
        self._checks = dict(checks)
        self._running: dict[str, threading.Thread] = {}
        self._lock = threading.Lock()

    def run(self) -> dict[str, Check]:
        """All results, at the latest after the deadline; what hangs or raises is not ready."""
        with self._lock:
            results = {name: Check(False, "no answer in time") for name in self._checks}
            for name, check in self._checks.items():
                running = self._running.get(name)
                if running is None or not running.is_alive():
                    thread = threading.Thread(
                        target=_run_check, args=(name, check, results), daemon=True
                    )
                    self._running[name] = thread
                    thread.start()
            deadline = time.monotonic() + _CHECK_SECONDS
            for thread in self._running.values():
                thread.join(max(0.0, deadline - time.monotonic()))
            return dict(results)


def _run_check(name: str, check: Callable[[], Check], results: dict[str, Check]) -> None:
    try:
        results[name] = check()
    except Exception as error:  # the text may hold anything; the type is enough to look further
        results[name] = Check(False, type(error).__name__)


class Rendered(Protocol):
    """Whatever gives metrics in Prometheus' text format: one worker's, or all of them."""

    def render(self) -> bytes: ...


class StatusServer:
    """The status and metrics server. ``port`` is the real one after ``start``."""

    def __init__(
        self,
        metrics: Rendered,
        checks: Mapping[str, Callable[[], Check]],
        host: str = "127.0.0.1",
        port: int = 0,
        allowed_hosts: Collection[str] = (),
        *,
        listener: socket.socket | None = None,
        details: Callable[[], Mapping[str, Any]] = dict,
    ) -> None:
        """``listener`` listens already, instead of on ``host`` and ``port``; ``details`` is
        what else ``/-/ready?verbose`` tells."""
        self._listener = listener
        self._details = details
        self._metrics = metrics
        self._readiness = Readiness(checks)
        self._allowed = frozenset((*(name.lower() for name in allowed_hosts), "localhost", host))
        self._address = (host, port)
        self._server: _Server | None = None

    @property
    def port(self) -> int:
        """The port it listens on; 0 before ``start`` when any was asked for."""
        return self._server.server_port if self._server else self._address[1]

    def start(self) -> None:
        """Listen and serve in the background."""
        try:
            self._server = _Server(self._address, self.answer, self.allows, self._listener)
        except OSError as error:
            host, port = self._address
            raise InputError(
                f"status server: cannot listen on {host}:{port} ({error.strerror});"
                " choose another address"
            ) from error
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True
        ).start()

    def stop(self) -> None:
        """Stop listening. Calls under way end by themselves."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def allows(self, host_header: str) -> bool:
        """Whether ``Host`` names this machine: a loopback address or an allowed name."""
        name = urlsplit(f"//{host_header}").hostname or ""
        if name in self._allowed:
            return True
        try:
            return ipaddress.ip_address(name).is_loopback
        except ValueError:
            return False

    def answer(self, target: str, language: str) -> _Answer:
        """What a GET of ``target`` answers."""
        url = urlsplit(target)
        if url.path == "/-/healthy":
            return _Answer(200, _TEXT, b"ok\n")
        if url.path == "/metrics":
            return _Answer(200, CONTENT_TYPE, self._metrics.render())
        if url.path not in ("/-/ready", "/"):
            return _Answer(404, _TEXT, b"not found\n")
        results = self._readiness.run()
        ready = all(check.ok for check in results.values())
        if url.path == "/":
            return _Answer(200, "text/html; charset=utf-8", page(results, language))
        status = 200 if ready else 503
        if "verbose" not in url.query:
            return _Answer(status, _TEXT, b"ready\n" if ready else b"not ready\n")
        document = {
            "ready": ready,
            "checks": {name: check._asdict() for name, check in results.items()},
            **self._details(),
        }
        return _Answer(status, _JSON, json.dumps(document, ensure_ascii=False).encode())


class _Server(BoundedServer):
    request_queue_size = 64

    def __init__(
        self,
        address: tuple[str, int],
        answer: Callable[[str, str], _Answer],
        allows: Callable[[str], bool],
        listener: socket.socket | None,
    ) -> None:
        self.answer = answer
        self.allows = allows
        super().__init__(address, _Handler, _MAX_CONNECTIONS, listener)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = _TIMEOUT_SECONDS
    protocol_version = "HTTP/1.0"

    def do_GET(self) -> None:
        self._respond(head=False)

    def do_HEAD(self) -> None:
        self._respond(head=True)

    def _respond(self, *, head: bool) -> None:
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or not self.server.allows(hosts[0]):
            answer = _Answer(421, _TEXT, b"this address is not served here\n")
        else:
            language = self.headers.get("Accept-Language", "")
            answer = self.server.answer(self.path, language)
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.send_header("Connection", "close")
        self.end_headers()
        if not head:
            self.wfile.write(answer.body)

    def version_string(self) -> str:
        return "preau"

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the base class writes the client's address to stderr."""
