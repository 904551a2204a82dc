"""The head of a message has a limit, in bytes and in fields, on both sides.

Defect: mitmproxy reads a request or response head, a chunk's header line, a trailer section
and pipelined requests into memory without any limit.

Mend: a head longer than ``LIMITS.head_bytes`` or with more than ``LIMITS.fields`` fields is
refused (431 to a client, 502 for an origin) and the connection closed; so is any HTTP/1
connection that leaves more than ``head_bytes`` unparsed. HTTP/2 gets the same two limits.

Tested on 12.2.3. Delete when mitmproxy has such a limit.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import h2.errors
import h2.events
from h11._receivebuffer import ReceiveBuffer
from mitmproxy.connection import Client
from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http import _http1, _http2, _http_h2
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, RequestProtocolError

from addons.mends.patching import wrap


def _quietly(client: Client) -> None:
    """Where nobody waits for heads."""


@dataclass(slots=True)
class Limits:
    """Set once by the worker, before it listens."""

    head_bytes: int = 64 * 1024
    fields: int = 200
    begins: Callable[[Client], None] = _quietly
    """Told of a client whose request's head has begun and is not complete."""


LIMITS = Limits()

_END_OF_HEAD = re.compile(rb"\n\r?\n")


def is_too_large(data: bytearray) -> bool:
    """Whether the head at the start of ``data`` is over a limit, complete or not."""
    if len(data) <= LIMITS.head_bytes and data.count(b"\n") <= LIMITS.fields:
        return False
    end = _END_OF_HEAD.search(data)
    size = len(data) if end is None else end.start()
    return size > LIMITS.head_bytes or data.count(b"\n", 0, size) > LIMITS.fields


def _read_headers(original: Any) -> Callable[..., Any]:
    def read_headers(self: Any, event: Any) -> Any:
        if isinstance(event, events.DataReceived) and is_too_large(self.buf._data):
            yield from _refuse(self)
        else:
            yield from original(self, event)
            if self.buf and self.state == self.read_headers and self.conn is self.context.client:
                LIMITS.begins(self.conn)

    return read_headers


def _handle_event(original: Any) -> Callable[..., Any]:
    def handle_event(self: Any, event: Any) -> Any:
        yield from original(self, event)
        if (
            len(self.buf) > LIMITS.head_bytes
            and isinstance(event, events.DataReceived)
            and self.state not in (self.passthrough, self.done)
        ):
            yield from _refuse(self)

    return handle_event


def _refuse(self: Any) -> Any:
    is_server = isinstance(self, _http1.Http1Server)
    reading_head = self.state == self.read_headers
    waiting = is_server and self.state == self.wait
    self.state = self.done
    self.buf = ReceiveBuffer()
    if is_server and reading_head:
        yield commands.SendData(self.conn, _http1.make_error_response(431, "head too large"))
    yield commands.CloseConnection(self.conn)
    if self.stream_id is None or (is_server and reading_head):
        return
    message = "head too large"
    if waiting:
        yield ReceiveHttp(
            RequestProtocolError(self.stream_id, message, ErrorCode.CLIENT_DISCONNECTED)
        )
    else:
        error = self.ReceiveProtocolError
        yield ReceiveHttp(error(self.stream_id, message, error.code))


def _limit_decoder(original: Any) -> Callable[..., Any]:
    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.local_settings.max_header_list_size = LIMITS.head_bytes
        self.local_settings.acknowledge()
        self.decoder.max_header_list_size = LIMITS.head_bytes

    return init


def _handle_h2_event(original: Any) -> Callable[..., Any]:
    def handle_h2_event(self: Any, event: Any) -> Any:
        if (
            isinstance(event, h2.events.RequestReceived | h2.events.ResponseReceived)
            and len(event.headers or ()) > LIMITS.fields
        ):
            if not self.is_closed(event.stream_id):
                calm = h2.errors.ErrorCodes.ENHANCE_YOUR_CALM
                self.h2_conn.reset_stream(event.stream_id, calm)
            if self.streams.pop(event.stream_id, None) is not None:
                error = self.ReceiveProtocolError
                yield ReceiveHttp(error(event.stream_id, "head too large", error.code))
            return False
        return (yield from original(self, event))

    return handle_h2_event


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1.Http1Server, "read_headers", _read_headers)
    wrap(_http1.Http1Client, "read_headers", _read_headers)
    wrap(_http1.Http1Connection, "_handle_event", _handle_event)
    wrap(_http_h2.BufferedH2Connection, "__init__", _limit_decoder)
    wrap(_http2.Http2Server, "handle_h2_event", _handle_h2_event)
    wrap(_http2.Http2Client, "handle_h2_event", _handle_h2_event)
