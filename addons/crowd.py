"""The crowd before the door: how many connections, and when no more requests are taken.

First of the addons, so that what is refused here has cost nothing yet. What is counted is what
is open now; nothing is remembered of what was. Each refusal is counted; a connection's is
recorded once a minute for each address: who floods us must not fill the log.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import resource
import time
from collections import Counter
from typing import Any

from mitmproxy import connection, ctx, http

from addons.door import Door
from addons.load import LOOK_EVERY, Load
from addons.mends import body_limit, h2_floods
from addons.message import head_of, to_response
from addons.standing import Standing
from proxy.engine.pages import RETRY_AFTER
from proxy.metrics import Metrics
from proxy.policy.hosts import normal_host
from proxy.reasons import Reason
from proxy.traffic import Traffic

_MINUTE = 60.0
_SPARE = 256
"""Descriptors for everything that is no connection."""
_SORRY = (
    b"HTTP/1.1 503 Service Unavailable\r\nretry-after: %s\r\nx-preau-reason: %s\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class Crowd:
    """Counts connections and requests; refuses the one too many."""

    sees_refused = True

    def __init__(self, door: Door, load: Load, metrics: Metrics, traffic: Traffic) -> None:
        self._door = door
        self._load = load
        self._metrics = metrics
        self._traffic = traffic
        self._most = traffic.connections
        self._open = 0
        self._addresses: Counter[str] = Counter()
        self._hosts: Counter[str] = Counter()
        self._host_of: dict[str, str] = {}
        self._told: dict[tuple[str, Reason], float] = {}
        self._standing = Standing()

    def running(self) -> None:
        """The worker serves: a connection takes two descriptors, there must be enough of them."""
        self._most = min(self._traffic.connections, (_descriptors() - _SPARE) // 2)
        body_limit.LIMIT.holds = self._load.holds
        h2_floods.LIMITS.tell = self._flooded
        self._standing.begin(self._look())

    async def done(self) -> None:
        """The worker ends."""
        await self._standing.end()

    async def _look(self) -> None:
        while True:
            asked = time.monotonic()
            await asyncio.sleep(LOOK_EVERY)
            self._load.looked(time.monotonic() - asked - LOOK_EVERY)
            self._metrics.lag.set(self._load.lag)
            self._metrics.held.set(self._load.held)

    # --- connections ---

    def client_connected(self, client: connection.Client) -> None:
        """One more connection, if there may be."""
        address = _address(client)
        self._addresses[address] += 1
        self._count(+1)
        if (
            self._open > self._most
            or self._addresses[address] > self._traffic.connections_of_address
        ):
            client.error = "too many connections"
            self._say_sorry(client)
            self.refuse_connection(client, Reason.TOO_MANY_CONNECTIONS)

    def client_disconnected(self, client: connection.Client) -> None:
        """One less, and nothing of it is left."""
        address = _address(client)
        self._count(-1)
        _one_less(self._addresses, address)
        self._leave_host(client)
        self._load.client_left(client.id)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """A connection is asked for: are there too many to that host?"""
        client, host = flow.client_conn, normal_host(flow.request.host)
        self._leave_host(client)
        if self._hosts[host] >= self._traffic.connections_to_host:
            self._refuse(flow, Reason.TOO_MANY_CONNECTIONS)
        elif self._load.is_too_much():
            self._refuse(flow, Reason.OVERLOADED)
        else:
            self._hosts[host] += 1
            self._host_of[client.id] = host

    def refuse_connection(self, client: connection.Client, reason: Reason) -> None:
        """Count it, and record it where it was not a moment ago."""
        now = time.monotonic()
        key = (_address(client), reason)
        ruling = self._door.engine.refuse_connection(self._door.client_of(client), reason)
        if now - self._told.get(key, -_MINUTE) < _MINUTE:
            return
        if len(self._told) > 10_000:
            self._told.clear()
        self._told[key] = now
        self._door.record_later(ruling.events)

    # --- requests ---

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """One more request, if there may be."""
        if flow.error:
            return
        if self._load.is_too_much():
            self._refuse(flow, Reason.OVERLOADED)
        self._load.begin(flow)

    def response(self, flow: http.HTTPFlow) -> None:
        """One less."""
        self._load.end(flow)

    error = response

    # --- the rest ---

    def _refuse(self, flow: http.HTTPFlow, reason: Reason) -> None:
        client = self._door.client_of(flow.client_conn)
        ruling = self._door.engine.refuse_head(head_of(flow.request, ""), client, reason)
        self._door.record_later(ruling.events)
        flow.response = to_response(self._door.reply_of(ruling))

    def _flooded(self, client: connection.Client) -> None:
        self.refuse_connection(client, Reason.TOO_MANY_FRAMES)

    def _count(self, more: int) -> None:
        self._open += more
        self._metrics.open.set(self._open)

    def _leave_host(self, client: connection.Client) -> None:
        host = self._host_of.pop(client.id, None)
        if host is not None:
            _one_less(self._hosts, host)

    @staticmethod
    def _say_sorry(client: connection.Client) -> None:
        """The answer to a CONNECT that is not even read; it may get lost with the connection."""
        proxyserver: Any = ctx.master.addons.get("proxyserver")
        handler = proxyserver.connections.get(client.id) if proxyserver else None
        writer = handler.transports[client].writer if handler is not None else None
        if writer is not None:
            reason = Reason.TOO_MANY_CONNECTIONS.value.encode()
            writer.write(_SORRY % (RETRY_AFTER, reason))


def _address(client: connection.Client) -> str:
    """The address that is counted: of IPv6 the first 64 bits, as one device may have them all."""
    host: str = client.peername[0]
    if ":" not in host:
        return host
    parsed = ipaddress.IPv6Address(host.partition("%")[0])
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> 64)


def _one_less(counter: Counter[str], key: str) -> None:
    """And forget what is at zero: who has left must not stay in memory."""
    counter[key] -= 1
    if counter[key] <= 0:
        del counter[key]


def _descriptors() -> int:
    """As many as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            soft = hard
    return 2**31 if soft == resource.RLIM_INFINITY else soft
