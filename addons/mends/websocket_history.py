"""A WebSocket connection does not keep what has passed.

Defect: ``flow.websocket.messages`` holds every message of a connection until it ends:
memory grows without limit, and it is traffic, which we never store.

Mend: it holds the last message only, which is the one that hooks work on.

Tested on 12.2.3. Delete when mitmproxy has an option for it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.websocket import WebSocketData, WebSocketMessage

from addons.mends.patching import replace


class _LastOnly(list[WebSocketMessage]):
    def append(self, message: WebSocketMessage) -> None:
        self[:] = (message,)


def _data() -> Any:
    return WebSocketData(messages=_LastOnly())


@cache
def apply() -> None:
    """Mend it."""
    replace(http_layer, "WebSocketData", _data)
