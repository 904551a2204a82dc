"""Bytes to a client from outside its connection's own events: what a goodbye needs.

mitmproxy's layers speak only when spoken to. Here a layer's bytes are put through the TLS
layer above it and written at once; the loop runs nothing in between, so they stand between
two events of the connection and never inside one.
"""

from __future__ import annotations

from typing import Any

from mitmproxy.proxy import commands, layers


def send(handler: Any, layer: Any, data: bytes) -> bool:
    """Send ``data`` of ``layer`` to the client of ``handler``; whether that was possible."""
    connection_io = handler.transports.get(handler.client)
    if connection_io is None or connection_io.writer is None:
        return False
    above = [one for one in layer.context.layers if isinstance(one, layers.ClientTLSLayer)]
    if not above:
        connection_io.writer.write(data)
        return True
    for command in above[-1].send_data(data):
        if isinstance(command, commands.SendData):
            connection_io.writer.write(command.data)
    return True
