"""What changes while connections are open: policies, WebSockets under way; and sites that
allow what others refuse."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException

from addons.door import Door
from proxy.decisions import Refuse, Tunnel
from proxy.engine import gate, leaving, returning
from proxy.engine.engine import Engine
from proxy.runtime import Runtime
from tests.faults.conftest import Cloud, Stage
from tests.sim.authority import client_context
from tests.sim.h2_peers import H2Client, H2Server
from tests.sim.raw_server import wait_for
from tests.sim.school import BANK, HOST, SERVICE, SERVICE_YAML, SITE_YAML, TRACKER, School
from tests.sim.ws_peers import WebSocketServer, connect_websocket

NOW = 1_795_000_000.0
SERVICE_FILE = f"services/{SERVICE}.yaml"


def in_force(stage: Stage, text: str) -> None:
    """Write the service's policy and wait until requests go by it."""
    runtime = stage.open.runtime
    before = runtime.snapshot().policy.digest
    stage.school.write(SERVICE_FILE, text)
    assert wait_for(lambda: runtime.snapshot().policy.digest != before, 6)


@pytest.fixture
def own(tmp_path: Path) -> Any:
    """A school of one's own to change."""
    school = School(tmp_path, count=20)
    with Cloud(school.tls(HOST, BANK, TRACKER)) as cloud, school.open_to(cloud) as opened:
        yield Stage(school, cloud, opened)


def test_an_open_connection_follows_the_new_policy(own: Stage) -> None:
    with own.open.client() as client:
        assert client.ask(own.post())[0].startswith(b"HTTP/1.1 200 ")
        sent = len(own.cloud.everything)
        in_force(own, SERVICE_YAML.replace("treatment: inspect", "treatment: deny"))
        head, body, _ = client.ask(own.post())
        own.assert_refused(head, body, 403, "service-denied")
        in_force(own, SERVICE_YAML.replace("treatment: inspect", "treatment: tunnel"))
        head, body, _ = client.ask(own.post())
        own.assert_refused(head, body, 421, "host-mismatch")
        assert len(own.cloud.everything) == sent
        in_force(own, SERVICE_YAML)
        assert client.ask(own.post())[0].startswith(b"HTTP/1.1 200 ")
    own.assert_nothing_left()


def test_a_policy_is_in_force_although_a_list_vanished_as_it_was_read(
    own: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def vanished(*_args: object) -> None:
        raise FileNotFoundError("lists/block/test.txt")

    monkeypatch.setattr("proxy.runtime._fingerprint", vanished)
    in_force(own, SERVICE_YAML.replace("treatment: inspect", "treatment: deny"))
    head, body = own.ask(own.post())
    own.assert_refused(head, body, 403, "service-denied")


def test_a_broken_policy_changes_nothing(own: Stage) -> None:
    runtime = own.open.runtime
    before = runtime.snapshot().policy.digest
    own.school.write(SERVICE_FILE, "service: [")
    assert wait_for(lambda: bool(own.events(type="policy-rejected")), 6)
    assert runtime.snapshot().policy.digest == before
    assert own.ask(own.post())[0].startswith(b"HTTP/1.1 200 ")
    own.assert_nothing_left()


def test_opaque_content_passes_where_policy_says_so_and_is_recorded(tmp_path: Path) -> None:
    school = School(tmp_path, count=20)
    school.write(SERVICE_FILE, SERVICE_YAML + "opaque: allow\n")
    with Cloud(school.tls(HOST)) as cloud, school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)
        data = bytes(range(128, 256)) * 2 + bytes(8)
        head, _ = stage.ask(stage.post(data, b"content-type: application/octet-stream"))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert cloud.everything.endswith(data)
        assert [event["reason"] for event in stage.events(type="opaque-allowed")] == [
            "opaque-content"
        ]


# --- WebSocket ---


@pytest.fixture
def chat(tmp_path: Path) -> Any:
    school = School(tmp_path, count=20)
    with WebSocketServer(school.tls(HOST)) as server, school.open_to(server) as opened:
        socket = connect_websocket(opened.port, HOST, client_context(opened.ca_pem))
        yield server, Stage(school, server, opened), socket  # type: ignore[arg-type]
        socket.close()


def say(socket: Any, message: str | bytes) -> str | bytes:
    """Send, and give what comes back."""
    socket.send(message)
    return socket.recv(5)


