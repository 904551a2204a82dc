"""The body of a request that is already answered is not kept.

Defect: when an addon answers in ``requestheaders``, mitmproxy still buffers the whole
upload in memory before it sends that answer, however large.

Mend: the body is read and thrown away.

Tested on 12.2.3. Delete when mitmproxy discards it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http._events import RequestData

from addons.mends.patching import wrap


def _consume(original: Any) -> Callable[..., Any]:
    def state_consume_request_body(self: Any, event: Any) -> Any:
        if isinstance(event, RequestData) and self.flow.response is not None:
            return
        yield from original(self, event)

    return state_consume_request_body


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "state_consume_request_body", _consume)
