"""An origin's informational answers (100, 102, 103) do not stand for the answer.

Defect: mitmproxy takes a 1xx head from an HTTP/1 origin for the complete answer; the real
one is then "unexpected data" and the connection is closed.

Mend: 1xx heads other than 101 are skipped, as mitmproxy does on HTTP/2, up to ``MOST`` a
request: more is an answer that never comes. It answers ``Expect: 100-continue`` by itself.

Tested on 12.2.3. Delete when mitmproxy skips or forwards them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy import commands, events
from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._base import ReceiveHttp
from mitmproxy.proxy.layers.http._events import ErrorCode, ResponseProtocolError

from addons.mends.patching import wrap

_INFORMATIONAL = re.compile(rb"HTTP/1\.\d 1(?!01)\d\d[ \r\n]")


MOST = 32
"""Of one request: services send a hint or two, or one a few seconds that they still work."""


def _too_many(self: Any) -> Any:
    self.state = self.done
    yield commands.CloseConnection(self.conn)
    message = "too many informational answers"
    code = ErrorCode.GENERIC_SERVER_ERROR
    yield ReceiveHttp(ResponseProtocolError(self.stream_id, message, code))


def _read_headers(original: Any) -> Callable[..., Any]:
    def read_headers(self: Any, event: Any) -> Any:
        if isinstance(event, events.DataReceived) and self.request:
            while _INFORMATIONAL.match(self.buf._data):
                if self.buf.maybe_extract_lines() is None:
                    return
                request, count = getattr(self, "informational", (None, 0))
                count = count + 1 if request is self.request else 1
                self.informational = (self.request, count)
                if count > MOST:
                    yield from _too_many(self)
                    return
            if not self.buf:
                return
        yield from original(self, event)

    return read_headers


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1.Http1Client, "read_headers", _read_headers)
