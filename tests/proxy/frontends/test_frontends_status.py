from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from proxy.errors import InputError
from proxy.frontends import status as status_module
from proxy.frontends.status import Check, StatusServer
from proxy.metrics import Metrics

STATE = {"store": Check(True, "sqlite")}


@pytest.fixture
def server() -> Iterator[StatusServer]:
    STATE.clear()
    STATE["store"] = Check(True, "sqlite")
    running = StatusServer(
        Metrics(), {"store": lambda: STATE["store"]}, allowed_hosts=["Gateway.school.example"]
    )
    running.start()
    yield running
    running.stop()


def get(server: StatusServer, path: str, method: str = "GET", **headers: str):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request(method, path, headers={k.replace("_", "-"): v for k, v in headers.items()})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def test_healthy_needs_nothing(server):
    STATE["store"] = Check(False)
    response, body = get(server, "/-/healthy")
    assert (response.status, body) == (200, b"ok\n")


def test_ready_follows_the_checks(server):
    assert get(server, "/-/ready")[0].status == 200
    STATE["store"] = Check(False, "no answer")
    response, body = get(server, "/-/ready?verbose")
    assert response.status == 503
    assert json.loads(body) == {
        "ready": False,
        "checks": {"store": {"ok": False, "detail": "no answer"}},
    }


def test_a_check_that_raises_or_hangs_is_not_ready_and_its_text_is_not_shown(monkeypatch):
    monkeypatch.setattr(status_module, "_CHECK_SECONDS", 0.2)
    hang = threading.Event()
    runs = []

    def raises() -> Check:
        raise ValueError("camille.martin@school.example")

    def hangs() -> Check:
        runs.append(1)
        hang.wait(5)
        return Check(True)

    server = StatusServer(Metrics(), {"a": raises, "b": hangs, "c": lambda: Check(True)})
    server.start()
    try:
        for _ in range(3):
            start = time.perf_counter()
            response, body = get(server, "/-/ready?verbose")
            assert time.perf_counter() - start < 2
            assert response.status == 503
            checks = json.loads(body)["checks"]
            assert checks["a"] == {"ok": False, "detail": "ValueError"}
            assert checks["b"]["ok"] is False
            assert checks["c"]["ok"] is True
        assert len(runs) == 1  # a check that hangs is not started again
    finally:
        hang.set()
        server.stop()


def test_metrics_are_served_for_prometheus(server):
    response, body = get(server, "/metrics")
    assert response.status == 200
    assert response.getheader("content-type", "").startswith("text/plain; version=")
    assert b"preau_build_info" in body


@pytest.mark.parametrize(
    ("language", "expected"),
    [("fr-FR,fr;q=0.9,en;q=0.8", "prêt"), ("en-GB,fr;q=0.5", "is ready"), ("de", "prêt")],
)
def test_the_page_speaks_the_readers_language(server, language, expected):
    _, body = get(server, "/", Accept_Language=language)
    assert expected in body.decode()


def test_the_page_escapes_and_allows_nothing_but_its_own_style(server):
    STATE["store"] = Check(False, "<script>alert(1)</script>")
    response, body = get(server, "/")
    assert b"<script" not in body
    policy = response.getheader("content-security-policy", "")
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert response.getheader("x-content-type-options") == "nosniff"
    assert response.getheader("cache-control") == "no-store"
    assert "Python" not in (response.getheader("server") or "")


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:9", 200),
        ("localhost", 200),
        ("[::1]:1", 200),
        ("gateway.school.example:9464", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost@evil.example", 421),
        ("", 421),
    ],
)
def test_only_this_machines_names_are_answered(server, host, status):
    for path in ("/metrics", "/-/healthy", "/"):
        assert get(server, path, Host=host)[0].status == status


def raw(server: StatusServer, data: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(data)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
        return received


def test_requests_out_of_the_ordinary_are_refused(server):
    host = b"Host: localhost\r\n"
    assert b" 501 " in raw(server, b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 0\r\n\r\n")
    assert b" 404 " in raw(server, b"GET /../etc/passwd HTTP/1.1\r\n" + host + b"\r\n")
    assert b" 421 " in raw(server, b"GET / HTTP/1.1\r\n" + host + host + b"\r\n")
    assert b" 421 " in raw(server, b"GET / HTTP/1.1\r\n\r\n")
    assert b" 414 " in raw(server, b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n" + host + b"\r\n")
    head = raw(server, b"HEAD /metrics HTTP/1.1\r\n" + host + b"\r\n")
    assert b" 200 " in head
    assert head.endswith(b"\r\n\r\n")


def test_many_idle_clients_do_not_pile_up(server, monkeypatch):
    idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(40)]
    try:
        time.sleep(0.3)
        assert threading.active_count() < 40
        closed = 0
        for connection in idle:
            connection.setblocking(False)
            try:
                closed += connection.recv(1) == b""
            except BlockingIOError:
                pass
            except ConnectionResetError:
                closed += 1
        assert closed >= 40 - 16
    finally:
        for connection in idle:
            connection.close()
    time.sleep(0.3)
    assert get(server, "/-/healthy")[0].status == 200


def test_a_port_that_is_taken_is_said(server):
    second = StatusServer(Metrics(), {}, port=server.port)
    with pytest.raises(InputError, match=r"cannot listen on 127\.0\.0\.1"):
        second.start()


def test_after_stop_nothing_listens(server):
    port = server.port
    server.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=1)
