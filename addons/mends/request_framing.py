"""Every request body towards an HTTP/1 origin is framed by us.

Defect: a request that came over HTTP/2 or HTTP/3 without ``content-length``, which is legal
there, is written to an HTTP/1 origin with neither ``content-length`` nor
``transfer-encoding``; the origin then reads the body as the next request. A body whose
length no longer fits its ``content-length`` has the same effect. Either would let something
reach the origin that no hook has seen.

Mend: on its way out a body of known length gets that ``content-length``, one of unknown
length is chunked, and a stream that does not keep to the length it declared closes the
upstream connection before the byte too many.

Tested on 12.2.3. Delete when mitmproxy frames such requests itself; keep the tests.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy import http
from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestData,
    RequestEndOfMessage,
    RequestHeaders,
    ResponseProtocolError,
)

from addons.mends.patching import wrap


def framed(request: http.Request, end_stream: bool) -> http.Request:
    """``request`` itself when its framing is right, else a copy that is framed."""
    headers = request.headers
    if "transfer-encoding" in headers and not (request.is_http2 or request.is_http3):
        return request
    length = 0 if end_stream else None if request.stream else _length(request)
    declared = headers.get("content-length")
    if length is None:
        wanted = None if declared is not None else ("transfer-encoding", "chunked")
    elif end_stream:
        wanted = None if declared in (None, "0") else ("content-length", "0")
    else:
        wanted = None if declared == str(length) else ("content-length", str(length))
    if wanted is None and "transfer-encoding" not in headers:
        return request
    copy = request.copy()
    copy.headers.pop("transfer-encoding", None)
    if wanted is not None:
        copy.headers.pop("content-length", None)
        copy.headers[wanted[0]] = wanted[1]
    return copy


def _length(request: http.Request) -> int | None:
    return None if request.raw_content is None else len(request.raw_content)


def _send(original: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        if isinstance(event, RequestHeaders):
            event.request = framed(event.request, event.end_stream)
            length = event.request.headers.get("content-length")
            chunked = "transfer-encoding" in event.request.headers
            self.owed = None if chunked or length is None else int(length)
        elif isinstance(event, RequestData) and self.owed is not None:
            self.owed -= len(event.data)
            if self.owed < 0:
                yield from _broken(self)
                return
        elif isinstance(event, RequestEndOfMessage) and self.owed:
            yield from _broken(self)
            return
        yield from original(self, event)

    return send


def _broken(self: Any) -> Any:
    yield commands.CloseConnection(self.conn)
    yield ReceiveHttp(
        ResponseProtocolError(
            self.stream_id, "body does not have its length", ErrorCode.GENERIC_SERVER_ERROR
        )
    )
    self.state = self.done


@cache
def apply() -> None:
    """Mend it."""
    _http1.Http1Client.owed = None  # type: ignore[attr-defined]  # bytes still to be sent
    wrap(_http1.Http1Client, "send", _send)
