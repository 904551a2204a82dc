"""A WebSocket service that echoes and records, and a client through the gateway."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Self

from websockets.sync.client import ClientConnection, connect
from websockets.sync.server import ServerConnection, serve

from tests.sim.raw_client import open_tunnel


class WebSocketServer:
    """Echoes each message through ``reply``; ``received`` holds what came in."""

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        reply: Callable[[str | bytes], str | bytes] = lambda message: message,
    ) -> None:
        self.received: list[str | bytes] = []
        self._reply = reply
        self._server = serve(self._echo, "127.0.0.1", 0, ssl=tls, max_size=None)
        self.port: int = self._server.socket.getsockname()[1]

    @property
    def address(self) -> tuple[str, int]:
        """For ``WorkerSettings.resolve``."""
        return "127.0.0.1", self.port

    def _echo(self, connection: ServerConnection) -> None:
        for message in connection:
            self.received.append(message)
            connection.send(self._reply(message))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()


def connect_websocket(
    proxy_port: int, host: str, context: ssl.SSLContext, path: str = "/"
) -> ClientConnection:
    """A WebSocket to ``host`` through the gateway; ``context`` trusts the gateway's CA."""
    sock = open_tunnel(proxy_port, host, None)
    return connect(
        f"wss://{host}{path}", sock=sock, ssl=context, server_hostname=host, max_size=None
    )
