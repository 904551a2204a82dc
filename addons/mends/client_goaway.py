"""A worker that drains can say goodbye to its HTTP/2 clients.

Defect: mitmproxy has no way to send GOAWAY; a client whose connection is closed under it
loses the requests it has just sent (2 to 15 in about 2,000 at each restart).

Mend: ``say_goodbye()`` sends GOAWAY(NO_ERROR, 2**31-1) on client connections (RFC 9113
section 6.8): no new requests, those in flight and on their way finish. At once, so that also
a client that is idle knows, and opens another connection for what comes next.

Tested on 12.2.3 with h2 4.4.1. Delete when mitmproxy can drain.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from hyperframe.frame import GoAwayFrame
from mitmproxy.proxy.layers.http import _http2

from addons import to_client
from addons.mends.patching import wrap

_CLIENTS: weakref.WeakSet[Any] = weakref.WeakSet()
_TOLD: weakref.WeakSet[Any] = weakref.WeakSet()


def say_goodbye(connections: Mapping[str, Any]) -> None:
    """Send GOAWAY on every HTTP/2 client connection of this process, once on each.

    Call it again for those that come meanwhile. One that has not asked anything yet is told
    after its first request: before its own SETTINGS, GOAWAY would be an error.
    """
    for server in list(_CLIENTS):
        handler = connections.get(server.context.client.id)
        if server in _TOLD or handler is None or not server.h2_conn.highest_inbound_stream_id:
            continue
        frame = GoAwayFrame(0, last_stream_id=2**31 - 1, error_code=0)
        server.h2_conn._prepare_for_sending([frame])
        if to_client.send(handler, server, server.h2_conn.data_to_send()):
            _TOLD.add(server)


def _init(original: Any) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        _CLIENTS.add(self)

    return init


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http2.Http2Server, "__init__", _init)
