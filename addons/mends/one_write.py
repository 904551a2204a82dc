"""A message that is there as a whole is written once.

Defect: mitmproxy hands the head of a message and its body to TLS one after the other: two
records, two writes to the socket and two times to wake up for the peer, in both directions of
each request.

Mend: on HTTP/1 connections, the head of a short message whose body was read whole waits for the
body, which follows in the same breath. Streams and long bodies are written as before.

Tested on 12.2.3. Delete when mitmproxy gathers what it writes.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import commands
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._events import (
    RequestData,
    RequestHeaders,
    ResponseData,
    ResponseHeaders,
)

from addons.mends.patching import wrap

SHORT = 1 << 16
"""Bytes of a body that are worth a copy."""
_HEAD = "_preau_head"


def _send(original: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        head: list[Any] = self.__dict__.pop(_HEAD, [])
        if isinstance(event, RequestHeaders | ResponseHeaders):
            if _is_whole_and_short(event):
                setattr(self, _HEAD, list(original(self, event)))
                return
        elif head and isinstance(event, RequestData | ResponseData):
            written = [*head, *original(self, event)]
            yield commands.SendData(self.conn, b"".join(each.data for each in written))
            return
        yield from head
        yield from original(self, event)

    return send


def _is_whole_and_short(event: RequestHeaders | ResponseHeaders) -> bool:
    message = event.request if isinstance(event, RequestHeaders) else event.response
    content = message.data.content
    if event.end_stream or message.stream or not content:
        return False
    return len(content) <= SHORT


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1.Http1Client, "send", _send)
    wrap(_http1.Http1Server, "send", _send)
