"""How long each step may take: nobody holds a connection by doing nothing, or almost nothing.

Last of the addons, so that it sees what the others made of a flow. A connection or a flow that
waits for its next step has an entry here; idle connections have none and cost nothing. Twice a
second the entries are looked at. What is late is ended: with a page where there is a request to
answer (``mends.late``), else by closing.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass
from enum import Enum
from typing import Any

from mitmproxy import connection, ctx, http, tls

from addons.abort import abort, abort_handler
from addons.crowd import Crowd
from addons.load import Load
from addons.mends import head_limits
from addons.mends.late import LATE_ANSWER, LATE_REQUEST, Late
from addons.standing import Standing
from proxy.reasons import Reason
from proxy.traffic import Traffic

LOOK_EVERY = 0.5
_LOOK_AT_ALL_EVERY = 4
"""Looks between two looks at every connection, also those that wait for nothing."""
_PASSED = "preau.passed"
"""Key in ``flow.metadata``: bytes of a request's body that were streamed."""
_ACKED = struct.Struct("=120xQ")
"""``tcpi_bytes_acked`` of Linux' ``struct tcp_info``."""


class _Step(Enum):
    """What is waited for."""

    HEAD = "head"
    BODY = "body"
    ANSWER = "answer"
    ANSWER_BODY = "answer body"


@dataclass(slots=True)
class _Wait:
    """Since when, and until when at least."""

    step: _Step
    client: connection.Client
    flow: http.HTTPFlow | None
    since: float
    until: float