def test_a_websocket_message_is_protected_and_its_answer_restored(chat: Any) -> None:
    server, stage, socket = chat
    text = f"bonjour {stage.person.full_name}, {stage.person.email}"
    socket.send(text)
    assert socket.recv(5) == text
    assert stage.person.email not in server.received[0]


@pytest.mark.parametrize(
    ("place", "name"),
    [
        (leaving, "message"),
        (Engine, "_follow_policy"),
        (Engine, "message"),
        (Engine, "_count"),
        (Door, "rule"),
    ],
    ids=lambda part: getattr(part, "__name__", part),
)
def test_a_message_that_fails_tears_the_connection(
    chat: Any, place: Any, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, stage, socket = chat

    def boom(*_args: object) -> None:
        raise ValueError("Camille-Valeur-Secrète")

    monkeypatch.setattr(place, name, boom)
    socket.send(f"bonjour {stage.person.full_name}")
    with pytest.raises(WebSocketException):
        socket.recv(5)
    assert server.received == []
    assert wait_for(lambda: bool(stage.events(reason="engine-error")))


def test_an_answer_message_that_fails_is_not_shown(
    chat: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    _server, stage, socket = chat
    monkeypatch.setattr(returning, "_restorer", lambda *_args: 1 / 0)
    socket.send(f"bonjour {stage.person.full_name}")
    with pytest.raises(WebSocketException):
        socket.recv(5)
    assert [event["reason"] for event in stage.events(type="answer-refused")] == ["engine-error"]


@pytest.mark.parametrize(
    "message",
    [bytes(range(256)), b"x" * (17 << 20), "x" * (17 << 20)],
    ids=["opaque", "big", "text"],
)
def test_a_message_that_is_opaque_or_too_large_ends_the_connection(
    chat: Any, message: str | bytes
) -> None:
    server, _stage, socket = chat
    with pytest.raises((WebSocketException, OSError)):
        say(socket, message)
    assert server.received == []


def test_a_websocket_under_way_follows_the_new_policy(chat: Any) -> None:
    server, stage, socket = chat
    socket.send("un")
    assert socket.recv(5) == "un"
    in_force(stage, SERVICE_YAML.replace("treatment: inspect", "treatment: deny"))
    with pytest.raises(WebSocketException):
        say(socket, "deux")
    assert server.received == ["un"]
    assert stage.events(reason="service-denied")


def test_over_http2_on_both_sides_what_leaves_is_protected_and_well_formed(tmp_path: Path) -> None:
    school = School(tmp_path, count=20)
    with H2Server(school.tls(HOST, alpn=("h2",))) as cloud, school.open_to(cloud) as opened:
        stage = Stage(school, cloud, opened)  # type: ignore[arg-type]
        with H2Client.connect(opened.port, HOST, client_context(opened.ca_pem, ("h2",))) as client:
            fields = [(b"content-type", b"application/json")]
            number = client.request(HOST, "/v1/classwork", "POST", stage.body, fields)
            assert client.wait(number).status == 200
            assert client.wait(client.request("autre.example")).status == 421
        assert len(cloud.requests) == 1
        names = [name for name, _ in cloud.requests[0].headers]
        assert all(name == name.lower() for name in names)
        for secret in stage.secrets:
            assert secret not in cloud.everything


# --- a site that lets pass what does not say who it is ---


def test_what_has_no_name_passes_unread_only_where_no_name_forbids_it(tmp_path: Path) -> None:
    site = re.sub("^listen:", "unidentified: tunnel\nlisten:", SITE_YAML, flags=re.M)
    runtime = Runtime.open(School(tmp_path, count=5, site=site).root)
    try:
        snapshot, client = runtime.snapshot(), runtime.client("127.0.0.1")

        def hello(host: str, sni: str | None) -> type:
            return type(gate.at_hello(snapshot, host, 443, sni, client, NOW).decision)

        assert type(gate.at_connect(snapshot, "192.0.2.1", 443, client, NOW).decision) is Tunnel
        assert hello("192.0.2.1", None) is Tunnel
        assert hello("192.0.2.1", BANK) is Tunnel
        assert hello(BANK, None) is Tunnel
        for host, sni in (
            (HOST, None),
            (HOST, BANK),
            (BANK, HOST),
            ("192.0.2.1", HOST),
            ("192.0.2.1", TRACKER),
            (TRACKER, None),
            ("inconnu.example", None),
            ("192.0.2.1", "inconnu.example"),
        ):
            assert hello(host, sni) is Refuse, (host, sni)
    finally:
        runtime.close()
