"""An HTTP/2 client that reads slowly does not have its answer gathered in our memory.

Defect: mitmproxy takes all that a service sends, however fast, and keeps what the client's
flow-control windows do not let it send on: a client without windows makes it hold whole downloads.

Mend: while more than ``MOST`` bytes wait for a client's windows, nothing more is read from the
service connections that bring them; new requests of that client get another connection.

Tested on 12.2.3 with h2 4.4.1. Delete when windows are passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import server
from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http import _http2

from addons.mends.patching import wrap

MOST = 4 * 1024 * 1024
_STEP = 0.05


def waiting(client: Any, service: Any) -> int:
    """Bytes that came from ``service`` and wait for the windows of an HTTP/2 client."""
    peer = getattr(client, "preau_h2", None)
    if peer is None or not peer.h2_conn.stream_buffers:
        return 0
    streams = next(
        one.streams
        for one in reversed(peer.context.layers)
        if isinstance(one, http_layer.HttpLayer)
    )
    total = 0
    for number, buffer in peer.h2_conn.stream_buffers.items():
        stream = streams.get(number)
        if stream is not None and stream.flow.server_conn is service:
            total += sum(len(one.data) for one in buffer)
    return total


def _init(original: Any) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.conn.preau_h2 = self

    return init


def _drain_writers(original: Any) -> Callable[..., Any]:
    """Called by whoever has just read, before it reads again."""

    async def drain_writers(self: Any) -> None:
        await original(self)
        if getattr(self.client, "preau_h2", None) is None:
            return
        task = asyncio.current_task()
        service = next((c for c, io in self.transports.items() if io.handler is task), None)
        if service is None or waiting(self.client, service) <= MOST:
            return
        service.is_held_back = True
        try:
            # Windows open deep inside hyper-h2, whence nobody can wake us.
            while waiting(self.client, service) > MOST:
                await asyncio.sleep(_STEP)
                if self.client not in self.transports:
                    return
        finally:
            service.is_held_back = False

    return drain_writers


def _spec_matches(original: Any) -> Callable[..., Any]:
    def connection_spec_matches(self: Any, connection: Any) -> bool:
        return not getattr(connection, "is_held_back", False) and original(self, connection)

    return connection_spec_matches


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http2.Http2Server, "__init__", _init)
    wrap(server.ConnectionHandler, "drain_writers", _drain_writers)
    wrap(http_layer.GetHttpConnection, "connection_spec_matches", _spec_matches)
