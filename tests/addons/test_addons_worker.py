"""The worker: what it refuses to start with, how it listens, resolves, verifies and leaves."""

from __future__ import annotations

import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import exceptions, http

from addons.background import BackgroundWorker
from addons.worker import WorkerSettings
from proxy.ca import FILE, create_ca
from proxy.errors import InputError, KeysUnavailable
from tests.sim.authority import client_context
from tests.sim.gateway import Refusals
from tests.sim.h2_peers import H2Answer
from tests.sim.raw_client import RawClient, open_tunnel
from tests.sim.raw_server import OK, RawServer, answer, wait_for

GET = b"GET / HTTP/1.1\r\nhost: cloud.example\r\n\r\n"


def start(settings: WorkerSettings, *addons: object) -> BackgroundWorker:
    return BackgroundWorker(settings, addons, Refusals()).start()


def test_without_a_ca_it_does_not_start_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(KeysUnavailable, match="run preau ca init"):
        start(WorkerSettings(confdir=tmp_path, listen_port=0))
    assert list(tmp_path.iterdir()) == []


def test_a_ca_that_others_can_read_is_refused(tmp_path: Path) -> None:
    create_ca(tmp_path / "ca")
    (tmp_path / "ca" / FILE).chmod(0o640)
    with pytest.raises(KeysUnavailable, match="chmod 600"):
        start(WorkerSettings(confdir=tmp_path / "ca", listen_port=0))


def test_a_port_in_use_is_said_plainly(stage: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}"):
            start(WorkerSettings(confdir=stage.ca_dir, listen_port=port))


def test_no_addon_can_turn_verification_off(stage: Any) -> None:
    class Careless:
        def running(self) -> None:
            from mitmproxy import ctx

            ctx.options.ssl_insecure = True

    with pytest.raises(exceptions.OptionsError):
        start(WorkerSettings(confdir=stage.ca_dir, listen_port=0), Careless())


