"""Upstream connections that are over are forgotten.

Defect: ``HttpLayer.connections`` keeps every upstream connection of a client connection
(twice: also in the layer that did the CONNECT), and each request walks the list. HTTP/2 to
HTTP/1 opens one a request, so a long-lived client grows in memory and each of its requests
costs more than the last.

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
    """Also in the layer around it: a CONNECT's own ``HttpLayer`` keeps the same list."""
    layers = [one for one in layer.context.layers if isinstance(one, http_layer.HttpLayer)]
    held: set[Any] = {one.context.server for one in layers}
    for one in layers:
        held.update(stream.context.server for stream in one.streams.values())
        held.update(one.waiting_for_establishment)
    for one in layers:
        for connection in [c for c in one.connections if _is_over(c) and c not in held]:
            del one.connections[connection]


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
