"""When the service cannot be reached, the page is the engine's, with its incident.

Defect: mitmproxy answers a failed upstream connection, or an answer that it cannot read, by
itself; an addon only hears of it in ``error`` and cannot choose the answer, so a refusal would
have no id in the audit log. And it says "stream reset by client" of a stream that the service
has reset, which looks as if nobody were left to be told.

Mend: a reply that an ``error`` hook left in ``flow.metadata["preau.page"]`` is sent instead
of mitmproxy's, as long as nothing of an answer has gone out; who reset a stream is said.

Tested on 12.2.3. Delete when an ``error`` hook may set a response.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cache
from typing import Any

from mitmproxy.proxy.layers import http as http_layer
from mitmproxy.proxy.layers.http import _events
from mitmproxy.proxy.layers.http._base import HttpCommand

from addons.mends.patching import wrap

PAGE = "preau.page"
"""Key in ``flow.metadata``: an ``http.Response`` to send instead of mitmproxy's error page."""


def _paged(original: Any) -> Callable[..., Any]:
    """``original`` with the page in the place of the error for the client, once."""

    def paged(self: Any, argument: Any) -> Generator[Any, Any, Any]:
        if isinstance(argument, _events.ResponseProtocolError):
            argument.message = argument.message.replace("reset by client", "reset by service", 1)
        steps = original(self, argument)
        reply = None
        try:
            while True:
                command = steps.send(reply)
                reply = None
                if PAGE in self.flow.metadata and _is_error_for(command, self.context.client):
                    yield from send_page(self, self.flow.metadata.pop(PAGE))
                else:
                    reply = yield command
        except StopIteration as end:
            return end.value

    return paged


def _is_error_for(command: Any, client: Any) -> bool:
    return (
        isinstance(command, HttpCommand)
        and isinstance(getattr(command, "event", None), _events.ResponseProtocolError)
        and getattr(command, "connection", None) is client
    )


def send_page(stream: Any, page: Any) -> Generator[Any, Any, None]:
    """Give the client ``page`` as the whole answer."""
    send, client, number = http_layer.SendHttp, stream.context.client, stream.stream_id
    yield send(_events.ResponseHeaders(number, page, False), client)
    yield send(_events.ResponseData(number, page.raw_content), client)
    yield send(_events.ResponseEndOfMessage(number), client)


@cache
def apply() -> None:
    """Mend it."""
    wrap(http_layer.HttpStream, "handle_protocol_error", _paged)
    wrap(http_layer.HttpStream, "check_invalid", _paged)
