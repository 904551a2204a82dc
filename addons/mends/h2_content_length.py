"""An HTTP/2 message that announces a body and has none is refused.

Defect: hyper-h2 compares ``content-length`` with the body only when a DATA frame arrives,
so HEADERS with END_STREAM and ``content-length: 5`` pass, and an inconsistent message
leaves for the origin, or for the client.

Mend: such a request is malformed (RFC 9113 section 8.1.1) and its stream is reset; such an answer
(not to HEAD, nor 204 or 304) ends the connection of the service like any malformed one.

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


def _is_malformed(event: h2.events.RequestReceived | h2.events.ResponseReceived) -> bool:
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


def _has_no_body(self: Any, event: h2.events.ResponseReceived) -> bool:
    """Whether this answer may tell the length of a body that it does not have."""
    stream = self.h2_conn.streams.get(event.stream_id)
    if stream is None or stream.request_method == b"HEAD":
        return True
    return any(
        bytes(name) == b":status" and bytes(value) in (b"204", b"304")
        for name, value in event.headers or ()
    )


def _handle_answer(original: Any) -> Callable[..., Any]:
    def handle_h2_event(self: Any, event: Any) -> Any:
        if (
            isinstance(event, h2.events.ResponseReceived)
            and _is_malformed(event)
            and not _has_no_body(self, event)
        ):
            yield from self.protocol_error("HTTP/2 protocol error: no body of that length")
            return True
        return (yield from original(self, event))

    return handle_h2_event


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http2.Http2Server, "handle_h2_event", _handle)
    wrap(_http2.Http2Client, "handle_h2_event", _handle_answer)
