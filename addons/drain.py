"""Leave without losing a request: stop accepting, let what is in flight finish, go.

HTTP/1 clients get ``connection: close`` with their next answer, HTTP/2 clients a GOAWAY;
connections that have been quiet for a moment are closed. Tunnels and WebSockets count as
busy while bytes flow. What is left at the deadline is cut.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from mitmproxy import http
from mitmproxy.connection import Client

from addons.mends.client_goaway import say_goodbye

_QUIET = 1.0
"""Seconds without a byte before an idle connection is closed under the client."""
_STEP = 0.05


class Drain:
    """An addon, last of the chain, that knows the requests in flight."""

    sees_refused = True

    def __init__(self) -> None:
        self.draining = False
        self._live: defaultdict[str, set[str]] = defaultdict(set)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """One more in flight."""
        self._live[flow.client_conn.id].add(flow.id)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Ask an HTTP/1 client to come back on a new connection."""
        if self.draining and flow.response is not None and not flow.request.is_http2:
            flow.response.headers["connection"] = "close"

    def response(self, flow: http.HTTPFlow) -> None:
        """One less in flight."""
        self._live[flow.client_conn.id].discard(flow.id)

    error = response

    def client_disconnected(self, client: Client) -> None:
        """Nothing of it is in flight any more."""
        self._live.pop(client.id, None)

    async def drain(self, proxyserver: Any, deadline: float) -> int:
        """Wait until nobody is served any more; give the number of connections cut."""
        self.draining = True
        end = time.monotonic() + deadline
        for server in list(proxyserver.servers):
            if server.is_running:
                await server.stop()
        say_goodbye()
        while proxyserver.connections and time.monotonic() < end:
            for handler in list(proxyserver.connections.values()):
                self._close_if_quiet(handler)
            await asyncio.sleep(_STEP)
        return len(proxyserver.connections)

    def _close_if_quiet(self, handler: Any) -> None:
        if self._live.get(handler.client.id):
            return
        if time.time() - handler.timeout_watchdog.last_activity < _QUIET:
            return
        connection_io = handler.transports.get(handler.client)
        if connection_io is not None and connection_io.writer is not None:
            connection_io.writer.close()
