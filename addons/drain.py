"""Leave without losing a request: stop accepting, let what is in flight finish, go.

HTTP/1 clients get ``connection: close`` with their next answer, HTTP/2 clients a GOAWAY,
WebSocket clients close code 1001: all three know that the next request belongs on a new
connection. What has been quiet for a moment is then closed; a tunnel, whose requests we
cannot see, after a longer one. What is left at the deadline is cut.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from typing import Any

from mitmproxy import http, tls
from mitmproxy.connection import Client

from addons.mends import client_goaway, websocket_goodbye

_QUIET = 1.0
"""Seconds without a byte before an idle connection is closed under the client."""
_TUNNEL_QUIET = 5.0
"""The same for a tunnel: a service that thinks for so long is rarer than one that is done."""
_STEP = 0.05


class Drain:
    """An addon, last of the chain, that knows the requests in flight."""

    sees_refused = True

    def __init__(self) -> None:
        self.draining = False
        self._live: defaultdict[str, set[str]] = defaultdict(set)
        self._tunnels: set[str] = set()

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """Whether the gate chose to pass the connection unread."""
        if data.ignore_connection:
            self._tunnels.add(data.context.client.id)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """One more in flight."""
        self._live[flow.client_conn.id].add(flow.id)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Ask an HTTP/1 client to come back on a new connection."""
        answer = flow.response
        if not self.draining or answer is None or flow.request.is_http2:
            return
        if answer.status_code != 101:
            answer.headers["connection"] = "close"

    def response(self, flow: http.HTTPFlow) -> None:
        """One less in flight. An answer of our own comes here without ``responseheaders``."""
        if flow.request.method != "CONNECT":
            self.responseheaders(flow)
        self._live[flow.client_conn.id].discard(flow.id)

    def error(self, flow: http.HTTPFlow) -> None:
        """One less in flight."""
        self._live[flow.client_conn.id].discard(flow.id)

    def client_disconnected(self, client: Client) -> None:
        """Nothing of it is in flight any more."""
        self._live.pop(client.id, None)
        self._tunnels.discard(client.id)

    async def drain(self, proxyserver: Any, deadline: float) -> int:
        """Wait until nobody is served any more; give the number of connections cut."""
        self.draining = True
        end = time.monotonic() + deadline
        for server in list(proxyserver.servers):
            if server.is_running:
                await server.stop()
        while proxyserver.connections and time.monotonic() < end:
            by_client = {h.client.id: h for h in proxyserver.connections.values()}
            client_goaway.say_goodbye(by_client)
            websocket_goodbye.say_goodbye(by_client)
            for handler in by_client.values():
                self._close_if_quiet(handler)
            await asyncio.sleep(_STEP)
        return len(proxyserver.connections)

    def _close_if_quiet(self, handler: Any) -> None:
        client = handler.client.id
        if self._live.get(client):
            return
        quiet = _TUNNEL_QUIET if client in self._tunnels else _QUIET
        if time.time() - handler.timeout_watchdog.last_activity < quiet:
            return
        connection_io = handler.transports.get(handler.client)
        if connection_io is not None and connection_io.writer is not None:
            connection_io.writer.close()
