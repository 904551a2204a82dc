"""Upstream connections that are over are forgotten.

Defect: ``HttpLayer.connections`` keeps every upstream connection of a client connection,
and each request walks the list. HTTP/2 to HTTP/1 opens one a request, so a long-lived
client grows in memory and each of its requests costs more than the last.

Mend: once more than a few are over and no stream holds them, they go.

Tested on 12.2.3. Delete when ``HttpLayer`` drops closed connections.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.connection import ConnectionState, Server
from mitmproxy.proxy.layers import http as http_layer

from addons.mends.patching import wrap

_ENOUGH = 16
"""Below this the walk is cheaper than the sweep."""


def _is_over(connection: Any) -> bool:
    """Closed, and every event that mitmproxy will ever send about it has been sent."""
    return (
        isinstance(connection, Server)
        and connection.state is ConnectionState.CLOSED
        and (connection.timestamp_end is not None or connection.peername is None)
        and (connection.timestamp_end is not None or connection.error is not None)
    )


def _sweep(layer: Any) -> None:
    held = {stream.context.server for stream in layer.streams.values()}
    held.add(layer.context.server)
    for connection in list(layer.connections):
        if (
            _is_over(connection)
            and connection not in held
            and connection not in layer.waiting_for_establishment
        ):
            del layer.connections[connection]


def _get_connection(original: Any) -> Callable[..., Any]:
    def get_connection(self: Any, event: Any, *, reuse: bool = True) -> Any:
        if len(self.connections) > _ENOUGH:
            _sweep(self)
        yield from original(self, event, reuse=reuse)

    return get_connection


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpLayer, "get_connection", _get_connection)
