"""An HTTP/2 request that announces a body and has none is refused.

Defect: hyper-h2 compares ``content-length`` with the body only when a DATA frame arrives,
so HEADERS with END_STREAM and ``content-length: 5`` pass, and an inconsistent message
leaves for the origin.

Mend: such a request is malformed (RFC 9113 section 8.1.1) and its stream is reset.

Tested on 12.2.3 with h2 4.4.1. Delete when hyper-h2 checks it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import h2.errors
import h2.events
from mitmproxy.proxy.layers.http import _http2

from addons.mends.patching import wrap


def _is_malformed(event: h2.events.RequestReceived) -> bool:
    if not event.stream_ended:
        return False
    return any(
        bytes(name) == b"content-length" and bytes(value) != b"0"
        for name, value in event.headers or ()
    )


def _handle(original: Any) -> Callable[..., Any]:
    def handle_h2_event(self: Any, event: Any) -> Any:
        if isinstance(event, h2.events.RequestReceived) and _is_malformed(event):
            self.h2_conn.reset_stream(event.stream_id, h2.errors.ErrorCodes.PROTOCOL_ERROR)
            return False
        return (yield from original(self, event))

    return handle_h2_event


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http2.Http2Server, "handle_h2_event", _handle)
