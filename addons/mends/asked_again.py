"""A question that met the end of an idle upstream connection is asked again on a new one.

Defect: a service closes a connection that was idle for long enough (a minute, with most). When
that crosses our next request, mitmproxy answers 502. So it does for what a service refused
unprocessed, by GOAWAY or REFUSED_STREAM. A browser without a proxy would ask again and nobody
would notice; behind one it cannot know.

Mend: the request is asked once more if nothing of an answer has come, we still have all of it,
and either the service said that it did not process it, or the method is idempotent (RFC 9110,
9.2.2: a proxy must not repeat others) and the connection is older than the request.

Tested on 12.2.3. Delete when ``HttpStream`` retries.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http import _events

from addons.mends.patching import wrap

_AGAIN = "preau.again"
"""Key in ``flow.metadata`` of what was asked a second time."""
_UNPROCESSED = ("refused by GOAWAY", "stream reset by client (REFUSED_STREAM)")
"""RFC 9113, 8.7: not processed, whatever the method. (The "client" is mitmproxy's slip.)"""
_ENDED = ("server closed connection", "peer closed connection")
_IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})


def _may_be_asked_again(stream: Any, event: Any) -> bool:
    if (
        not isinstance(event, _events.ResponseProtocolError)
        or stream.server_state != stream.state_wait_for_response_headers
        or stream.client_state != stream.state_done
    ):
        return False
    flow = stream.flow
    if flow.request.stream or flow.error or _AGAIN in flow.metadata:
        return False
    if event.message in _UNPROCESSED:
        return True
    if event.message not in _ENDED or flow.request.method not in _IDEMPOTENT:
        return False
    connected = flow.server_conn.timestamp_tcp_setup
    return connected is not None and connected < flow.request.timestamp_start


def _ask_again(stream: Any) -> Any:
    """The last steps of ``state_consume_request_body``, once more."""
    flow, number = stream.flow, stream.stream_id
    flow.metadata[_AGAIN] = True
    flow.server_conn.said_goodbye = True  # takes no more: see ``upstream_goaway``
    if not (yield from stream.make_server_connection()):
        return
    send, server, body = http_layer.SendHttp, stream.context.server, flow.request.raw_content
    yield send(_events.RequestHeaders(number, flow.request, not body), server)
    if body:
        yield send(_events.RequestData(number, body), server)
    yield send(_events.RequestEndOfMessage(number), server)


def _handle(original: Any) -> Callable[..., Any]:
    def handle_protocol_error(self: Any, event: Any) -> Any:
        return _ask_again(self) if _may_be_asked_again(self, event) else original(self, event)

    return handle_protocol_error


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "handle_protocol_error", _handle)
