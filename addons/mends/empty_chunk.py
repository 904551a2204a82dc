"""An empty piece of a streamed body must not end the body.

Defect: a stream callable that returns ``b""`` in the middle of a body (it holds bytes back)
makes mitmproxy write ``0\\r\\n\\r\\n`` on a chunked HTTP/1 connection: the peer takes the body
for complete, and what follows is read as the next message.

Mend: empty pieces are not written.

Tested on 12.2.3. Delete when mitmproxy skips empty ``RequestData`` and ``ResponseData``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.proxy.layers.http import _http1
from mitmproxy.proxy.layers.http._events import RequestData, ResponseData

from addons.mends.patching import wrap


def _send(original: Any) -> Callable[..., Any]:
    def send(self: Any, event: Any) -> Any:
        if isinstance(event, RequestData | ResponseData) and not event.data:
            return
        yield from original(self, event)

    return send


@cache
def apply() -> None:
    """Mend it."""
    wrap(_http1.Http1Client, "send", _send)
    wrap(_http1.Http1Server, "send", _send)
