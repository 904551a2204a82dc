"""A body that is read whole has a limit, which an adapter can set for each flow.

Defect: mitmproxy buffers a body of unknown length without limit. Its ``body_size_limit`` is
one number for all, and with a ``content-length`` it ends flows before any hook sees them,
also those that would have been streamed.

Mend: a buffered body may have ``flow.metadata[BODY_LIMIT]`` bytes, ``LIMIT.body_bytes``
where that is not set. One byte more ends the flow as mitmproxy's own limit would: the
``error`` hook, 413 for a request, 502 for an answer. Where ``flow.metadata[BEYOND]`` is set, the
body is streamed from then on instead: ``request_beyond`` or ``response_beyond`` is asked with
what has come in ``flow.metadata[BEGINS]``, sets ``stream`` and leaves in ``flow.metadata[BEGINS]``
what may be sent of it, or (a request) sets an answer. Streamed bodies are not concerned.

Tested on 12.2.3. Delete when the limit can be set by flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy import flow, http
from mitmproxy.proxy.commands import StartHook
from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestProtocolError,
    ResponseData,
    ResponseEndOfMessage,
    ResponseHeaders,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook, HttpResponseHook

from addons.mends.patching import wrap
from addons.mends.upstream_failure import PAGE, send_page

BEYOND = "preau.beyond"
"""Key in ``flow.metadata``: true if a body over its limit is to be streamed."""

BEGINS = "preau.begins"
"""Key in ``flow.metadata``, in the two hooks only: the pieces a body begins with."""

BODY_LIMIT = "preau.body_limit"
"""Key in ``flow.metadata``: the most bytes to buffer of either body of this flow."""

TOO_LARGE = "body too large"
"""``flow.error.msg`` in the ``error`` hook."""


OVERLOADED = "overloaded"
"""The same, where ``LIMIT.holds`` said no."""


def _unlimited(flow: http.HTTPFlow, held: int, request: bool) -> bool:
    """Where nobody counts."""
    return True


@dataclass(slots=True)
class Limit:
    """Set once by the worker, before it listens."""

    body_bytes: int = 64 * 1024 * 1024
    holds: Callable[[http.HTTPFlow, int, bool], bool] = _unlimited
    """Told the bytes of a body that a flow holds now, and if of its request; whether it may."""


LIMIT = Limit()


@dataclass
class RequestBeyondHook(StartHook):
    """A request's body is longer than its limit."""

    name = "request_beyond"
    flow: http.HTTPFlow


@dataclass
class ResponseBeyondHook(StartHook):
    """An answer's body is longer than its limit."""

    name = "response_beyond"
    flow: http.HTTPFlow


def _stream_from_here(self: Any, request: bool) -> Any:
    metadata = self.flow.metadata
    buffer = self.request_body_buf if request else self.response_body_buf
    metadata[BEGINS] = [bytes(buffer)]
    buffer.clear()
    yield RequestBeyondHook(self.flow) if request else ResponseBeyondHook(self.flow)
    pieces = metadata.pop(BEGINS, ())
    if (yield from self.check_killed(True)):
        return
    if request:
        if self.flow.response is not None:
            yield from answer_now(self)
            return
        yield from self.start_request_stream()
        if self.client_state != self.state_stream_request_body:
            return
        for piece in pieces:
            yield http_layer.SendHttp(RequestData(self.stream_id, piece), self.context.server)
        return
    yield from self.start_response_stream()
    for piece in pieces:
        yield http_layer.SendHttp(ResponseData(self.stream_id, piece), self.context.client)


def answer_now(self: Any) -> Any:
    """Refused: the client need not send the rest to hear of it; what it sends is thrown away."""
    answer = self.flow.response
    answer.headers["connection"] = "close"
    yield HttpResponseHook(self.flow)
    send, client, number = http_layer.SendHttp, self.context.client, self.stream_id
    yield send(ResponseHeaders(number, answer, False), client)
    yield send(ResponseData(number, answer.raw_content), client)
    yield send(ResponseEndOfMessage(number), client)
    self.client_state = self.server_state = self.state_errored
    self.flow.live = False
    yield http_layer.DropStream(self.stream_id)


def _check_body_size(original: Any) -> Callable[..., Any]:
    def check_body_size(self: Any, request: bool) -> Any:
        buffered = len(self.request_body_buf if request else self.response_body_buf)
        if buffered and buffered > self.flow.metadata.get(BODY_LIMIT, LIMIT.body_bytes):
            if self.flow.metadata.pop(BEYOND, False):
                yield from _stream_from_here(self, request)
                return True
            yield from _refuse(self, request, TOO_LARGE)
            return True
        if buffered and not LIMIT.holds(self.flow, buffered, request):
            yield from _refuse(self, request, OVERLOADED)
            return True
        return (yield from original(self, request))

    return check_body_size


def _refuse(self: Any, request: bool, message: str) -> Any:
    code = ErrorCode.REQUEST_TOO_LARGE if request else ErrorCode.RESPONSE_TOO_LARGE
    self.request_body_buf.clear()
    self.response_body_buf.clear()
    self.flow.error = flow.Error(message)
    yield HttpErrorHook(self.flow)
    event: HttpEvent = ResponseProtocolError(self.stream_id, message, code)
    page = self.flow.metadata.pop(PAGE, None)
    if page is not None:
        yield from send_page(self, page)
    if page is None or request:
        yield http_layer.SendHttp(event, self.context.client)
    if not request:
        event = RequestProtocolError(self.stream_id, message, code)
        yield http_layer.SendHttp(event, self.context.server)
    self.client_state = self.server_state = self.state_errored
    self.flow.live = False


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "check_body_size", _check_body_size)
