"""Connecting to a service, with its TLS handshake, has a deadline.

Defect: mitmproxy waits for as long as the kernel retries (two minutes), and for a handshake that
stalls until the whole connection has been idle.

Mend: after ``LIMIT.seconds`` the attempt fails, and the client gets its page.

Tested on 12.2.3. Delete when mitmproxy has such a deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mitmproxy.proxy import server

from addons.mends.patching import wrap


@dataclass(slots=True)
class Limit:
    """Set once by the worker, before it listens."""

    seconds: float = 20.0


LIMIT = Limit()


def _open_connection(original: Any) -> Callable[..., Any]:
    async def open_connection(self: Any, command: Any) -> None:
        task, loop = asyncio.current_task(), asyncio.get_running_loop()
        connection = command.connection

        timer: asyncio.TimerHandle

        def look() -> None:
            nonlocal timer
            if not connection.timestamp_start:  # it waits for others to the same address to end
                timer = loop.call_later(LIMIT.seconds, look)
            elif not connection.connected:
                if task is not None and not task.done():
                    task.cancel("connecting took too long")
            elif connection.tls and not connection.tls_established:
                writer = self.transports[connection].writer
                if writer is not None:
                    writer.transport.abort()

        timer = loop.call_later(LIMIT.seconds, look)
        try:
            await original(self, command)
        finally:
            timer.cancel()

    return open_connection


@cache
def apply() -> None:
    """Mend it."""
    wrap(server.ConnectionHandler, "open_connection", _open_connection)
