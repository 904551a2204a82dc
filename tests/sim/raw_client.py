"""Clients that speak through the gateway byte by byte: HTTP/1 over CONNECT and TLS."""

from __future__ import annotations

import socket
import ssl
from typing import Self

from tests.sim.raw_server import TIMEOUT, RawConnection


class ConnectRefused(Exception):
    """The gateway did not open the tunnel; ``answer`` is what it said."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(answer.split(b"\r\n")[0].decode("latin-1"))
        self.answer = answer


def open_tunnel(
    proxy_port: int,
    host: str,
    context: ssl.SSLContext | None,
    *,
    port: int = 443,
    sni: str | None = None,
    timeout: float = TIMEOUT,
) -> socket.socket:
    """CONNECT ``host:port`` through the gateway, then TLS announcing ``sni`` (or ``host``)."""
    sock = socket.create_connection(("127.0.0.1", proxy_port), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(f"CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n\r\n".encode())
    head = b""
    while b"\r\n\r\n" not in head:
        data = sock.recv(4096)
        if not data:
            break
        head += data
    if b" 200 " not in head.split(b"\r\n")[0]:
        sock.close()
        raise ConnectRefused(head)
    return sock if context is None else context.wrap_socket(sock, server_hostname=sni or host)


class RawClient(RawConnection):
    """An HTTP/1 client; ``read_message`` gives head, body and trailers of the next answer."""

    @classmethod
    def connect(
        cls,
        proxy_port: int,
        host: str,
        context: ssl.SSLContext | None,
        *,
        port: int = 443,
        sni: str | None = None,
        timeout: float = TIMEOUT,
    ) -> Self:
        """Through the gateway to ``host``."""
        return cls(open_tunnel(proxy_port, host, context, port=port, sni=sni, timeout=timeout))

    def ask(self, request: bytes) -> tuple[bytes, bytes, bytes]:
        """Send a request, give head, body and trailers of its answer."""
        self.send(request)
        return self.read_message()

    def is_torn(self) -> bool:
        """Whether the peer ends the connection before it answers anything more."""
        return not self.read() and not self.timed_out

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
