"""A WebSocket client (``websockets``) through ``preau serve``: each message both ways."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients.clients_scene import WS_HOST, Scene
from tests.sim.authority import client_context
from tests.sim.school import SERVICE
from tests.sim.served import preau
from tests.sim.ws_peers import WebSocketClient, connect_websocket


def connected(scene: Scene) -> WebSocketClient:
    return connect_websocket(scene.gateway.port, WS_HOST, client_context(scene.ca), "/direct")


def refusals(scene: Scene) -> list[dict[str, str]]:
    """Events of requests that were refused in the service."""
    command = ["audit", "query", "--site", scene.school.root, "--json"]
    found = preau(*command, "--type", "request-refused", "--service", SERVICE)
    return list(json.loads(found.stdout))


def test_the_service_sees_pseudonyms_and_the_client_names(scene: Scene) -> None:
    pupil = scene.pupil
    said = {"from": pupil.email, "text": f"Bonjour, ici {pupil.full_name} !", "n": 1.0}
    sent = json.dumps(said, ensure_ascii=False)
    before = len(scene.websocket.received)
    with connected(scene) as socket:
        for number in range(5):
            socket.send(sent if number % 2 else f"{pupil.full_name} écrit")
            back = socket.recv(timeout=10)
            assert back == (sent if number % 2 else f"{pupil.full_name} écrit")
    received = scene.websocket.received[before:]
    assert len(received) == 5
    assert json.loads(received[1])["n"] == 1.0
    assert json.loads(received[1])["from"].endswith("@p.lycee-demo.example")
    for message in received:
        assert isinstance(message, str)
        for value in (pupil.full_name, pupil.family_name, pupil.email):
            assert value.lower() not in message.lower()
    assert received[1] == received[3]


def test_a_long_message_comes_whole(scene: Scene) -> None:
    """mitmproxy would cut it in the middle of a character."""
    sent = json.dumps({"text": "é" * 30_000 + scene.pupil.full_name}, ensure_ascii=False)
    with connected(scene) as socket:
        socket.send(sent)
        assert socket.recv(timeout=10) == sent


@pytest.mark.parametrize(
    ("named", "reason"), [(True, "content-mismatch"), (False, "opaque-content")]
)
def test_a_binary_message_is_refused_and_recorded(scene: Scene, named: bool, reason: str) -> None:
    before = len(scene.websocket.received)
    recorded = len(refusals(scene))
    with connected(scene) as socket:
        name = scene.pupil.full_name.encode() if named else b""
        socket.send(b"\x00\x93\xff" + name + b"\x80" * 40)
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=10)
    assert len(scene.websocket.received) == before
    assert len(refusals(scene)) == recorded + 1
    assert refusals(scene)[-1]["reason"] == reason
