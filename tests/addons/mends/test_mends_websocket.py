"""WebSocket messages pass whole, are not kept, and have a limit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from tests.sim.ws_peers import connect_websocket

FRENCH = "L'élève Camille a été reçue à l'école. " * 3000


def _echo(stage: Any, proxy: Any, path: str, message: Any) -> Any:
    with connect_websocket(proxy.port, stage.host, stage.h1, path) as client:
        client.send(message)
        return client.recv(timeout=5)


def _fragments() -> Iterator[str]:
    """Cut so that, once "aé" is "éa", the old cuts lie inside characters."""
    for _ in range(50):
        yield "xa"
        yield "éx"


def test_a_text_that_grows_keeps_every_character(stage: Any, provoke: object) -> None:
    with stage.websocket_cloud() as cloud, stage.gateway(cloud, provoke) as worker:
        echoed = _echo(stage, worker, "/longer", FRENCH)
    assert echoed == FRENCH.replace("Camille", "P-1éP-1é")


def test_a_fragmented_text_of_the_same_length_keeps_every_character(
    stage: Any, provoke: object
) -> None:
    with stage.websocket_cloud() as cloud, stage.gateway(cloud, provoke) as worker:
        echoed = _echo(stage, worker, "/swap", _fragments())
    assert echoed == "xéax" * 50


def test_mitmproxy_still_has_the_defect_of_cut_characters(stage: Any, bare: Any) -> None:
    with stage.websocket_cloud() as cloud:
        proxy = bare(cloud)
        assert "\ufffd" in _echo(stage, proxy, "/longer", FRENCH)
        assert "\ufffd" in _echo(stage, proxy, "/swap", _fragments())


def _history(stage: Any, proxy: Any) -> list[str]:
    with connect_websocket(proxy.port, stage.host, stage.h1, "/history") as client:
        seen = []
        for _ in range(5):
            client.send("x")
            seen.append(str(client.recv(timeout=5)))
        return seen


def test_only_the_last_message_is_kept(stage: Any, provoke: object) -> None:
    with stage.websocket_cloud() as cloud, stage.gateway(cloud, provoke) as worker:
        assert _history(stage, worker) == ["1"] * 5


def test_mitmproxy_still_has_the_defect_of_kept_messages(stage: Any, bare: Any) -> None:
    with stage.websocket_cloud() as cloud:
        assert _history(stage, bare(cloud)) == ["2", "4", "6", "8", "10"]


@pytest.mark.parametrize("message", ["é" * 30_000, b"\0" * 5_000_000], ids=["text", "bomb"])
def test_a_message_over_the_limit_closes_with_1009(stage: Any, message: Any) -> None:
    with (
        stage.websocket_cloud() as cloud,
        stage.gateway(cloud, websocket_message_bytes=20_000) as worker,
        stage.websocket(worker) as client,
    ):
        client.send(message)
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=5)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009
    assert cloud.received == []


def test_messages_within_the_limit_pass_one_after_the_other(stage: Any) -> None:
    with (
        stage.websocket_cloud() as cloud,
        stage.gateway(cloud, websocket_message_bytes=20_000) as worker,
        stage.websocket(worker) as client,
    ):
        for _ in range(4):
            client.send("x" * 15_000)
            assert client.recv(timeout=5) == "x" * 15_000


def test_mitmproxy_still_has_the_defect_of_unlimited_messages(stage: Any, bare: Any) -> None:
    with stage.websocket_cloud() as cloud:
        message = b"\0" * 20_000_000
        assert _echo(stage, bare(cloud), "/", message) == message