def test_it_writes_nothing_into_the_ca_directory(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            client.ask(GET)
    assert [file.name for file in stage.ca_dir.iterdir()] == [FILE]


def test_names_are_resolved_as_told_and_upstream_connections_reused(stage: Any) -> None:
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            assert [client.ask(GET)[1] for _ in range(3)] == [b"ok"] * 3
    assert len(cloud.connections) == 1


def test_the_origin_is_not_touched_before_a_request_is_complete(stage: Any) -> None:
    accepted = []

    def script(connection: Any) -> None:
        accepted.append(connection)
        answer(OK)(connection)

    with stage.cloud(script) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as client:
            client.send(GET[:-2])
            assert not wait_for(lambda: bool(accepted), 0.2)
            client.send(GET[-2:])
            assert client.read_message()[1] == b"ok"


def test_a_tunnel_shows_the_certificate_of_the_service_and_no_hook(stage: Any) -> None:
    seen = []

    class Gate:
        def tls_clienthello(self, data: Any) -> None:
            data.ignore_connection = True

        def requestheaders(self, flow: http.HTTPFlow) -> None:
            seen.append(flow)

    context = client_context(stage.authority.pem)
    with stage.cloud(answer(OK)) as cloud, stage.gateway(cloud, Gate()) as worker:
        with RawClient.connect(worker.port, stage.host, context) as client:
            assert client.ask(GET)[1] == b"ok"
    assert seen == []
    assert cloud.everything == GET


def test_a_protocol_that_nobody_reads_is_refused(stage: Any) -> None:
    query = b"\0\x1d\0\1\1\0\0\1\0\0\0\0\0\0\5pupil\7example\0\0\1\0\1"
    refusals = Refusals()
    with RawServer(lambda _: None) as cloud:
        with stage.gateway(cloud, refusal=refusals) as worker:
            with RawClient.connect(worker.port, stage.host, None, port=53) as client:
                client.send(query)
                assert client.is_torn()
            with RawClient.connect(worker.port, stage.host, None, port=4444) as client:
                client.send(query + b"\r\n\r\n")
                assert client.read_message()[0].startswith(b"HTTP/1.1 400 ")
    assert cloud.everything == b""
    assert ("next_layer", "UninspectedProtocol") in refusals.calls


def test_old_tls_is_refused_on_both_sides(stage: Any) -> None:
    old = stage.offering("http/1.1")
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    tls = stage.authority.server_context(stage.host)
    tls.set_ciphers("DEFAULT@SECLEVEL=0")
    tls.minimum_version = ssl.TLSVersion.TLSv1
    tls.maximum_version = ssl.TLSVersion.TLSv1_1
    with RawServer(answer(OK), tls) as cloud, stage.gateway(cloud) as worker:
        with pytest.raises(OSError, match=r"(?i)tls|ssl|eof|reset"):
            open_tunnel(worker.port, stage.host, old)
        with stage.client(worker) as client:
            assert client.ask(GET)[0].startswith(b"HTTP/1.1 502 ")


def test_a_drain_lets_requests_in_flight_finish(stage: Any) -> None:
    go_on = threading.Event()

    def slow(connection: Any) -> None:
        connection.read_message()
        go_on.wait(5)
        connection.send(OK)

    with stage.cloud(slow) as cloud, stage.gateway(cloud) as worker:
        with stage.client(worker) as h1, stage.h2_client(worker) as h2:
            h1.send(GET)
            stream = h2.request(stage.host)
            assert cloud.wait_for(lambda: cloud.everything.count(b"GET") == 2)
            leaving = threading.Thread(target=worker.stop, args=(10.0,))
            leaving.start()
            assert wait_for(lambda: _is_deaf(worker.port))
            go_on.set()
            head, body, _ = h1.read_message()
            assert body == b"ok"
            assert b"\r\nconnection: close\r\n" in head
            assert h2.wait(stream).body == b"ok"
            while h2.goaway is None and not h2.ended:
                h2.pump()
            assert h2.goaway == 0
            leaving.join(8)
            assert not leaving.is_alive()


def _is_deaf(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except ConnectionRefusedError:
        return True
    return False


def test_a_drain_ends_at_its_deadline(stage: Any) -> None:
    with stage.cloud(lambda c: c.read_until(b"never")) as cloud:
        worker = stage.gateway(cloud).start()
        with stage.client(worker) as client:
            client.send(GET)
            assert cloud.wait_for(lambda: b"GET" in cloud.everything)
            before = time.monotonic()
            worker.stop(drain=0.5)
            assert 0.4 < time.monotonic() - before < 3


def test_a_refused_flow_is_not_counted_as_in_flight_for_ever(stage: Any) -> None:
    class Failing:
        def request(self, flow: http.HTTPFlow) -> None:
            raise ValueError

    with stage.h2_cloud(lambda _: H2Answer()) as cloud:
        worker = stage.gateway(cloud, Failing()).start()
        with stage.h2_client(worker) as client:
            assert client.wait(client.request(stage.host)).status == 503
            before = time.monotonic()
            worker.stop(drain=10)
            assert time.monotonic() - before < 4


def test_settings_are_immutable(stage: Any) -> None:
    settings = WorkerSettings(confdir=stage.ca_dir)
    with pytest.raises(AttributeError):
        settings.listen_port = 1  # type: ignore[misc]
    assert replace(settings, listen_port=1).listen_port == 1


_PROCESS = """
import asyncio, pathlib, sys
from addons.worker import WorkerSettings, run
asyncio.run(run(
    WorkerSettings(confdir=pathlib.Path(sys.argv[1]), listen_port=0, drain_timeout=5),
    [], lambda *_: (503, (), b""), lambda port: print(port, flush=True)))
print("left", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_makes_a_process_leave_by_itself(stage: Any, number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", _PROCESS, str(stage.ca_dir)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    socket.create_connection(("127.0.0.1", port)).close()
    os.kill(process.pid, number)
    assert process.wait(8) == 0
    assert process.stdout.read() == "left\n"
