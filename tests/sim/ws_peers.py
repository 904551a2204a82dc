"""A WebSocket service that echoes and records, and a client through the gateway.

Both run in an event loop of their own thread. The library's threaded ends read and write one
TLS object from two threads; OpenSSL forbids that, and one handshake in a thousand hung.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Coroutine, Iterable
from functools import cache
from types import TracebackType
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import Server, ServerConnection, serve

from tests.sim.raw_client import open_tunnel

type Message = str | bytes
_SECONDS = 15


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of all peers of this process."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    return loop


def _run[T](work: Coroutine[Any, Any, T], seconds: float = _SECONDS) -> T:
    """``work`` done in the loop; raises ``TimeoutError``."""

    async def bounded() -> T:
        return await asyncio.wait_for(work, seconds)

    return asyncio.run_coroutine_threadsafe(bounded(), _loop()).result(seconds + _SECONDS)


class WebSocketServer:
    """Echoes each message through ``reply``; ``received`` holds what came in."""

    def __init__(
        self,
        tls: ssl.SSLContext | None,
        reply: Callable[[Message], Message] = lambda message: message,
    ) -> None:
        self.received: list[Message] = []
        self._reply = reply
        self._server: Server = _run(self._serve(tls))
        self.port: int = next(iter(self._server.sockets)).getsockname()[1]

    @property
    def address(self) -> tuple[str, int]:
        """For ``WorkerSettings.resolve``."""
        return "127.0.0.1", self.port

    async def _serve(self, tls: ssl.SSLContext | None) -> Server:
        return await serve(self._echo, "127.0.0.1", 0, ssl=tls, max_size=None, close_timeout=1)

    async def _echo(self, connection: ServerConnection) -> None:
        async for message in connection:
            self.received.append(message)
            await connection.send(self._reply(message))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        _run(self._close())

    async def _close(self) -> None:
        self._server.close()
        await self._server.wait_closed()


class WebSocketClient:
    """An open WebSocket; its methods wait, and raise what ``websockets`` raises."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    def send(self, message: Message | Iterable[Message]) -> None:
        """Send one message; an iterable goes as fragments."""
        _run(self._connection.send(message))

    def recv(self, timeout: float) -> Message:
        """The next message, within ``timeout`` seconds."""
        return _run(self._connection.recv(), timeout)

    def close(self) -> None:
        """Close as RFC 6455 asks."""
        _run(self._connection.close())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def connect_websocket(
    proxy_port: int, host: str, context: ssl.SSLContext, path: str = "/"
) -> WebSocketClient:
    """A WebSocket to ``host`` through the gateway; ``context`` trusts the gateway's CA."""
    sock = open_tunnel(proxy_port, host, None)
    sock.setblocking(False)

    async def opened() -> ClientConnection:
        return await connect(
            f"wss://{host}{path}",
            sock=sock,
            ssl=context,
            server_hostname=host,
            max_size=None,
            proxy=None,
            close_timeout=2,
        )

    return WebSocketClient(_run(opened()))
