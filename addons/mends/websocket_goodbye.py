"""A worker that drains can say goodbye to its WebSocket clients.

Defect: mitmproxy cannot close a WebSocket; a client whose connection is closed under it sees
1006, which libraries report as an error and often answer by reconnecting slowly, if at all.

Mend: ``say_goodbye()`` sends a close frame with code 1001, "going away" (RFC 6455 section
7.4.1), to the client alone. What the client had sent still reaches the service; what the
service sends from then on has nowhere to go and is dropped; the client's own close frame
then closes both sides with the same code.

Tested on 12.2.3. Delete when mitmproxy can drain.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Mapping
from functools import cache
from typing import Any

import wsproto.events
from mitmproxy.proxy import events
from mitmproxy.proxy.layers import websocket
from wsproto.connection import ConnectionState
from wsproto.frame_protocol import CloseReason

from addons import to_client
from addons.mends.patching import wrap

_OPEN: weakref.WeakSet[Any] = weakref.WeakSet()
_LEAVING: weakref.WeakSet[Any] = weakref.WeakSet()


def say_goodbye(connections: Mapping[str, Any]) -> None:
    """Send 1001 on every WebSocket of this process, once on each."""
    for layer in list(_OPEN):
        handler = connections.get(layer.context.client.id)
        ours = getattr(layer, "client_ws", None)
        if layer in _LEAVING or handler is None or ours is None:
            continue
        if ours.state is ConnectionState.OPEN:
            _LEAVING.add(layer)
            farewell = ours.send(wsproto.events.CloseConnection(CloseReason.GOING_AWAY))
            to_client.send(handler, layer, farewell)


def _init(original: Any) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _OPEN.add(self)

    return init


def _relay(original: Any) -> Callable[..., Any]:
    def relay_messages(self: Any, event: Any) -> Generator[Any, Any, None]:
        from_service = getattr(event, "connection", None) == self.context.server
        if self in _LEAVING and from_service and isinstance(event, events.DataReceived):
            return
        yield from original(self, event)

    return relay_messages


@cache
def apply() -> None:
    """Mend it."""
    wrap(websocket.WebsocketLayer, "__init__", _init)
    wrap(websocket.WebsocketLayer, "relay_messages", _relay)
