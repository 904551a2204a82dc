"""A request or an answer that takes too long is given up, with a page.

Defect: mitmproxy has one clock, for a connection without a byte from either side. A client that
sends a byte a minute, and a service that never answers while the client does, hold their
connection for ever; nothing outside a flow can end it with an answer.

Mend: the event ``Late`` put into a connection ends the flow that it names as an error of the
protocol would: the ``error`` hook, a page, and both connections that carried it are closed (on
HTTP/2 only its streams).

Tested on 12.2.3. Delete when mitmproxy has deadlines by phase.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy import http
from mitmproxy.proxy import events
from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestProtocolError,
    ResponseProtocolError,
)

from addons.mends.patching import wrap

LATE_REQUEST = "request late"
LATE_ANSWER = "answer late"
"""``flow.error.msg`` in the ``error`` hook."""


@dataclass
class Late(events.Event):
    """The time of ``flow`` is over; ``message`` says what was awaited."""

    flow: http.HTTPFlow
    message: str


def _handle_event(original: Any) -> Callable[..., Any]:
    def handle_event(self: Any, event: Any) -> Any:
        if not isinstance(event, Late):
            yield from original(self, event)
            return
        for stream in list(self.streams.values()):
            if getattr(stream, "flow", None) is event.flow:
                code = ErrorCode.GENERIC_SERVER_ERROR
                error = ResponseProtocolError(stream.stream_id, event.message, code)
                yield from self.event_to_child(stream, error)
                return
            if stream.child_layer is not None:
                yield from self.event_to_child(stream, event)

    return handle_event


def _protocol_error(original: Any) -> Callable[..., Any]:
    """After the page: nothing that still comes is waited for, on either side."""

    def handle_protocol_error(self: Any, event: Any) -> Any:
        if event.message not in (LATE_REQUEST, LATE_ANSWER):
            yield from original(self, event)
            return
        sent = self.client_state in (self.state_done, self.state_stream_request_body)
        yield from original(self, event)
        server = self.flow.server_conn
        if sent and server.connected and server is self.context.server:
            cancel = RequestProtocolError(self.stream_id, event.message, ErrorCode.CANCEL)
            yield http_layer.SendHttp(cancel, server)
        if self.flow.request.is_http11 or self.flow.request.is_http10:
            # not ``event`` itself, in whose place the page has gone (``upstream_failure``)
            end = ResponseProtocolError(self.stream_id, event.message, event.code)
            yield http_layer.SendHttp(end, self.context.client)

    return handle_protocol_error


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpLayer, "_handle_event", _handle_event)
    wrap(http_layer.HttpStream, "handle_protocol_error", _protocol_error)
