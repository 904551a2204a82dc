"""A body that is read whole has a limit, which an adapter can set for each flow.

Defect: mitmproxy buffers a body of unknown length without limit. Its ``body_size_limit`` is
one number for all, and with a ``content-length`` it ends flows before any hook sees them,
also those that would have been streamed.

Mend: a buffered body may have ``flow.metadata[BODY_LIMIT]`` bytes, ``LIMIT.body_bytes``
where that is not set. One byte more ends the flow as mitmproxy's own limit would: the
``error`` hook, 413 for a request, 502 for an answer. Streamed bodies are not concerned.

Tested on 12.2.3. Delete when the limit can be set by flow.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy import flow
from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http._base import HttpEvent
from mitmproxy.proxy.layers.http._events import (
    ErrorCode,
    RequestProtocolError,
    ResponseProtocolError,
)
from mitmproxy.proxy.layers.http._hooks import HttpErrorHook

from addons.mends.patching import wrap

BODY_LIMIT = "preau.body_limit"
"""Key in ``flow.metadata``: the most bytes to buffer of either body of this flow."""

TOO_LARGE = "body too large"
"""``flow.error.msg`` in the ``error`` hook."""


@dataclass(slots=True)
class Limit:
    """Set once by the worker, before it listens."""

    body_bytes: int = 64 * 1024 * 1024


LIMIT = Limit()


def _check_body_size(original: Any) -> Callable[..., Any]:
    def check_body_size(self: Any, request: bool) -> Any:
        buffered = len(self.request_body_buf if request else self.response_body_buf)
        if buffered and buffered > self.flow.metadata.get(BODY_LIMIT, LIMIT.body_bytes):
            yield from _refuse(self, request)
            return True
        return (yield from original(self, request))

    return check_body_size


def _refuse(self: Any, request: bool) -> Any:
    code = ErrorCode.REQUEST_TOO_LARGE if request else ErrorCode.RESPONSE_TOO_LARGE
    self.request_body_buf.clear()
    self.response_body_buf.clear()
    self.flow.error = flow.Error(TOO_LARGE)
    yield HttpErrorHook(self.flow)
    event: HttpEvent = ResponseProtocolError(self.stream_id, TOO_LARGE, code)
    yield http_layer.SendHttp(event, self.context.client)
    if not request:
        event = RequestProtocolError(self.stream_id, TOO_LARGE, code)
        yield http_layer.SendHttp(event, self.context.server)
    self.client_state = self.server_state = self.state_errored
    self.flow.live = False


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "check_body_size", _check_body_size)
