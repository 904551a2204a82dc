"""The body of a request that is already answered is neither asked for nor kept.

Defect: when an addon answers in ``requestheaders``, mitmproxy still says ``100 Continue`` to
a client that waits to hear whether its upload is welcome, and buffers the whole upload in
memory before it sends that answer, however large.

Mend: who waits gets the answer instead, and that this connection is done; a body that comes all
the same is read and thrown away.

Tested on 12.2.3. Delete when mitmproxy discards it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http._events import RequestData, ResponseHeaders

from addons.mends.body_limit import answer_now
from addons.mends.patching import wrap


def _consume(original: Any) -> Callable[..., Any]:
    def state_consume_request_body(self: Any, event: Any) -> Any:
        if isinstance(event, RequestData) and self.flow.response is not None:
            return
        yield from original(self, event)

    return state_consume_request_body


def _wait(original: Any) -> Callable[..., Any]:
    def state_wait_for_request_headers(self: Any, event: Any) -> Any:
        steps = original(self, event)
        return _unasked(self, event, steps) if "expect" in event.request.headers else steps

    return state_wait_for_request_headers


def _unasked(stream: Any, event: Any, steps: Any) -> Any:
    """``steps`` without the 100 and with the answer, where there is one."""
    reply = None
    try:
        while True:
            command = steps.send(reply)
            refused = stream.flow.response is not None and _is_continue(command)
            reply = None if refused else (yield command)
    except StopIteration:
        pass
    waits = stream.client_state == stream.state_consume_request_body
    if stream.flow.response is not None and waits and not event.end_stream:
        yield from answer_now(stream)


def _is_continue(command: Any) -> bool:
    event = getattr(command, "event", None)
    return isinstance(event, ResponseHeaders) and event.response.status_code == 100


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "state_consume_request_body", _consume)
    wrap(http_layer.HttpStream, "state_wait_for_request_headers", _wait)
