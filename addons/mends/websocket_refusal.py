"""A refused WebSocket message closes the connection with a code and a reason.

Defect: an addon can drop a message, or kill the connection, which resets both sockets: the page
sees 1006 and its user learns nothing. There is no way to say goodbye.

Mend: a ``websocket_message`` hook that leaves ``flow.metadata[CLOSE]`` behind, a text, has both
sides closed with code 1008 (policy violation); only the client is told the text.

Tested on 12.2.3. Delete when an addon can close a WebSocket with a code.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cache
from typing import Any

import wsproto.events
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers import websocket
from wsproto.connection import ConnectionState
from wsproto.frame_protocol import CloseReason

from addons.mends.patching import wrap

CLOSE = "preau.websocket_close"
"""Key in ``flow.metadata``: why the connection is closed, at most ``MOST_REASON`` bytes."""

MOST_REASON = 123
"""Bytes of a close reason (RFC 6455 section 5.5)."""


def _relay(original: Any) -> Callable[..., Any]:
    def relay_messages(self: Any, event: Any) -> Generator[Any, Any, None]:
        steps = original(self, event)
        reply = None
        try:
            while True:
                command = steps.send(reply)
                reply = yield command
                if isinstance(command, websocket.WebsocketMessageHook):
                    reason = self.flow.metadata.pop(CLOSE, None)
                    if reason is not None:
                        steps.close()
                        yield from _close(self, reason)
                        return
        except StopIteration:
            return

    return relay_messages


def _close(self: Any, reason: str) -> Generator[Any, Any, None]:
    for side, told in ((self.server_ws, None), (self.client_ws, reason)):
        if side.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            code = CloseReason.POLICY_VIOLATION
            yield side.send2(wsproto.events.CloseConnection(code, told))
        yield commands.CloseConnection(side.conn)
    yield websocket.WebsocketEndHook(self.flow)
    self.flow.live = False
    self._handle_event = self.done


@cache
def apply() -> None:
    """Mend it."""
    wrap(websocket.WebsocketLayer, "relay_messages", _relay)