class Deadlines:
    """Ends what takes too long."""

    sees_refused = True

    def __init__(self, crowd: Crowd, load: Load, traffic: Traffic) -> None:
        self._crowd = crowd
        self._load = load
        self._traffic = traffic
        self._waits: dict[str, _Wait] = {}
        self._flows_of: dict[str, set[str]] = {}
        self._quiet_since: dict[str, float] = {}
        self._unread: dict[str, tuple[int, float]] = {}
        self._standing = Standing()

    def running(self) -> None:
        """The worker serves."""
        head_limits.LIMITS.begins = self._head_begins
        self._standing.begin(self._watch())

    async def done(self) -> None:
        """The worker ends."""
        await self._standing.end()

    # --- the steps of a connection ---

    def client_connected(self, client: connection.Client) -> None:
        """It has to say what it wants."""
        self._quiet_since[client.id] = time.monotonic()
        self._await(client.id, _Step.HEAD, client, None, self._traffic.handshake_time)

    def http_connect(self, flow: http.HTTPFlow) -> None:
        """Its TLS has to follow."""
        client = flow.client_conn
        self._await(client.id, _Step.HEAD, client, None, self._traffic.handshake_time)

    def tls_clienthello(self, data: tls.ClientHelloData) -> None:
        """What is passed unread has its own clocks."""
        if data.ignore_connection:
            self._has_no_requests(data.context.client)

    def tls_established_client(self, data: tls.TlsData) -> None:
        """It may take its time until its next request."""
        self._waits.pop(data.context.client.id, None)

    def client_disconnected(self, client: connection.Client) -> None:
        """Nothing of it is waited for."""
        self._waits.pop(client.id, None)
        self._quiet_since.pop(client.id, None)
        self._unread.pop(client.id, None)
        for flow in self._flows_of.pop(client.id, ()):
            self._waits.pop(flow, None)

    def _head_begins(self, client: connection.Client) -> None:
        if client.id not in self._waits:
            self._await(client.id, _Step.HEAD, client, None, self._traffic.head_time)

    def _has_no_requests(self, client: connection.Client) -> None:
        self._waits.pop(client.id, None)
        self._quiet_since.pop(client.id, None)

    # --- the steps of a request ---

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """The head is here, the body has to follow."""
        client = flow.client_conn
        self._waits.pop(client.id, None)
        self._flows_of.setdefault(client.id, set()).add(flow.id)
        self._await(flow.id, _Step.BODY, client, flow, self._traffic.body_time)

    def request_beyond(self, flow: http.HTTPFlow) -> None:
        """What is streamed is counted here, as nothing of it is kept."""
        passes = flow.request.stream
        if not callable(passes):
            return
        flow.metadata[_PASSED] = self._load.of(flow, request=True)

        def counted(chunk: bytes) -> Any:
            flow.metadata[_PASSED] += len(chunk)
            return passes(chunk)

        flow.request.stream = counted

    def request(self, flow: http.HTTPFlow) -> None:
        """The request is whole: now the service."""
        if flow.response is None:
            self._await(flow.id, _Step.ANSWER, flow.client_conn, flow, self._traffic.answer_time)
        elif not flow.request.stream:
            self._waits.pop(flow.id, None)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """The service answers."""
        if flow.response is None or flow.response.stream:
            self._waits.pop(flow.id, None)  # the reader's pace
        elif flow.id in self._waits:
            step = _Step.ANSWER_BODY
            self._await(flow.id, step, flow.client_conn, flow, self._traffic.body_time)

    def response_beyond(self, flow: http.HTTPFlow) -> None:
        """It is long, and passes."""
        self._waits.pop(flow.id, None)

    def response(self, flow: http.HTTPFlow) -> None:
        """It is over."""
        self._waits.pop(flow.id, None)
        client = flow.client_conn.id
        flows = self._flows_of.get(client)
        if flows is not None:
            flows.discard(flow.id)
        if flow.response is not None and flow.response.status_code == 101:
            self._has_no_requests(flow.client_conn)
        elif client in self._quiet_since:
            self._quiet_since[client] = time.monotonic()

    error = response

    # --- looking ---

    def _await(
        self,
        key: str,
        step: _Step,
        client: connection.Client,
        flow: http.HTTPFlow | None,
        seconds: float,
    ) -> None:
        now = time.monotonic()
        self._waits[key] = _Wait(step, client, flow, now, now + seconds)

    async def _watch(self) -> None:
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY)
            now = time.monotonic()
            for key, wait in list(self._waits.items()):
                if now > wait.until and now > wait.until + self._earned(wait):
                    self._waits.pop(key, None)
                    await self._end(wait)
            looks += 1
            self._look_at_readers(now)
            if looks % _LOOK_AT_ALL_EVERY == 0:
                self._look_at_quiet(now)

    def _earned(self, wait: _Wait) -> float:
        """Seconds that what has come of a body has earned its sender."""
        if wait.flow is None or wait.step not in (_Step.BODY, _Step.ANSWER_BODY):
            return 0.0
        request = wait.step is _Step.BODY
        came = self._load.of(wait.flow, request)
        if request:
            came = max(came, wait.flow.metadata.get(_PASSED, 0))
        return came / self._traffic.slowest

    async def _end(self, wait: _Wait) -> None:
        flow = wait.flow
        if flow is None:
            self._crowd.refuse_connection(wait.client, Reason.REQUEST_LATE)
            abort(wait.client)
        elif flow.response is not None and wait.step is _Step.BODY:
            abort(flow)  # refused already, and it still sends
        else:
            handler = _handlers().get(wait.client.id)
            message = LATE_REQUEST if wait.step is _Step.BODY else LATE_ANSWER
            if handler is not None:
                await handler.server_event(Late(flow, message))

    def _look_at_readers(self, now: float) -> None:
        """Who takes nothing of what waits for them makes us keep it."""
        unread: dict[str, tuple[int, float]] = {}
        for handler in list(_handlers().values()):
            io = handler.transports.get(handler.client)
            if io is None or io.writer is None or not io.writer.transport.get_write_buffer_size():
                continue
            acked = _acked(io.writer)
            before, since = self._unread.get(handler.client.id, (acked, now))
            took = acked - before
            if took >= self._traffic.slowest * max(now - since, 1.0):
                before, since = acked, now
            if now - since > self._traffic.unread_time:
                self._crowd.refuse_connection(handler.client, Reason.ANSWER_UNREAD)
                abort_handler(handler)
            else:
                unread[handler.client.id] = (before, since)
        self._unread = unread

    def _look_at_quiet(self, now: float) -> None:
        """A connection that sends bytes but never a request is as idle as one that sends none."""
        handlers = _handlers()
        for client, since in list(self._quiet_since.items()):
            if now - since > self._traffic.idle_time and not self._load.is_busy(client):
                handler = handlers.get(client)
                if handler is not None:
                    abort_handler(handler)


def _handlers() -> dict[str, Any]:
    """Every connection of this worker."""
    proxyserver: Any = ctx.master.addons.get("proxyserver")
    return {one.client.id: one for one in proxyserver.connections.values()}


def _acked(writer: asyncio.StreamWriter) -> int:
    """Bytes that the peer has taken, as the kernel knows; constant where it does not tell."""
    sock = writer.get_extra_info("socket")
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED.size)
        return int(_ACKED.unpack(info)[0])
    except (OSError, AttributeError, struct.error):
        return 0
