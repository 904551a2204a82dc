"""The supervisor is killed: nobody is cut off, and nothing outlives it for long."""

from __future__ import annotations

import signal
import threading
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed

from tests.proxy.supervisor.supervisor_scene import GET, WEBSOCKET, ask_all, exists, kill, soon
from tests.sim.authority import client_context
from tests.sim.h2_peers import H2Client
from tests.sim.raw_client import RawClient
from tests.sim.raw_server import OK, RawConnection, RawServer
from tests.sim.school import HOST, SERVICE, SERVICE_YAML, School
from tests.sim.served import Served, inside
from tests.sim.ws_peers import WebSocketServer, connect_websocket

pytestmark = pytest.mark.slow


def test_workers_whose_supervisor_is_killed_drain_and_end(tmp_path: Path) -> None:
    go_on = threading.Event()

    def slow(connection: RawConnection) -> None:
        while (message := connection.read_message())[0]:
            if b"/slow" in message[0]:
                go_on.wait(20)
            connection.send(OK)

    school = School(tmp_path, count=2)
    file = f"services/{SERVICE}.yaml"
    school.write(file, SERVICE_YAML.replace(f"[{HOST}]", f"[{HOST}, {WEBSOCKET}]"))
    ca = school.write_ca(tmp_path / "ca.pem").read_text()
    with (
        RawServer(slow, school.tls(HOST)) as cloud,
        WebSocketServer(school.tls(WEBSOCKET)) as sockets,
        Served(
            school.root,
            {HOST: cloud.address, WEBSOCKET: sockets.address},
            workers=2,
            options=("--drain", "30"),
        ) as gateway,
    ):
        children = [int(process["pid"]) for process in ask_all(school.root / "state/run")]
        assert len(children) == 4
        client = RawClient.connect(gateway.port, HOST, client_context(ca), timeout=30)
        idle = H2Client.connect(gateway.port, HOST, client_context(ca, ("h2", "http/1.1")))
        assert idle.wait(idle.request(HOST, "/v1/x")).status == 200
        socket = connect_websocket(gateway.port, WEBSOCKET, client_context(ca))
        client.send(GET.replace(b"/v1/x", b"/v1/slow") % HOST.encode())
        assert cloud.wait_for(lambda: b"/v1/slow" in cloud.everything)
        kill(gateway.pid, signal.SIGKILL)
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(20)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        while idle.goaway is None and not idle.ended:
            idle.pump()
        assert idle.goaway == 0, "an idle HTTP/2 client is told before it is closed"
        go_on.set()
        head, body, _ = client.read_message()
        assert body == b"ok"
        assert b"\r\nconnection: close\r\n" in head
        workers = children[:2]
        assert soon(lambda: not any(map(exists, workers)), 30)
        for pid in children[2:]:  # signer and writer wait for drains that may last longer
            assert exists(pid)
            kill(pid, signal.SIGKILL)
        assert gateway.stop() == -signal.SIGKILL
    assert inside("audit", "verify", "--site", school.root).returncode == 0
