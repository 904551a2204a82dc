"""Tear a connection: the only way to stop a transfer that is already under way.

``flow.kill()`` does nothing once a body is streaming, and cancelling mitmproxy's handler
task alone may hit it while it waits for a lock, which leaves the socket open. Aborting the
transports first is what was measured to be reliable: nothing that is still buffered
leaves, and neither side can mistake what it has for a complete message.
"""

from __future__ import annotations

import asyncio
from typing import Any

from mitmproxy import ctx, flow
from mitmproxy.connection import Client
from mitmproxy.proxy.server import ConnectionHandler

_GRACE = 0.2
"""Seconds that the handlers get to see the closed sockets by themselves."""
_ACCESS_DENIED = b"\x15\x03\x03\x00\x02\x02\x31"
"""A fatal TLS alert, in the clear (RFC 8446, 6.2)."""


def abort(target: flow.Flow | Client) -> None:
    """Reset the client's connection and every upstream connection made for it."""
    client = target if isinstance(target, Client) else target.client_conn
    proxyserver: Any = ctx.master.addons.get("proxyserver")
    handler = proxyserver.connections.get(client.id) if proxyserver else None
    if handler is not None:
        abort_handler(handler)


def turn_away(client: Client) -> None:
    """End a handshake by an alert that browsers can name; nothing of ours is under way yet."""
    proxyserver: Any = ctx.master.addons.get("proxyserver")
    handler = proxyserver.connections.get(client.id) if proxyserver else None
    if handler is None:
        return
    own = handler.transports.get(client)
    if own is not None and own.writer is not None:
        own.writer.write(_ACCESS_DENIED)
        own.writer.transport.close()
    asyncio.get_running_loop().call_later(_GRACE, abort_handler, handler)


def abort_handler(handler: ConnectionHandler) -> None:
    """The same for a connection whose handler is at hand."""
    for connection_io in list(handler.transports.values()):
        if isinstance(connection_io.writer, asyncio.StreamWriter):
            connection_io.writer.transport.abort()
    asyncio.get_running_loop().call_later(_GRACE, _cancel, handler)


def _cancel(handler: ConnectionHandler) -> None:
    for connection_io in list(handler.transports.values()):
        if connection_io.handler is not None and not connection_io.handler.done():
            connection_io.handler.cancel("aborted")
