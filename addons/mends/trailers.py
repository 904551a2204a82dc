"""HTTP/1 messages with trailers must not crash the connection.

Defect: a chunked HTTP/1 message with trailer fields raises ``NotImplementedError``; the
client hangs until the idle timeout. Sending trailers that came over HTTP/2 to an HTTP/1
peer crashes in the same way.

Mend: trailers of an answer are carried (``flow.response.trailers``, written after the last
chunk; left out where the message is not chunked). Trailers of a request are dropped on
every protocol, as RFC 9110 section 6.5.1 allows: no hook sees them before the body has
left, so they would be a way out that nobody inspects.

Tested on 12.2.3. Delete when mitmproxy's issue 2474 is closed, but keep dropping the
trailers of requests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import h2.events
import h11
from h11._readers import ChunkedReader
from h11._receivebuffer import ReceiveBuffer
from mitmproxy import http
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import _http1, _http2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    RequestTrailers,
    ResponseEndOfMessage,
    ResponseTrailers,
)

from addons.mends.patching import wrap


class _Reader:
    """h11's chunked reader that keeps the trailers aside."""

    def __init__(self) -> None:
        self._reader = ChunkedReader()
        self.trailers: list[tuple[bytes, bytes]] = []

    def __call__(self, buffer: ReceiveBuffer) -> Any:
        event = self._reader(buffer)
        if isinstance(event, h11.EndOfMessage) and event.headers:
            self.trailers = list(event.headers.raw_items())
            return h11.EndOfMessage()
        return event

    def read_eof(self) -> None:
        self._reader.read_eof()


def _make_body_reader(original: Any) -> Callable[..., Any]:
    def make_body_reader(expected_size: int | None) -> Any:
        return _Reader() if expected_size is None else original(expected_size)

    return make_body_reader


def _read_answer(original: Any) -> Callable[..., Any]:
    def read_body(self: Any, event: Any) -> Any:
        for command in original(self, event):
            if isinstance(command, ReceiveHttp) and isinstance(command.event, ResponseEndOfMessage):
                trailers = getattr(self.body_reader, "trailers", None)
                if trailers:
                    yield ReceiveHttp(ResponseTrailers(self.stream_id, http.Headers(trailers)))
            yield command

    return read_body


def _send_answer(original: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        if isinstance(event, ResponseTrailers):
            self.trailers = event.trailers
            return
        if isinstance(event, ResponseEndOfMessage) and getattr(self, "trailers", None):
            trailers, self.trailers = self.trailers, None
            coding = self.response.headers.get("transfer-encoding", "").lower()
            if "chunked" in coding and self.request.method.upper() != "HEAD":
                yield commands.SendData(self.conn, b"0\r\n%s\r\n" % bytes(trailers))
                yield from self.mark_done(response=True)
                return
        yield from original(self, event)

    return send


def _send_request(original: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        if not isinstance(event, RequestTrailers):
            yield from original(self, event)

    return send


def _receive_request(original: Any) -> Callable[..., Any]:
    def handle_h2_event(self: Any, event: Any) -> Any:
        if isinstance(event, h2.events.TrailersReceived):
            return False
        return (yield from original(self, event))

    return handle_h2_event


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1, "make_body_reader", _make_body_reader)
    wrap(_http1.Http1Client, "read_body", _read_answer)
    wrap(_http1.Http1Server, "send", _send_answer)
    wrap(_http1.Http1Client, "send", _send_request)
    wrap(_http2.Http2Server, "handle_h2_event", _receive_request)
