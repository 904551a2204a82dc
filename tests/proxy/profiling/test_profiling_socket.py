"""Reports on behaviour in messages of a WebSocket, through the real gateway."""

from __future__ import annotations

from pathlib import Path

from tests.proxy.profiling import profiling_payloads as sent
from tests.proxy.profiling.profiling_payloads import dumps
from tests.sim.authority import client_context
from tests.sim.school import HOST, School
from tests.sim.ws_peers import WebSocketServer, connect_websocket


def test_messages_of_a_socket_are_left_out(tmp_path: Path) -> None:
    school = School(tmp_path, 3)
    with WebSocketServer(school.tls()) as cloud, school.open_to(cloud) as opened:
        context = client_context(opened.ca_pem)
        with connect_websocket(opened.port, HOST, context) as client:
            for report in (sent.STATEMENT, {"events": sent.RRWEB}, sent.CALIPER):
                client.send(dumps(report).decode())
            client.send('{"say": "bonjour"}')
            assert client.recv(timeout=5) == '{"say": "bonjour"}'
        assert cloud.received == ['{"say": "bonjour"}']
