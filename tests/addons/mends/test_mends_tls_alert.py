"""A service that gives up with a TLS alert after the handshake is answered for at once."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from typing import Any

from tests.sim.raw_client import RawClient
from tests.sim.raw_server import OK, RawConnection, RawServer

GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


def asks_for_a_certificate(stage: Any) -> RawServer:
    """A service with TLS 1.3: the client has done its part when the service says what it lacks.

    It ends in order: an RST could overtake its own alert.
    """
    tls: ssl.SSLContext = stage.authority.server_context(stage.host)
    tls.minimum_version = ssl.TLSVersion.TLSv1_3
    tls.verify_mode = ssl.CERT_REQUIRED

    def script(connection: RawConnection) -> None:
        sock = tls.wrap_socket(connection.sock, server_side=True, do_handshake_on_connect=False)
        connection.sock = sock
        with contextlib.suppress(ssl.SSLError):
            sock.do_handshake()
        time.sleep(0.3)
        sock.settimeout(0.1)
        with contextlib.suppress(TimeoutError):
            socket.socket.recv(sock, 65536)  # what was sent meanwhile, below TLS
        socket.socket.shutdown(sock, socket.SHUT_WR)
        sock.settimeout(5)
        with contextlib.suppress(OSError):
            socket.socket.recv(sock, 65536)

    return RawServer(script)


def test_a_service_that_wants_a_certificate_of_us_is_unreachable_and_says_so(stage: Any) -> None:
    with asks_for_a_certificate(stage) as cloud:
        with stage.gateway(cloud) as worker, stage.client(worker) as client:
            started = time.monotonic()
            head, body, _ = client.ask(GET)
            assert head.startswith(b"HTTP/1.1 502 ")
            assert b"mitmproxy" not in head + body
            assert time.monotonic() - started < 5
            assert cloud.everything == b""


def test_a_proper_end_of_tls_is_told_once(stage: Any) -> None:
    """``close_notify`` and then the end of TCP: the next request opens another connection."""

    def script(connection: Any) -> None:
        connection.read_message()
        connection.send(OK)
        connection.sock.unwrap()

    with stage.cloud(script) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            for _ in range(3):
                assert client.ask(GET)[1] == b"ok"
        assert len(cloud.connections) == 3


def test_mitmproxy_still_has_the_defect(stage: Any, bare: Any) -> None:
    with asks_for_a_certificate(stage) as cloud:
        client: RawClient = stage.client(bare(cloud))
        with client:
            client.sock.settimeout(1.5)
            assert client.ask(GET)[0] == b""
            assert client.timed_out
