"""A connection that mitmproxy decides to close is closed.

Defect: mitmproxy closes by cancelling the task that reads the connection. When that task is
waiting for the event lock at that moment, the cancellation takes it past the lines that
close the socket: it stays open, the peer waits, and the descriptor leaks.

Mend: whatever ends the task, the socket is closed after it.

Tested on 12.2.3. Delete when ``handle_connection`` closes in a ``finally``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from mitmproxy.connection import ConnectionState
from mitmproxy.proxy import server

from addons.mends.patching import wrap


def _handle_connection(original: Any) -> Callable[..., Any]:
    async def handle_connection(self: Any, connection: Any) -> None:
        try:
            await original(self, connection)
        finally:
            left = self.transports.pop(connection, None)
            if left is not None and left.writer is not None:
                connection.state = ConnectionState.CLOSED
                left.writer.close()

    return handle_connection


@cache
def apply() -> None:
    """Mend it."""
    wrap(server.ConnectionHandler, "handle_connection", _handle_connection)
