"""A peer that ends TLS with an alert has closed its connection.

Defect: when TLS ends by ``close_notify``, mitmproxy tells its layers at once, and for that
reason says nothing when the TCP connection ends later. It takes a fatal alert, after which
OpenSSL also reports ``RECEIVED_SHUTDOWN``, for such an end, and so never tells them at all: a
request to a service that gives up with an alert (TLS 1.3 says ``certificate_required`` only
after the handshake) hangs until the idle timeout, ten minutes.

Mend: at the end of the TCP connection OpenSSL is asked which of the two it was.

Tested on 12.2.3. Delete when ``TLSLayer.receive_close`` tells them apart.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import cache
from typing import Any

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import events
from mitmproxy.proxy.layers import tls
from OpenSSL import SSL

from addons.mends.patching import wrap


def _receive_close(original: Any) -> Callable[..., Any]:
    def receive_close(self: Any) -> Generator[Any, Any, None]:
        if self.tls.get_shutdown() & SSL.RECEIVED_SHUTDOWN and _was_alert(self.tls):
            self.conn.state &= ~ConnectionState.CAN_READ
            yield from self.event_to_child(events.ConnectionClosed(self.conn))
        else:
            yield from original(self)

    return receive_close


def _was_alert(connection: Any) -> bool:
    try:
        connection.recv(1)
    except SSL.ZeroReturnError:
        return False
    except SSL.Error:
        return True
    return False


@cache
def apply() -> None:
    """Mend it."""
    wrap(tls.TLSLayer, "receive_close", _receive_close)
